/* request_log: totals of one run's requests in the proxy's request log (requests.jsonl), by run id. */
#ifndef POINTSMAN_CLI_RUN_REQUEST_LOG_H
#define POINTSMAN_CLI_RUN_REQUEST_LOG_H

#include "common/json.h"
#include "common/log_files.h"

#define REQUEST_LOG_FILE LOG_REQUESTS

struct run_requests {
    unsigned calls, failed; /* requests; those that neither completed nor were cancelled by the client */
    unsigned unpriced;      /* answered at an unknown price */
    int64_t input_tokens, output_tokens, cached_tokens;
    double cost_usd;             /* of requests whose cost is known */
    int64_t ttft_ms, ttft_count; /* time to first token: sum, and number of requests that had one */
    bool limited;                /* the last failure was a rate limit, a quota or a rejected key */
};

/* Adds one log line, if it is a request. */
void request_log_add(struct run_requests *r, const struct json *line);
/* Sums the run's lines in the request log at `path`, reading backwards to the start of the run. false: the log is
 * absent or empty. */
MUST_CHECK bool request_log_of_run(const char *path, const char *run_id, int64_t began_ms, struct run_requests *r);
/* The member "timestamp" as Unix time in ms. false: missing or invalid. */
MUST_CHECK bool request_log_time(const struct json *line, int64_t *time_ms);

#endif
