/* canary: pure. The step between shadow mode and live: a share of the conversations follows the adaptive router's
 * order, the others keep the baseline's, and the two arms are compared. If the canary is worse, the router rolls back
 * to shadow mode.
 *
 * A conversation belongs to one arm with all its requests, whether or not the model would switch. Each arm keeps its
 * last `max_history` requests. The arms are compared after every `canary_min_requests` requests of the canary, if both
 * have as many with a known value. The canary is worse if a figure exceeds its bound by more than three standard
 * errors. For that, the requests of a conversation count as one observation, because they are alike; errors are counted
 * by request.
 *
 *   p50 TTFT, p95 latency, errors, cost per request    above the baseline's × (1 + canary_tolerance)
 *   quality                                            below the baseline's × (1 - canary_tolerance / 5)
 */
#ifndef POINTSMAN_CANARY_H
#define POINTSMAN_CANARY_H

#include "common/document.h"
#include "common/markov.h"

enum canary_arm { CANARY_BASELINE, CANARY_SUGGESTED, CANARY_ARMS };

/* A request as its client saw it, attempts and fallbacks included. NAN: unknown. */
struct canary_sample {
    uint64_t conversation;    /* as in canary_live() */
    double ttft_ms, total_ms; /* of successful requests */
    double cost_usd;          /* of all attempts */
    double quality;           /* 0 to 1 */
    bool error;               /* the client got an error */
};

struct canary_figures {
    uint64_t requests; /* total; the other figures are of the last `counted` ones */
    unsigned counted;
    double ttft_p50_ms, latency_p95_ms, error_rate, cost_per_1000_usd, quality; /* NAN: unknown */
};

struct canary_report {
    struct canary_figures arm[CANARY_ARMS];
    const char *rollback_reason; /* see canary_rollback_reason() */
};

struct canary;

/* NULL: out of memory. Free with canary_free(). */
struct canary *canary_new(const struct markov_settings *s);
void canary_free(struct canary *c);
/* Forgets both arms and a rollback. */
void canary_reset(struct canary *c);
/* Copies the state of `from` if both have the same settings. */
void canary_carry(const struct canary *from, struct canary *to);
/* Returns whether a conversation (a hash of its identity) follows the suggested order: never in shadow mode or after a
 * rollback, else for canary_share of all. The answer is always the same for one conversation. */
bool canary_live(const struct canary *c, uint64_t conversation);
/* Adds a request to its arm; does nothing after a rollback. Returns true if this request caused a rollback. */
bool canary_add(struct canary *c, enum canary_arm arm, const struct canary_sample *sample);
/* Returns the reason of the rollback, valid until the canary is freed or reset; NULL: no rollback. */
const char *canary_rollback_reason(const struct canary *c);
void canary_report(const struct canary *c, struct canary_report *out);
/* Adds "share","baseline":{"requests","ttft_p50_ms","latency_p95_ms","error_rate","cost_per_1000_usd","quality"},
 * "canary":{…},"stepped_back": null or the reason. */
void canary_describe(const struct canary *c, struct container in);

#endif
