/* login_known: loop. What this process knows of the user's ChatGPT login: the tokens, the file's state that they were
 * made from, and whether they are any good. */
#ifndef POINTSMAN_LOGIN_KNOWN_H
#define POINTSMAN_LOGIN_KNOWN_H

#include "proxy/upstream/login_file.h"
#include "proxy/upstream/login_store.h"
#include "proxy/terms/wire.h"

#define LOGIN_HASH_SIZE 32

struct login_known {
    struct login_store store;
    struct login_tokens tokens;
    char *text;                          /* that the tokens stand in, secret_keep()ed; NULL before the first reading */
    unsigned char file[LOGIN_HASH_SIZE]; /* of the file's contents as last read or written */
    unsigned generation;                 /* of tokens.access; 0: none yet */
    uint64_t renewed_ms;                 /* when that came from the token endpoint; 0: it did not */
    bool rejected;                       /* the provider refused it */
    char account_id[LOGIN_ACCOUNT_SIZE]; /* the first one seen: no other is taken */
    struct failure final;                /* why nothing helps while the file stays as it is, or FAILURE_NONE */
    bool warned;                         /* that the file can't be written */
};

enum login_reload {
    LOGIN_RELOADED,
    LOGIN_RELOAD_TORN, /* look again in a moment */
    LOGIN_RELOAD_FAILED,
};

/* Brings what is known up to the file. Unless LOGIN_RELOADED, *f says why not. A file that has not changed changes
 * nothing, so that tokens which could not be written to it stay. */
enum login_reload login_known_reload(struct login_known *k, struct failure *f);
/* Whether the access token can be used for the next `skew_s` seconds. */
bool login_known_usable(const struct login_known *k, int64_t skew_s);
/* Keeps what the token endpoint gave, in the file first, then here; warns once when the file can't be written. false:
 * there are no tokens in the reply, or no memory. */
MUST_CHECK bool login_known_renew(struct login_known *k, struct slice reply);
/* The provider refused the token. */
void login_known_reject(struct login_known *k);
void login_known_free(struct login_known *k);

/* A failure that only a new login ends. It costs nothing to look for one, so the deployment need not rest: Retry-After
 * 0. */
void login_final(struct failure *f, const char *why);

#endif
