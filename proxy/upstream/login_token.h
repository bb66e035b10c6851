/* login_token: pure. The tokens of a ChatGPT login: their claims, the request to the token endpoint, and its replies.
 * Endpoint, client id and error codes are those of Codex CLI (openai/codex, codex-rs/login). */
#ifndef POINTSMAN_LOGIN_TOKEN_H
#define POINTSMAN_LOGIN_TOKEN_H

#include "common/buf.h"

#define LOGIN_TOKEN_URL "https://auth.openai.com/oauth/token"
#define LOGIN_TOKEN_MAX 12288  /* bytes of a token: must fit into CALL_FIELDS_MAX */
#define LOGIN_ACCOUNT_SIZE 128 /* bytes of an account id, with the NUL */
#define LOGIN_ADVICE "run: codex login"

/* A token's claims. They are not verified: the server that gets the token does that. */
struct login_claims {
    int64_t expires_s;                   /* Unix time; 0: unknown */
    char account_id[LOGIN_ACCOUNT_SIZE]; /* "": unknown */
};

/* Reads a JWT (RFC 7519); *out is empty if the text is not one. */
void login_claims_read(struct slice token, struct login_claims *out);
/* Returns whether the text is valid in a header field: printable ASCII without blanks, 1 to LOGIN_TOKEN_MAX bytes. */
bool login_text_is_clean(struct slice text);

/* Appends the body of a request for new tokens. false: `out` has failed. */
bool login_refresh_body(const char *refresh_token, struct buf *out);

enum login_answer {
    LOGIN_ANSWER_TOKENS, /* the body has new tokens, each of them optional */
    LOGIN_ANSWER_FINAL,  /* the refresh token is invalid */
    LOGIN_ANSWER_LATER,  /* another error: try again later */
};

/* Interprets the endpoint's reply. Unless LOGIN_ANSWER_TOKENS, `why` gets a sentence with what to do, without tokens.
 */
enum login_answer login_answer_read(int status, struct slice body, struct buf *why);

#endif
