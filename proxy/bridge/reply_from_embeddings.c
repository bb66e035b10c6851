/* pure: Reads what matters of an embeddings reply that passes through. */
#include "proxy/bridge/dialect.h"
#include "proxy/terms/usage.h"

void reply_whole_from_embeddings(struct decoder *d)
{
    const struct json *j = &d->json;
    uint32_t error = json_get(j, 0, "error"), data = json_get(j, 0, "data");
    struct event event = {.kind = EVENT_FAILURE};
    if (error && !json_is(j, error, JSON_NULL)) {
        event.raw = json_raw(j, error);
        d->sink.take(d->sink.owner, &event);
        return;
    }
    event.kind = EVENT_OTHER;
    if (json_is(j, data, JSON_ARRAY) && json_first(j, data))
        d->sink.take(d->sink.owner, &event);
    event.kind = EVENT_USAGE;
    event.usage = USAGE_UNKNOWN;
    (void)usage_read(j, json_get(j, 0, "usage"), &event.usage);
    event.usage.output = 0; /* embeddings are made of the prompt alone */
    d->sink.take(d->sink.owner, &event);
    event.kind = EVENT_END;
    d->sink.take(d->sink.owner, &event);
}
