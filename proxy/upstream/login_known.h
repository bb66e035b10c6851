/* login_known: loop. The user's ChatGPT login in memory: the tokens, the contents of the file that they are from, and
 * whether they are valid. */
#ifndef POINTSMAN_LOGIN_KNOWN_H
#define POINTSMAN_LOGIN_KNOWN_H

#include "proxy/upstream/login_file.h"
#include "proxy/upstream/login_store.h"
#include "proxy/terms/wire.h"

#define LOGIN_HASH_SIZE 32

struct login_known {
    struct login_store store;
    struct login_tokens tokens;
    char *text;                          /* the file's text with the tokens, in locked memory; NULL: not read yet */
    unsigned char file[LOGIN_HASH_SIZE]; /* hash of the file's contents as last read or written */
    unsigned generation;                 /* number of tokens.access; 0: none yet */
    uint64_t renewed_ms;                 /* ms, monotonic: when the endpoint sent it; 0: it is from the file */
    bool rejected;                       /* the provider refused it */
    char account_id[LOGIN_ACCOUNT_SIZE]; /* the first one; others are not accepted */
    struct failure final;                /* lasts until the file changes; FAILURE_NONE: none */
    bool warned;                         /* a warning was logged that the file can't be written */
};

enum login_reload {
    LOGIN_RELOADED,
    LOGIN_RELOAD_TORN, /* incomplete: read it again soon */
    LOGIN_RELOAD_FAILED,
};

/* Reads the file. Unless LOGIN_RELOADED, *f says why. If the file has not changed, nothing changes, so that tokens that
 * could not be written to it stay. */
enum login_reload login_known_reload(struct login_known *k, struct failure *f);
/* Returns whether the access token is valid for the next `skew_s` seconds. */
bool login_known_usable(const struct login_known *k, int64_t skew_s);
/* Stores the token endpoint's reply, first in the file, then in memory; warns once if the file can't be written. false:
 * the reply has no tokens, or out of memory. */
MUST_CHECK bool login_known_renew(struct login_known *k, struct slice reply);
/* The provider refused the token. */
void login_known_reject(struct login_known *k);
/* Frees what `k` owns. */
void login_known_free(struct login_known *k);

/* Sets a failure that lasts until a new login. Retry-After is 0, so the deployment gets no cooldown: checking for a new
 * login is free. */
void login_final(struct failure *f, const char *why);

#endif
