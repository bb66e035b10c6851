/* belief: pure. What is expected of a call to a deployment: what its calls have shown, and, the fewer and older those
 * are, what is declared for it, or usual. What all strategies reckon with. */
#ifndef POINTSMAN_BELIEF_H
#define POINTSMAN_BELIEF_H

#include "proxy/route/forecast.h"
#include "proxy/route/strategy.h"

struct belief {
    struct prospect prospect; /* odds of failure, wait, speed */
    double ttft_ms;           /* to the first token, with the wait for a slot */
    double output_tokens;     /* of a reply: the same for all candidates, for it is the request that decides it */
    double total_ms;
    int64_t prompt_tokens, cached_tokens; /* cached: of these, likely in the provider's cache */
    double price_usd;                     /* of the whole call; NAN: unknown */
    double token_pressure; /* the minute's tokens, this call's included, as a part of tpm, or what the provider says */
    unsigned in_flight;
};

/* Fills beliefs[i] for each of the candidates. */
void belief_form(const struct plan_input *in, const struct choice *choices, unsigned count, struct belief *beliefs);

#endif
