/* pure: reads errors and usage of an embeddings reply that is passed through. */
#include "proxy/bridge/dialect.h"
#include "proxy/terms/usage.h"

void reply_whole_from_embeddings(struct decoder *d)
{
    const struct json *j = &d->json;
    uint32_t data = json_get(j, 0, "data");
    bool any = json_is(j, data, JSON_ARRAY) && json_first(j, data);
    struct reply_event event = {.kind = EVENT_OTHER};
    if (decoder_error(d, json_get(j, 0, "error")) || (!any && decoder_bare_error(d)))
        return;
    if (any)
        decoder_emit(d, &event);
    event.kind = EVENT_USAGE;
    event.usage = USAGE_UNKNOWN;
    (void)usage_read(j, json_get(j, 0, "usage"), &event.usage);
    event.usage.output = 0; /* embeddings have no output tokens */
    decoder_emit(d, &event);
    event.kind = EVENT_END;
    decoder_emit(d, &event);
}
