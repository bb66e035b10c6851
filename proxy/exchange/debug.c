/* loop: what requests do, for the debug log. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/record/debug_log.h"

#include <event2/event.h>

/* Whether there is a debug log; its lines are then written once per loop iteration. */
static bool debugs(const struct exchange_shared *shared)
{
    if (!journal_has(shared->journal, JOURNAL_DEBUG))
        return false;
    event_active(shared->journal_flush, EV_TIMEOUT, 0);
    return true;
}

void debug_planned(const struct request *r, const char *why)
{
    if (debugs(r->shared))
        debug_log_plan(r->shared->journal, clock_unix_ms(), r->id, r->model_request.model, &r->plan, why);
}

void debug_called(const struct attempt *a)
{
    const struct request *r = a->request;
    if (debugs(r->shared))
        debug_log_call(r->shared->journal, clock_unix_ms(),
                       &(struct debug_call){r->id, a->deployment, a->body.wire, a->repeated});
}

void debug_ended(const struct attempt *a, int64_t ttft_ms, enum attempt_end how)
{
    static const char *const HOW[] = {
        [END_FINAL] = "final", [END_REPEATED] = "repeated", [END_CANCELLED] = "cancelled", [END_LOST] = "lost"};
    const struct request *r = a->request;
    if (debugs(r->shared))
        debug_log_result(r->shared->journal, clock_unix_ms(), r->id, &r->ended[r->ended_count - 1], ttft_ms, HOW[how]);
}
