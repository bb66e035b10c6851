/* probe: loop. Health checks of model servers on this machine (Ollama). Each server is asked for its models at startup
 * and every 15 s, or every 2 s while it does not answer, so that "not ready" has a reason before a request finds out.
 * Ollama silently truncates prompts beyond the context with which it loaded the model; probes read that size into
 * health[].real_context. Providers that cost money are never probed. */
#ifndef POINTSMAN_PROBE_H
#define POINTSMAN_PROBE_H

#include "proxy/route/health.h"
#include "proxy/upstream/call.h"

struct probes;

/* Starts probing all deployments that are local and otherwise ready. Results go into health[].probe. Calls `changed`
 * from the loop when a result changes and when the first round is complete. Returns NULL if out of memory. Free with
 * probes_stop(). */
struct probes *probes_start(struct event_base *base, struct upstream *upstream, const struct config *config,
                            struct health *health, void (*changed)(void *ctx), void *ctx);
/* Returns whether every probe has a first result; true if there are none. */
bool probes_settled(const struct probes *p);
/* Cancels the calls and frees `p`. NULL is allowed. */
void probes_stop(struct probes *p);

#endif
