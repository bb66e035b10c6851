/* belief: pure. What is expected of a call to a deployment: what its calls have shown, and, the fewer and older those are, what
 * is declared for it, or usual. What all strategies reckon with. */
#ifndef POINTSMAN_BELIEF_H
#define POINTSMAN_BELIEF_H

#include "proxy/route/strategy.h"

struct belief {
    double ttft_ms;              /* to the first token, as busy as the deployment has lately been */
    double tokens_per_second;    /* after it */
    double output_tokens;        /* of a reply: the same for all candidates, for it is the request that decides it */
    double total_ms;
    int64_t prompt_tokens, cached_tokens;   /* cached: of these, likely in the provider's cache */
    double price_usd;            /* of the whole call; NAN: unknown */
    double error_rate;           /* 0 … 1 */
    double token_pressure;       /* 0 … 1: the minute's tokens, this call's included, as a part of tpm, or what the provider
                                    says to be used of its limits, if that is more; 0 where neither is known */
    double queue_depth;          /* calls in flight, or lately so */
};

/* Fills beliefs[i] for each of the candidates. */
void belief_form(const struct plan_input *in, const struct choice *choices, unsigned count, struct belief *beliefs);

#endif
