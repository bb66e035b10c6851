/* pure: what the decoders of all APIs share: the list of calls, events, recognition of errors. */
#include "proxy/bridge/decoder.h"
#include "common/fast_hash.h"
#include "proxy/bridge/details.h"
#include "proxy/bridge/finish.h"
#include "proxy/bridge/model.h"
#include "proxy/bridge/reply.h"

#include <stdlib.h>

#define CALLS_FIRST 4 /* calls in the first allocation */

struct decoded_call *decoder_add_call(struct decoder *d, int64_t index, uint32_t id_hash)
{
    if (d->call_count == OUTPUTS_MAX) {
        decoder_emit(d, &(struct reply_event){.kind = EVENT_LIMIT});
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

void decoder_init(struct decoder *d, struct reply_event_sink sink)
{
    *d = (struct decoder){.sink = sink};
    buf_init(&d->early, REPLY_MAX);
}

void decoder_free(struct decoder *d)
{
    free(d->calls);
    buf_free(&d->early);
    details_free(d->details);
    json_free(&d->json);
}

uint32_t decoder_hash(struct slice text)
{
    return text.len ? (uint32_t)fast_hash_name(text) | 1 : 0;
}

void decoder_emit(struct decoder *d, const struct reply_event *event)
{
    d->sink.take(d->sink.owner, event);
}

void decoder_finish(struct decoder *d, struct slice reason, struct slice native)
{
    if (!reason.len) /* in most events */
        return;
    const struct finish_reason *row = finish_reason(reason), *native_row = native.len ? finish_reason(native) : row;
    if (row->finish == FINISH_NONE)
        return;
    if (!native_row->part && native_row->finish > row->finish) {
        row = native_row;
        reason = native;
    }
    decoder_emit(d, &(struct reply_event){
                        .kind = EVENT_FINISH, .finish = row->finish, .failure = row->failure, .text = reason});
}

void decoder_fail(struct decoder *d, struct slice error)
{
    decoder_emit(d, &(struct reply_event){.kind = EVENT_FAILURE, .raw = error});
}

bool decoder_error(struct decoder *d, uint32_t error)
{
    const struct json *j = &d->json;
    switch (error ? json_type(j, error) : JSON_NULL) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (json_first(j, error) == JSON_NONE)
            return false;
        decoder_fail(d, json_raw(j, error));
        return true;
    case JSON_STRING:
        if (!json_inner(j, error).len)
            return false;
        decoder_fail(d, json_raw(j, 0)); /* the code is in a field beside the text */
        return true;
    default: return false;
    }
}

/* Returns whether a reply without content is an error in one of the forms without an `error` field. */
static bool is_bare_error(const struct json *j)
{
    static const char *const texts[] = {"message", "msg", "detail", "error_msg"};
    if (json_string_is(j, json_get(j, 0, "object"), "error") || json_string_is(j, json_get(j, 0, "type"), "error"))
        return true;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (json_inner(j, json_get(j, 0, texts[i])).len)
            return true;
    int64_t status;
    uint32_t errors = json_get(j, 0, "errors"), detail = json_get(j, 0, "detail"), resp = json_get(j, 0, "base_resp");
    return (json_is(j, errors, JSON_ARRAY) && json_first(j, errors)) ||
           (json_is(j, detail, JSON_ARRAY) && json_first(j, detail)) ||
           (resp && json_int64(j, json_get(j, resp, "status_code"), &status) && status != 0);
}

bool decoder_bare_error(struct decoder *d)
{
    if (!is_bare_error(&d->json))
        return false;
    decoder_fail(d, json_raw(&d->json, 0));
    return true;
}
