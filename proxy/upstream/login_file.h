/* login_file: pure. Codex CLI's auth.json: reads the tokens, and replaces them in the text. Supports three layouts:
 *
 *   {"tokens": {"id_token", "access_token", "refresh_token", "account_id"}, "last_refresh": …}     Codex's own
 *   {"access_token", "refresh_token", "account_id", …}                                             flat
 *   {"chatgpt": {either of the above}}                                                             nested
 */
#ifndef POINTSMAN_LOGIN_FILE_H
#define POINTSMAN_LOGIN_FILE_H

#include "proxy/upstream/login_token.h"

struct login_tokens {
    char *access, *refresh;              /* in locked memory (secret_keep()); NULL: none */
    char account_id[LOGIN_ACCOUNT_SIZE]; /* the file's, else the id token's, else the access token's; "": unknown */
    int64_t expires_s;                   /* expiry of the access token, Unix time; 0: unknown */
    int64_t refreshed_s;                 /* last_refresh, Unix time; 0: unknown */
};

enum login_file {
    LOGIN_FILE_READ,
    LOGIN_FILE_TORN, /* incomplete, because Codex overwrites the file in place: read it again soon */
    LOGIN_FILE_NONE, /* no ChatGPT login */
};

/* Reads the text of auth.json; free *out with login_tokens_free(). Unless LOGIN_FILE_READ, *out is empty and `why` says
 * what to do. */
enum login_file login_file_read(struct slice text, struct login_tokens *out, struct buf *why);
/* Frees what `t` owns. */
void login_tokens_free(struct login_tokens *t);
/* Appends the text with the tokens of `reply` (the token endpoint's) and last_refresh set to now_s (Unix time); other
 * bytes stay unchanged. false: the text or the reply is invalid, or `out` has failed. */
MUST_CHECK bool login_file_update(struct slice text, struct slice reply, int64_t now_s, struct buf *out);

#endif
