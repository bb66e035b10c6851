/* sign_in: loop. How calls are authenticated: a row of functions for each kind of enum sign_in (terms/provider.h).
 *
 *   get ──▶ LOGIN_READY ──▶ headers ──▶ the call ──▶ 401 ──▶ rejected ──▶ get again
 *    └────▶ LOGIN_WAITING ──▶ w->done()
 *
 * The API key's row is empty: the transport sends the deployment's own key, and there is nothing to get or to renew. */
#ifndef POINTSMAN_SIGN_IN_H
#define POINTSMAN_SIGN_IN_H

#include "proxy/upstream/login.h"

struct sign_ins;

/* Opens the kinds that the configuration's deployments need. NULL: no memory. */
struct sign_ins *sign_ins_new(struct event_base *base, struct upstream *upstream, const struct config *config);
/* No caller may be waiting any more. NULL is allowed. */
void sign_ins_free(struct sign_ins *s);

/* Asks for what a call to the deployment is authenticated with; see login_get(). */
enum login_state sign_in_get(struct sign_ins *s, const struct deployment *d, struct login_wait *w, struct failure *f);
/* Appends the header lines of a call, each ended by a NUL, after LOGIN_READY or w->done(). None: the deployment's key
 * is sent. *credential: for sign_in_rejected(). Lines hold secrets: wipe them. false: no memory. */
MUST_CHECK bool sign_in_headers(const struct sign_ins *s, const struct deployment *d, uint64_t conversation,
                                struct buf *lines, unsigned *credential);
/* The provider refused that credential with 401. Whether sign_in_get() may give another one. */
MUST_CHECK bool sign_in_rejected(struct sign_ins *s, const struct deployment *d, unsigned credential);
/* Whether calls can be authenticated, as far as can be seen without a call; if not, *f says what to do. True for a kind
 * that no deployment needs. */
bool sign_in_ready(struct sign_ins *s, enum sign_in kind, struct failure *f);
/* The file in Codex's folder that the kind reads and writes; NULL: none. */
const char *sign_in_file(enum sign_in kind);

#endif
