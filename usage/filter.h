/* filter: pure. Which requests of the log are counted, besides their time. */
#ifndef POINTSMAN_USAGE_FILTER_H
#define POINTSMAN_USAGE_FILTER_H

#include "usage/line.h"

enum usage_outcome {
    OUTCOME_ANY,
    OUTCOME_OK,        /* answered, if only in part because of a limit */
    OUTCOME_FAILED,    /* failed, truncated, or refused */
    OUTCOME_CANCELLED, /* the client disconnected */
    OUTCOME_FALLBACK,  /* answered by another deployment than the one tried first */
    OUTCOME_CACHED,    /* answered from the reply cache */
    OUTCOMES
};

/* All conditions must hold. Zeros: all requests. */
struct usage_filter {
    char alias[LINE_NAME_MAX + 1]; /* "": all */
    /* That answered, or, of a request that none answered, of a failed attempt; "": all. */
    char provider[LINE_NAME_MAX + 1];
    enum usage_outcome outcome;
    double min_cost_usd; /* of requests whose cost is known; 0: all */
};

/* "ok", "failed"; "" for OUTCOME_ANY. */
const char *usage_outcome_name(enum usage_outcome outcome);
/* Sets the condition with that name: alias, provider, outcome, min_cost. Empty: none. false: a message in `error` that
 * begins with the name. */
MUST_CHECK bool usage_filter_set(struct usage_filter *f, const char *name, struct slice value, struct buf *error);
/* Returns whether there is a condition. */
bool usage_filter_is_on(const struct usage_filter *f);
bool usage_filter_equal(const struct usage_filter *a, const struct usage_filter *b);
/* Returns whether the request is counted. */
bool usage_filter_admits(const struct usage_filter *f, const struct usage_request *r);
/* Returns whether sums of requests with this alias and provider are counted; *unknown: that can't be said, because a
 * condition is about single requests. */
bool usage_filter_admits_sums(const struct usage_filter *f, struct slice alias, struct slice provider, bool *unknown);

#endif
