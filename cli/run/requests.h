/* requests: what the proxy's journal (requests.jsonl) says of one run: its calls, by run id. */
#ifndef POINTSMAN_CLI_RUN_REQUESTS_H
#define POINTSMAN_CLI_RUN_REQUESTS_H

#include "common/json.h"

#define REQUESTS_FILE "requests.jsonl"

struct run_requests {
    unsigned calls, failed; /* failed: not completed, and not hung up on by the client */
    unsigned unpriced;      /* calls that were served at an unknown price */
    int64_t input_tokens, output_tokens, cached_tokens;
    double cost_usd;             /* of the calls whose cost is known */
    int64_t ttft_ms, ttft_count; /* sum and number: of calls that said something */
    bool limited;                /* the last failed call failed for a quota, a rate limit or access */
};

/* Adds one line's figures, if the line is a request (its object is the root). */
void requests_add(struct run_requests *r, const struct json *line);
/* Sums up the run's lines in the journal at `path`, from its end back to those that ended before the run began. false
 * when the journal can't be read. */
MUST_CHECK bool requests_of_run(const char *path, const char *run_id, int64_t began_ms, struct run_requests *r);
/* A time as the journals write it, in Unix milliseconds; false when it is none. */
MUST_CHECK bool requests_time(const struct json *line, int64_t *time_ms);

#endif
