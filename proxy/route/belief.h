/* belief: pure. What to expect of an attempt at a deployment. Observations count first; the fewer and older they are,
 * the more the declared or usual values count. All strategies use it. */
#ifndef POINTSMAN_BELIEF_H
#define POINTSMAN_BELIEF_H

#include "proxy/route/forecast.h"
#include "proxy/route/strategy.h"

struct belief {
    struct prospect prospect; /* probability of failure, wait, speed */
    double ttft_ms;           /* to the first token, wait for a slot included */
    double output_tokens;     /* of the reply; the same for all candidates, because it depends on the request */
    double total_ms;
    int64_t prompt_tokens, cached_tokens; /* cached: part of the prompt that is probably in the provider's cache */
    double price_usd;                     /* of the whole attempt; NAN: unknown */
    double token_pressure; /* 0 to 1: share of tpm used in this minute, this attempt included, or the provider's own
                              figure */
    unsigned in_flight;
};

/* Fills beliefs[i] for candidate i. */
void belief_form(const struct plan_input *in, const struct choice *choices, unsigned count, struct belief *beliefs);

#endif
