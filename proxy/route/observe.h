/* observe: pure. Statistics of a deployment's attempts: speed, cost, failures. Samples lose weight with time, and
 * readers can mix in declared values. A failure never makes a deployment look fast: its time counts only if it is
 * longer than a reply takes. */
#ifndef POINTSMAN_OBSERVE_H
#define POINTSMAN_OBSERVE_H

#include "proxy/config/config.h"
#include "proxy/route/ewma.h"

/* The result of an attempt. */
struct outcome {
    const struct failure *failure; /* NULL: success */
    int status;                    /* HTTP; 0: no reply */
    int64_t ttft_ms;               /* to the first content; -1: none. Not streamed: total_ms */
    int64_t total_ms;
    int64_t prompt_tokens, output_tokens; /* -1: unknown */
    size_t prompt_bytes;                  /* counted by the provider as prompt_tokens; 0: not counted */
    double cost_usd;                      /* NAN: unknown */
    bool cancelled;                       /* by the client or this proxy: says nothing about success */
    bool deployment_error;                /* the failure counts against the deployment, not only against the request */
    uint64_t draw;                        /* random bits: jitter of a cooldown */
};

struct observed {
    struct ewma ttft_ms, total_ms;
    struct ewma tokens_per_second; /* after the first token; streamed replies only */
    struct ewma output_tokens, cost_usd;
    struct ewma output_squares; /* of output_tokens, for their variance; only with virtual keys */
    struct ewma errors;         /* 1: failure, 0: success; the rate in /dispatch/state */
    struct ewma queue_depth;    /* other attempts in flight at the start */
};

/* Records the start of an attempt while `others` are in flight. */
void observe_start(struct observed *seen, const struct strategy_settings *s, unsigned others, uint64_t now_ms);
/* Records the end. `d`: the declared values. */
void observe_end(struct observed *seen, const struct strategy_settings *s, const struct deployment *d,
                 const struct outcome *o, uint64_t now_ms);

#endif
