/* loop: lists the requests that are under way. */
#include "proxy/exchange/private.h"

#include <stdio.h>

static const char *state_of(const struct request *r)
{
    switch (r->state) {
    case REQUEST_OPEN: return "streaming";
    case REQUEST_CALLING: return "calling";
    default: return "waiting";
    }
}

unsigned request_list(const struct exchange_shared *shared, uint64_t now_ms, struct running *list, unsigned most)
{
    unsigned count = 0;
    for (const struct request *r = shared->all; r && count < most; r = r->next) {
        const struct attempt *a = r->attempt;
        if (r->state == REQUEST_NEW || r->state == REQUEST_ENDED)
            continue;
        struct running *row = &list[count++];
        *row = (struct running){.state = state_of(r),
                                .stream = r->model_request.stream,
                                .age_ms = (int64_t)(now_ms - r->started_ms),
                                .ttft_ms = -1};
        (void)snprintf(row->request_id, sizeof row->request_id, "%s", r->id);
        (void)snprintf(row->alias, sizeof row->alias, "%s", r->group ? r->group->alias : "");
        if (a && a->deployment)
            (void)snprintf(row->deployment, sizeof row->deployment, "%s", a->deployment->id);
        if (a && a->first_content_ms)
            row->ttft_ms = (int64_t)(a->first_content_ms - r->started_ms);
        if (a && a->relay && r->model_request.stream)
            row->tokens = (int64_t)relay_events(a->relay);
    }
    return count;
}
