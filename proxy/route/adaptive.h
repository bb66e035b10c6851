/* adaptive: pure. Applies the adaptive router (common/markov.h) to the plans of model groups. It learns the outcomes of
 * attempts and compares the first attempt of a plan, the baseline, with the group's other deployments. The canary
 * (common/canary.h) decides which conversations follow a suggestion.
 *
 *   plan_make() ─▶ adaptive_plan() ─▶ attempts ─▶ adaptive_learn() each ─▶ adaptive_request_ended()
 */
#ifndef POINTSMAN_ADAPTIVE_H
#define POINTSMAN_ADAPTIVE_H

#include "common/canary.h"
#include "proxy/route/plan.h"

struct adaptive;

/* Creates the router for a configuration that enables it and outlives it. NULL: out of memory. Free with
 * adaptive_free(). */
struct adaptive *adaptive_new(const struct config *c);
void adaptive_free(struct adaptive *a);
/* Forgets what was learned, the canary's comparison and a rollback. */
void adaptive_reset(struct adaptive *a);
/* Copies what was learned after a reload of the configuration: deployment i of `from` (0 to count - 1) is now map[i],
 * or AFFINITY_GONE. The canary's comparison is copied too if the settings of the adaptive router are the same. */
void adaptive_carry(const struct adaptive *from, struct adaptive *to, const unsigned *map, unsigned count);

/* Decides for a plan that was made from `in`. If the conversation is in the canary and the gain is large enough, moves
 * the suggested deployment to the front. Candidates are the eligible deployments of the group; those of weight 0 count
 * only if the baseline is one. A sticky conversation keeps its deployment unless that one's risk is critical; the
 * decision then reports the better deployment, but would_switch is false. Returns false, with *out unset, if there is
 * no choice. */
bool adaptive_plan(const struct adaptive *a, const struct plan_input *in, struct plan *plan, int64_t now_ms,
                   struct markov_decision *out);
/* Learns the outcome of an attempt; called with the arguments of health_ended(). Ignores outcomes that say nothing
 * about the deployment. */
void adaptive_learn(struct adaptive *a, const struct deployment *d, const struct health *h, const struct outcome *o,
                    uint64_t health_now_ms, int64_t now_ms);
/* Adds a request that adaptive_plan() decided, as its client saw it, to its arm of the canary. Returns true if this
 * request made the canary roll back; adaptive_rollback_reason() has the reason. */
bool adaptive_request_ended(struct adaptive *a, const struct canary_sample *sample);
/* Returns why suggestions are no longer followed; NULL: no rollback. */
const char *adaptive_rollback_reason(const struct adaptive *a);
/* Adds "enabled","shadow_mode","canary":{…},"health":{ID:{…}} with each deployment that has observations. */
void adaptive_describe(const struct adaptive *a, int64_t now_ms, struct container in);

#endif
