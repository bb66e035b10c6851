/* probe: loop. Whether the servers on the user's own machine (Ollama) are up and have the model: asked at start, and
 * again every 15 s, or every 2 s while the server does not answer, so that "not ready" has a reason before a request
 * finds out. Ollama cuts what goes beyond the context that the model is loaded with, without a word: so it is asked how
 * large that is, and the result goes into health[].real_context. Providers that cost money are never probed. */
#ifndef POINTSMAN_PROBE_H
#define POINTSMAN_PROBE_H

#include "proxy/route/health.h"
#include "proxy/upstream/call.h"

struct probes;

/* Starts probing all deployments whose provider is local and that are otherwise ready; results go into health[].probe.
 * `changed` is called from the loop when one of them changes, and when the first round is complete. NULL: no memory. */
struct probes *probes_start(struct event_base *base, struct upstream *upstream, const struct config *config,
                            struct health *health, void (*changed)(void *ctx), void *ctx);
/* Whether every probe has had its first answer: true at once where there is nothing to probe. */
bool probes_settled(const struct probes *p);
void probes_stop(struct probes *p);

#endif
