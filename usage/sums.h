/* sums: pure. The sums of a group of requests. What is unknown is counted, never taken as 0. */
#ifndef POINTSMAN_USAGE_SUMS_H
#define POINTSMAN_USAGE_SUMS_H

#include "usage/line.h"
#include "usage/sketch.h"

/* A sum of what is known. */
struct known_sum {
    double total;
    uint32_t known, unknown; /* requests */
};

/* Requests with one result of the reply cache. */
struct reply_sum {
    uint64_t requests;
    double saved_usd; /* cost of the calls that were not needed */
    double age_s;     /* the sum of the replies' ages */
};

struct usage_sums {
    uint64_t requests;
    uint64_t failed, cancelled, fallbacks; /* see struct usage_request */
    uint64_t attempts_failed; /* of a provider: also those of requests that another provider answered */
    uint64_t cache_hits;
    struct reply_sum replies[REPLY_CACHES];
    uint64_t estimated; /* requests whose tokens were estimated */
    struct known_sum figures[FIGURES];
    double rated_input;               /* input tokens of the requests whose cached tokens are known */
    double streamed_tokens, stream_s; /* output of streams, and the seconds from their first content to their end */
    int64_t first_ms, last_ms;        /* Unix time of the earliest and the latest request */
    struct sketch ttft;               /* owned */
};

/* Adds a request. false: out of memory; its TTFT is missing. */
MUST_CHECK bool sums_add(struct usage_sums *s, const struct usage_request *r);
/* Adds the sums of other requests. false: out of memory; their TTFTs are missing. */
MUST_CHECK bool sums_merge(struct usage_sums *s, const struct usage_sums *more);
/* Adds a request to the sums by result; REPLY_CACHES adds nothing. NAN: unknown. */
void replies_add(struct reply_sum replies[REPLY_CACHES], enum reply_cache result, double saved_usd, double age_s);
/* Returns "memory", …: for members of JSON. */
const char *reply_cache_name(enum reply_cache result);
/* Returns what a cached reply is from: "memory", "an equal request in flight". */
const char *reply_cache_text(enum reply_cache result);
/* Returns the mean age of the replies with this result, s; NAN: none was cached. */
double reply_age(const struct reply_sum *s, enum reply_cache result);
/* Appends "12 from memory (saved $0.12, mean age 35 s), 300 missed"; nothing without a cache. */
void replies_describe(const struct reply_sum replies[REPLY_CACHES], struct buf *out);
/* Returns the sum of what is known; NAN: nothing is. */
double sums_figure(const struct usage_sums *s, enum usage_figure figure);
/* Returns the share of the input that was read from the provider's prompt cache, 0 to 1; NAN: unknown. */
double sums_cache_rate(const struct usage_sums *s);
/* Returns output tokens per second after the first token, of streams; NAN: unknown. */
double sums_speed(const struct usage_sums *s);
void sums_free(struct usage_sums *s);

#endif
