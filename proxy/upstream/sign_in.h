/* sign_in: loop. Authenticates calls: a row of functions for each kind of enum sign_in (terms/provider.h).
 *
 *   get ──▶ LOGIN_READY ──▶ headers ──▶ the call ──▶ 401 ──▶ rejected ──▶ get again
 *    └────▶ LOGIN_WAITING ──▶ w->done()
 *
 * The row of API keys is empty: the transport sends the deployment's key, and nothing is renewed. */
#ifndef POINTSMAN_SIGN_IN_H
#define POINTSMAN_SIGN_IN_H

#include "proxy/upstream/login.h"

struct sign_ins;

/* Opens the kinds that the configuration's deployments need; free with sign_ins_free(). NULL: out of memory. */
struct sign_ins *sign_ins_new(struct event_base *base, struct upstream *upstream, const struct config *config);
/* No caller may be waiting. NULL is allowed. */
void sign_ins_free(struct sign_ins *s);

/* Requests the credential for a call to the deployment; see login_get(). */
enum login_state sign_in_get(struct sign_ins *s, const struct deployment *d, struct login_wait *w, struct failure *f);
/* Appends the header fields of a call, each ended by a NUL, after LOGIN_READY or w->done(). If there are none, the
 * deployment's key is sent. *credential: for sign_in_rejected(). The fields contain secrets: buf_wipe() them. false:
 * `lines` has failed. */
MUST_CHECK bool sign_in_headers(const struct sign_ins *s, const struct deployment *d, uint64_t conversation,
                                struct buf *lines, unsigned *credential);
/* The provider refused this credential with 401. Returns whether sign_in_get() may provide another one. */
MUST_CHECK bool sign_in_rejected(struct sign_ins *s, const struct deployment *d, unsigned credential);
/* Returns whether calls can probably be authenticated; if not, *f says what to do. True for a kind that no deployment
 * needs. */
bool sign_in_ready(struct sign_ins *s, enum sign_in kind, struct failure *f);
/* Returns the file in Codex's folder that the kind reads and writes; NULL: none. */
const char *sign_in_file(enum sign_in kind);

#endif
