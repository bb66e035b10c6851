/* login_file: pure. Codex CLI's auth.json: the tokens in it, and the same text with new ones. Three layouts are read:
 *
 *   {"tokens": {"id_token", "access_token", "refresh_token", "account_id"}, "last_refresh": …}     Codex's own
 *   {"access_token", "refresh_token", "account_id", …}                                             flat
 *   {"chatgpt": {either of the above}}                                                             nested
 */
#ifndef POINTSMAN_LOGIN_FILE_H
#define POINTSMAN_LOGIN_FILE_H

#include "proxy/upstream/login_token.h"

struct login_tokens {
    char *access, *refresh;              /* secret_keep()ed; NULL where there is none */
    char account_id[LOGIN_ACCOUNT_SIZE]; /* the file's, else the id token's, else the access token's; "" when unknown */
    int64_t expires_s;                   /* of the access token, Unix time; 0: not said */
    int64_t refreshed_s;                 /* last_refresh, Unix time; 0: not said */
};

enum login_file {
    LOGIN_FILE_READ,
    LOGIN_FILE_TORN, /* not whole: Codex writes in place, so look again in a moment */
    LOGIN_FILE_NONE, /* whole, but no ChatGPT login in it */
};

/* Reads the text of auth.json. Unless LOGIN_FILE_READ, *out is empty and `why` gets a sentence with what to do. Free
 * with login_tokens_free(). */
enum login_file login_file_read(struct slice text, struct login_tokens *out, struct buf *why);
void login_tokens_free(struct login_tokens *t);
/* Appends the text with the tokens that stand in `reply` (the token endpoint's) and last_refresh set to now_s (Unix
 * time); all else stays byte for byte. false: either is not what it should be, or no room. */
MUST_CHECK bool login_file_update(struct slice text, struct slice reply, int64_t now_s, struct buf *out);

#endif
