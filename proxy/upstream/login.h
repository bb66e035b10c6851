/* login: loop. The ChatGPT login of the user's Codex CLI: gives out its access token, and renews it in time.
 *
 *              ┌────────── token valid ──────────────────────────────▶ given out at once
 *   login_get ─┤
 *              └ expired, refused ─▶ read auth.json ─▶ lock ─▶ read again ─▶ token endpoint ─▶ write back ─▶ all who
 * wait └── what another process renewed is taken instead ─────────────────▲
 *
 * One renewal is under way at a time, here (callers wait in one line) and among all processes that lock as
 * login_store.h says. A refresh token works once: what the endpoint gives is written back before anything else is done
 * with it. Where the file is read-only, it is kept in memory, with a warning. */
#ifndef POINTSMAN_LOGIN_H
#define POINTSMAN_LOGIN_H

#include "proxy/upstream/call.h"

struct login;

struct login_options {
    const char *codex_home; /* the folder of auth.json */
    const char *token_url;  /* NULL: LOGIN_TOKEN_URL */
};

/* NULL: no memory. Nothing is read yet. */
struct login *login_new(struct event_base *base, struct upstream *upstream, const struct login_options *options);
/* Nobody may be waiting any more; a renewal that is under way is given up. */
void login_free(struct login *l);

/* A caller in the line; part of the caller's own state, zeroed before its first use. */
struct login_wait {
    /* Called from the loop, once: `failure` NULL when the token is there now. */
    void (*done)(void *ctx, const struct failure *failure);
    void *ctx;
    struct login_wait *next, **back; /* private */
};

enum login_state { LOGIN_READY, LOGIN_WAITING, LOGIN_FAILED };

/* Asks for a token. LOGIN_READY: login_access_token() gives it. LOGIN_WAITING: w->done() follows. LOGIN_FAILED:
 * *failure says why; failures that only a new login ends cost no network until auth.json changes. */
enum login_state login_get(struct login *l, struct login_wait *w, struct failure *failure);
/* Whether the file holds a login at all, valid or to be renewed; where not, *f says what to do. For what people are
 * shown: calls ask login_get(), which sees a new login at once. */
bool login_present(struct login *l, struct failure *f);
/* Leaves the line; harmless for who is in none. */
void login_cancel(struct login_wait *w);

/* The token and account id ("" when unknown) of the login; valid until the loop goes on. */
const char *login_access_token(const struct login *l);
const char *login_account_id(const struct login *l);
/* Which token that was, for login_rejected(). Never 0. */
unsigned login_generation(const struct login *l);
/* The provider refused that token (HTTP 401): the next login_get() looks for another one, in the file, then at the
 * token endpoint. A token that was refused fresh from the endpoint ends the login until auth.json changes. */
void login_rejected(struct login *l, unsigned generation);

#endif
