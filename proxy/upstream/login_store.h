/* login_store: loop. auth.json on disk. Codex CLI does not lock it or write it atomically; the proxy does both:
 *
 *   auth.json.lock   locked (flock) by the process that renews the login
 *   auth.json.new    the next contents, 0600, synced and then renamed to auth.json, so that readers get a complete file
 *
 * If auth.json is a symbolic link, both are in the folder of the link's target. */
#ifndef POINTSMAN_LOGIN_STORE_H
#define POINTSMAN_LOGIN_STORE_H

#include "common/buf.h"

#define LOGIN_STORE_MAX (64u << 10) /* bytes of auth.json */

struct login_store {
    char *path; /* of auth.json; owned */
    int lock;   /* descriptor of the lock; -1: not locked */
};

/* Sets the path "CODEX_HOME/auth.json", without accessing it; free with login_store_close(). false: out of memory. */
MUST_CHECK bool login_store_open(struct login_store *s, const char *codex_home);
/* Unlocks, and frees what `s` owns. */
void login_store_close(struct login_store *s);

/* Appends the file's contents to `text`, whose ceiling is at least LOGIN_STORE_MAX. false: a sentence in `why`. */
MUST_CHECK bool login_store_read(const struct login_store *s, struct buf *text, struct buf *why);

enum login_lock {
    LOGIN_LOCK_HELD,
    LOGIN_LOCK_BUSY,       /* another process renews the login: read the file again soon */
    LOGIN_LOCK_IMPOSSIBLE, /* the lock can't be created, for example in a read-only folder */
};

/* Locks without waiting. */
enum login_lock login_store_lock(struct login_store *s);
void login_store_unlock(struct login_store *s);
/* Replaces the contents atomically; keeps the owner, and sets the mode 0600. false: nothing was changed; a sentence in
 * `why`. */
MUST_CHECK bool login_store_write(const struct login_store *s, struct slice text, struct buf *why);

#endif
