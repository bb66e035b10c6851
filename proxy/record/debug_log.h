/* debug_log: loop. The debug log, debug.jsonl: the configuration in force, routing decisions, and calls, as they
 * happen. No prompt, no reply, no key, no text of a provider. Each function does nothing without a debug log. */
#ifndef POINTSMAN_DEBUG_LOG_H
#define POINTSMAN_DEBUG_LOG_H

#include "proxy/record/journal.h"

/* A configuration comes into force: a line for it, and one for each deployment, ready or not. */
void debug_log_config(struct journal *j, const struct config *config, int64_t time_ms);
/* How a request will be attempted. `why`: why no deployment is available; "": one is. */
void debug_log_plan(struct journal *j, int64_t time_ms, const char *request_id, const char *alias,
                    const struct plan *plan, const char *why);

struct debug_call {
    const char *request_id;
    const struct deployment *deployment;
    enum wire wire;    /* API */
    unsigned repeated; /* number of earlier calls that this one repeats */
};

/* A call begins. */
void debug_log_call(struct journal *j, int64_t time_ms, const struct debug_call *call);
/* A call has ended. `ttft_ms`: ms to its first content; -1: it had none. `how`: "final", "repeated", "cancelled",
 * "lost". */
void debug_log_result(struct journal *j, int64_t time_ms, const char *request_id, const struct journal_attempt *ended,
                      int64_t ttft_ms, const char *how);

#endif
