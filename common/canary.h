/* canary: pure. Between shadow and live: a share of the conversations takes the adaptive router's order, the others
 * keep the baseline's, and the two arms are compared. When the canary is worse, everything goes back to the shadow by
 * itself.
 *
 * A conversation belongs to one arm, with all its requests, whether or not the model would switch at any of them. Each
 * arm keeps its last `max_history` requests. After every `canary_min_requests` of the canary the arms are judged, where
 * both hold as many with the figure known. The canary is worse when a figure passes its bound by more than chance
 * explains (three standard errors, where the requests of one conversation count as one observation, for they are alike;
 * errors alone are counted by request):
 *
 *   p50 TTFT, p95 latency, errors, cost per request    above the baseline's × (1 + canary_tolerance)
 *   quality                                            below the baseline's × (1 - canary_tolerance / 5)
 */
#ifndef POINTSMAN_CANARY_H
#define POINTSMAN_CANARY_H

#include "common/document.h"
#include "common/markov.h"

enum canary_arm { CANARY_BASELINE, CANARY_SUGGESTED, CANARY_ARMS };

/* A request as its client saw it, attempts and fallbacks and all. NAN: unknown. */
struct canary_sample {
    uint64_t conversation;    /* as given to canary_live() */
    double ttft_ms, total_ms; /* of requests that were served */
    double cost_usd;          /* of all attempts */
    double quality;           /* 0 to 1 */
    bool error;               /* the client got none but an error */
};

struct canary_figures {
    uint64_t requests; /* in all; the figures are of the last ones */
    unsigned counted;
    double ttft_p50_ms, latency_p95_ms, error_rate, cost_per_1000_usd, quality; /* NAN: unknown */
};

struct canary_report {
    struct canary_figures arm[CANARY_ARMS];
    const char *stepped_back; /* as canary_rollback_reason() */
};

struct canary;

/* NULL when there is no memory. Free with canary_free(). */
struct canary *canary_new(const struct markov_settings *s);
void canary_free(struct canary *c);
/* Forgets both arms, and that it stepped back. */
void canary_reset(struct canary *c);
/* Takes over what `from` has, where both were made from the same settings. */
void canary_carry(const struct canary *from, struct canary *to);
/* Whether a conversation takes the suggested order: never in shadow mode or after a step back, else for canary_share of
 * all. One conversation (a hash of what names it) is always answered the same. */
bool canary_live(const struct canary *c, uint64_t conversation);
/* Adds a request of a conversation of that arm; after a step back nothing is added any more. true: this made the canary
 * step back; the report says why. */
bool canary_add(struct canary *c, enum canary_arm arm, const struct canary_sample *sample);
/* Why it did, as a sentence; NULL: it did not. The canary's; until it is freed or reset. */
const char *canary_rollback_reason(const struct canary *c);
void canary_report(const struct canary *c, struct canary_report *out);
/* Adds "share","baseline":{"requests","ttft_p50_ms","latency_p95_ms","error_rate","cost_per_1000_usd","quality"},
 * "canary":{…},"stepped_back":null or "why". */
void canary_describe(const struct canary *c, struct container in);

#endif
