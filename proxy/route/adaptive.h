/* adaptive: pure. The adaptive router over the plans of model groups: what calls come to is learned, and a plan's first
 * attempt, the baseline, is compared with the group's other deployments by the model in common/markov.h. Beside it the
 * canary (common/canary.h) says for which conversations a suggestion is followed.
 *
 *   plan_make() ─▶ adaptive_plan() ─▶ attempts, in that order ─▶ adaptive_learn() per call ─▶ adaptive_request_ended()
 */
#ifndef POINTSMAN_ADAPTIVE_H
#define POINTSMAN_ADAPTIVE_H

#include "common/canary.h"
#include "proxy/route/plan.h"

struct adaptive;

/* For a configuration whose adaptive router is enabled, and which must outlive it. NULL: no memory. Free with
 * adaptive_free(). */
struct adaptive *adaptive_new(const struct config *c);
void adaptive_free(struct adaptive *a);
/* Forgets all that was learned, the canary's comparison and a step back. */
void adaptive_reset(struct adaptive *a);
/* The configuration was read anew: deployment i of `from`, of `count`, is now map[i], or AFFINITY_GONE. What was
 * learned goes along; the canary's comparison, too, where the adaptive router's settings are the same. */
void adaptive_carry(const struct adaptive *from, struct adaptive *to, const unsigned *map, unsigned count);

/* Decides for a plan that was made from `in`, and where the request is one of the canary's and enough is gained, puts
 * the suggested deployment first. Candidates are the group's deployments that nothing limits, those of weight 0 only
 * where the baseline is one. A conversation stays where it was served last unless that one's risk is critical: the
 * decision then says what would be better, but not that it would switch. false: there is nothing to choose from, and
 * *out is not filled. */
bool adaptive_plan(const struct adaptive *a, const struct plan_input *in, struct plan *plan, int64_t now_ms,
                   struct markov_decision *out);
/* Learns what a call came to: what health_ended() is told, too. What does not tell of the deployment is passed over. */
void adaptive_learn(struct adaptive *a, const struct deployment *d, const struct health *h, const struct outcome *o,
                    uint64_t health_now_ms, int64_t now_ms);
/* Adds a request for which adaptive_plan() decided, as its client saw it, to its arm of the canary. true: the canary
 * has stepped back because of it; adaptive_rollback_reason() says why. */
bool adaptive_request_ended(struct adaptive *a, const struct canary_sample *sample);
/* Why suggestions are not followed any more; NULL: they are, as configured. */
const char *adaptive_rollback_reason(const struct adaptive *a);
/* Adds "enabled","shadow_mode","canary":{…},"health":{ID:{…}}: the deployments that were seen. */
void adaptive_describe(const struct adaptive *a, int64_t now_ms, struct container in);

#endif
