/* login_store: auth.json on the disk. Codex CLI itself neither locks it nor writes it atomically; we do both:
 *
 *   auth.json.lock   beside it, held (flock) by whoever renews the login, so that one process does at a time
 *   auth.json.new    the next contents, 0600, synced and then renamed over auth.json: whoever reads, reads a whole file
 *
 * A symbolic link is followed: both lie beside the file that it leads to. */
#ifndef POINTSMAN_LOGIN_STORE_H
#define POINTSMAN_LOGIN_STORE_H

#include "common/buf.h"

#define LOGIN_STORE_MAX (64u << 10) /* bytes of auth.json */

struct login_store {
    char *path; /* owned: where auth.json is expected */
    int lock;   /* the lock's descriptor while it is held, else -1 */
};

/* For "CODEX_HOME/auth.json"; touches nothing. false: no memory. */
MUST_CHECK bool login_store_open(struct login_store *s, const char *codex_home);
/* Gives the lock back. */
void login_store_close(struct login_store *s);

/* Appends the file's contents to `text`, which has a ceiling of at least LOGIN_STORE_MAX. false with a sentence in
 * `why`. */
MUST_CHECK bool login_store_read(const struct login_store *s, struct buf *text, struct buf *why);

enum login_lock {
    LOGIN_LOCK_HELD,
    LOGIN_LOCK_BUSY,       /* another process renews the login: look at the file again soon */
    LOGIN_LOCK_IMPOSSIBLE, /* no lock can be made there (a read-only folder): nobody can write there either */
};

/* Takes the lock without waiting for it. */
enum login_lock login_store_lock(struct login_store *s);
void login_store_unlock(struct login_store *s);
/* Replaces the contents, keeping the owner; the mode becomes 0600. Dying at any point leaves the old file or the new
 * one, whole. false with a sentence in `why`: nothing was changed. */
MUST_CHECK bool login_store_write(const struct login_store *s, struct slice text, struct buf *why);

#endif
