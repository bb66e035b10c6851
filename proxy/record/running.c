/* pure. Requests under way as JSON. */
#include "proxy/record/running.h"

void running_describe(const struct running *list, unsigned count, struct container in)
{
    for (unsigned i = 0; i < count; i++) {
        const struct running *r = &list[i];
        struct container row = document_add_object(in, NULL);
        document_add_text(row, "request_id", r->request_id);
        document_add_name(row, "alias", r->alias);
        document_add_name(row, "deployment", r->deployment);
        document_add_text(row, "state", r->state);
        document_add_bool(row, "stream", r->stream);
        document_add_count(row, "age_ms", r->age_ms);
        if (r->ttft_ms >= 0)
            document_add_count(row, "ttft_ms", r->ttft_ms);
        else
            document_add_null(row, "ttft_ms");
        document_add_count(row, "tokens", r->tokens);
    }
}
