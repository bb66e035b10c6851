/* login: loop. The ChatGPT login of the user's Codex CLI: provides its access token, and renews it in time.
 *
 *              ┌─ valid token ─────────────────────────────────────────────────────────────────────▶ LOGIN_READY
 *   login_get ─┤
 *              └─ expired, refused ─▶ read auth.json ─▶ lock ─▶ read again ─▶ token endpoint ─▶ write ─▶ done()
 *                                            └─ another process has renewed it ────────────────────────────▲
 *
 * Only one renewal runs at a time: in this process its callers wait for it together, and other processes use the lock
 * of login_store.h. A refresh token works only once, so the endpoint's tokens are written to the file before they are
 * used. If the file is read-only, they are only in memory, with a warning. */
#ifndef POINTSMAN_LOGIN_H
#define POINTSMAN_LOGIN_H

#include "proxy/upstream/call.h"

struct login;

struct login_options {
    const char *codex_home; /* the folder of auth.json */
    const char *token_url;  /* NULL: LOGIN_TOKEN_URL */
};

/* Makes a login without reading the file; free it with login_free(). NULL: out of memory. */
struct login *login_new(struct event_base *base, struct upstream *upstream, const struct login_options *options);
/* Cancels a renewal. No caller may be waiting. NULL is allowed. */
void login_free(struct login *l);

/* A waiting caller, in the caller's memory. Zero it before its first use. */
struct login_wait {
    /* Called once, from the loop. `failure` NULL: the token is available. */
    void (*done)(void *ctx, const struct failure *failure);
    void *ctx;
    struct login_wait *next, **back; /* private */
};

enum login_state { LOGIN_READY, LOGIN_WAITING, LOGIN_FAILED };

/* Requests a token. LOGIN_READY: see login_access_token(). LOGIN_WAITING: w->done() follows. LOGIN_FAILED: see
 * *failure; failures that require a new login cause no network traffic until auth.json changes. */
enum login_state login_get(struct login *l, struct login_wait *w, struct failure *failure);
/* Returns whether the file has a login, valid or renewable; if not, *f says what to do. For status displays: calls use
 * login_get(), which notices a new login at once. */
bool login_present(struct login *l, struct failure *f);
/* Stops waiting. Does nothing if `w` does not wait. */
void login_cancel(struct login_wait *w);

/* Return the token, and the account id ("": unknown). Valid until the caller returns to the loop. */
const char *login_access_token(const struct login *l);
const char *login_account_id(const struct login *l);
/* Returns the number of the current token, for login_rejected(). Never 0. */
unsigned login_generation(const struct login *l);
/* The provider refused this token (HTTP 401): the next login_get() gets another one, from the file or the token
 * endpoint. If the token is new from the endpoint, the login fails until auth.json changes. */
void login_rejected(struct login *l, unsigned generation);

#endif
