/* observe: pure. What a deployment's calls have shown of it: how quick it is, what it costs, how often it fails. All of
 * it fades with time, and readers may mix in what is declared for it. A failure never makes a deployment look quick: it
 * counts as one, and its time only where that was longer than what a reply takes. */
#ifndef POINTSMAN_OBSERVE_H
#define POINTSMAN_OBSERVE_H

#include "proxy/config/config.h"
#include "proxy/route/ewma.h"

/* How a call ended. */
struct outcome {
    const struct failure *failure; /* NULL: it served */
    int status;                    /* HTTP's; 0: none came */
    int64_t ttft_ms; /* to the first content; -1: none came. A reply that is not streamed: its total time */
    int64_t total_ms;
    int64_t prompt_tokens, output_tokens; /* -1: unknown */
    size_t prompt_bytes;                  /* that the provider counted as prompt_tokens; 0: they were not counted */
    double cost_usd;                      /* NAN: unknown */
    bool cancelled;                       /* the client hung up, or we did: says nothing of success or failure */
    bool deployment_error;                /* a failure says something of the deployment, not of the request alone */
    uint64_t draw;                        /* random: jitter of the rests that a failure may start */
};

struct observed {
    struct ewma ttft_ms, total_ms;
    struct ewma tokens_per_second; /* after the first token, of streams */
    struct ewma output_tokens, cost_usd;
    struct ewma errors;      /* 1: a failure, 0: a success: the rate that people are shown */
    struct ewma queue_depth; /* other calls in flight when one starts */
};

/* A call starts while `others` are in flight. */
void observe_start(struct observed *seen, const struct strategy_settings *s, unsigned others, uint64_t now_ms);
/* A call has ended. `d` is what is declared. */
void observe_end(struct observed *seen, const struct strategy_settings *s, const struct deployment *d,
                 const struct outcome *o, uint64_t now_ms);

#endif
