/* login_token: pure. The tokens of a ChatGPT login: what they say of themselves, how the token endpoint is asked for
 * new ones, and what its answer means. Endpoint, client id and error codes are those of Codex CLI (openai/codex,
 * codex-rs/login). */
#ifndef POINTSMAN_LOGIN_TOKEN_H
#define POINTSMAN_LOGIN_TOKEN_H

#include "common/buf.h"

#define LOGIN_TOKEN_URL "https://auth.openai.com/oauth/token"
#define LOGIN_TOKEN_MAX 12288  /* bytes of a token: it has to fit into CALL_FIELDS_MAX */
#define LOGIN_ACCOUNT_SIZE 128 /* of an account id with its NUL */
#define LOGIN_ADVICE "run: codex login"

/* What a token's payload says. Nothing is verified: that is up to the server which is given the token. */
struct login_claims {
    int64_t expires_s;                   /* Unix time; 0: not said */
    char account_id[LOGIN_ACCOUNT_SIZE]; /* "" when not said */
};

/* Reads a JWT (RFC 7519); all is empty for a text that is none. */
void login_claims_read(struct slice token, struct login_claims *out);
/* Whether the text may stand in a header field: printable ASCII without blanks, not empty, at most LOGIN_TOKEN_MAX
 * bytes. */
bool login_text_is_clean(struct slice text);

/* Appends the body of a request for new tokens. */
bool login_refresh_body(const char *refresh_token, struct buf *out);

enum login_answer {
    LOGIN_ANSWER_TOKENS, /* the body holds new tokens, each of them optional */
    LOGIN_ANSWER_FINAL,  /* this refresh token will never work again */
    LOGIN_ANSWER_LATER,  /* anything else: worth another try */
};

/* What the endpoint's reply means. Without tokens `why` gets a sentence with what to do; it names no token. */
enum login_answer login_answer_read(int status, struct slice body, struct buf *why);

#endif
