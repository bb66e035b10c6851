/* pure: What the decoders of both wires keep of a reply's tool calls. */
#include "proxy/bridge/event.h"

#include <stdlib.h>

#define CALLS_FIRST 4

struct decoded_call *decoder_add_call(struct decoder *d, int64_t index, uint32_t id_hash)
{
    if (d->call_count == OUTPUTS_MAX) {
        d->sink.take(d->sink.owner, &(struct event){.kind = EVENT_LIMIT});
        return NULL;
    }
    if (d->call_count == d->call_cap) {
        uint32_t cap = d->call_cap ? d->call_cap * 2 : CALLS_FIRST;
        struct decoded_call *calls = realloc(d->calls, cap * sizeof *calls);
        if (!calls) {
            d->no_memory = true;
            return NULL;
        }
        d->calls = calls;
        d->call_cap = cap;
    }
    struct decoded_call *call = &d->calls[d->call_count++];
    *call = (struct decoded_call){.index = index, .id_hash = id_hash, .number = NO_CALL};
    return call;
}

void decoder_free(struct decoder *d)
{
    free(d->calls);
    json_free(&d->json);
}
