/* pure: decodes Responses replies, streamed and whole, into events. */
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/finish.h"
#include "proxy/terms/usage.h"

static void emit_text(struct decoder *d, enum reply_event_kind kind, uint32_t call, struct slice text)
{
    if (!text.len)
        return;
    d->content = true;
    decoder_emit(d, &(struct reply_event){.kind = kind, .call = call, .text = text});
}

static void emit_failure(struct decoder *d, uint32_t error)
{
    struct slice raw = error ? json_raw(&d->json, error)
                             : SLICE("{\"message\":\"the upstream's response failed\",\"code\":\"server_error\"}");
    decoder_emit(d, &(struct reply_event){.kind = EVENT_FAILURE, .raw = raw});
}

static uint32_t root_field(const struct decoder *d, const char *key)
{
    uint32_t value = json_get(&d->json, 0, key);
    return json_is(&d->json, value, JSON_NULL) ? JSON_NONE : value;
}

/* Servers without output_index send one item after the other, so the current item is always 0. false: the index is too
 * large, and EVENT_LIMIT was emitted. */
static bool read_index(struct decoder *d, unsigned *index)
{
    int64_t given;
    uint32_t node = root_field(d, "output_index");
    bool any = node && json_int64(&d->json, node, &given) && given >= 0;
    *index = any && given < OUTPUTS_MAX ? (unsigned)given : 0;
    if (!any || given < OUTPUTS_MAX)
        return true;
    decoder_emit(d, &(struct reply_event){.kind = EVENT_LIMIT});
    return false;
}

static bool take_seen(struct decoder *d, unsigned index)
{
    bool seen = d->seen[index / 8] >> (index % 8) & 1;
    d->seen[index / 8] &= (unsigned char)~(1u << (index % 8));
    return seen;
}

static void read_delta(struct decoder *d, enum reply_event_kind kind)
{
    unsigned index;
    uint32_t delta = root_field(d, "delta");
    if (!read_index(d, &index))
        return;
    d->seen[index / 8] |= (unsigned char)(1u << (index % 8));
    emit_text(d, kind, NO_CALL, delta ? json_inner(&d->json, delta) : (struct slice){NULL, 0});
}

static void read_text_delta(struct decoder *d)
{
    read_delta(d, EVENT_TEXT);
}

static void read_refusal_delta(struct decoder *d)
{
    d->refused = true;
    read_text_delta(d);
}

static void read_reasoning_delta(struct decoder *d)
{
    read_delta(d, EVENT_REASONING);
}

static void read_summary_part(struct decoder *d)
{
    int64_t index;
    uint32_t node = root_field(d, "summary_index");
    if (node && json_int64(&d->json, node, &index) && index > 0)
        emit_text(d, EVENT_REASONING, NO_CALL, SLICE("\\n\\n"));
}

static struct decoded_call *call_at(struct decoder *d, unsigned index)
{
    for (uint32_t i = d->call_count; i-- > 0;)
        if (d->calls[i].index == (int64_t)index)
            return &d->calls[i];
    return NULL;
}

static bool call_kind(const struct json *j, uint32_t item, enum tool_kind *kind)
{
    static const struct {
        const char *type;
        enum tool_kind kind;
    } kinds[] = {
        {"function_call", TOOL_FUNCTION},
        {"custom_tool_call", TOOL_CUSTOM},
        {"tool_search_call", TOOL_SEARCH},
    };
    uint32_t type = object_field(j, item, "type");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_string_is(j, type, kinds[i].type)) {
            *kind = kinds[i].kind;
            return true;
        }
    return false;
}

static uint32_t call_id(const struct json *j, uint32_t item)
{
    return decoder_hash(object_text(j, item, "call_id"));
}

/* Returns whether a call with this id has ended: some servers send an item's end twice. */
static bool is_done(const struct decoder *d, uint32_t id_hash)
{
    for (uint32_t i = 0; i < d->call_count; i++)
        if (id_hash && d->calls[i].id_hash == id_hash && d->calls[i].index < 0)
            return true;
    return false;
}

static void emit_id(struct decoder *d, uint32_t item)
{
    decoder_emit(d, &(struct reply_event){.kind = EVENT_ID, .text = object_text(&d->json, item, "id")});
}

static struct decoded_call *begin_call(struct decoder *d, unsigned index, uint32_t item, enum tool_kind kind)
{
    const struct json *j = &d->json;
    struct decoded_call *call = decoder_add_call(d, index, call_id(j, item));
    if (!call)
        return NULL;
    call->number = d->started++;
    struct tool_name tool = {kind, object_text(j, item, "namespace"), object_text(j, item, "name")};
    if (kind == TOOL_SEARCH && !tool.name.len)
        tool.name = SLICE("tool_search");
    d->content = true;
    emit_id(d, item);
    decoder_emit(d, &(struct reply_event){.kind = EVENT_CALL, .call = call->number, .tool = tool});
    return call;
}

static void read_item_added(struct decoder *d)
{
    enum tool_kind kind;
    uint32_t item = root_field(d, "item");
    unsigned index;
    if (call_kind(&d->json, item, &kind) && read_index(d, &index) && !call_at(d, index) &&
        !is_done(d, call_id(&d->json, item)))
        begin_call(d, index, item, kind);
}

static void read_arguments_delta(struct decoder *d)
{
    unsigned index;
    struct decoded_call *call = read_index(d, &index) ? call_at(d, index) : NULL;
    uint32_t delta = root_field(d, "delta");
    if (!call || !delta)
        return;
    call->has_arguments = true;
    emit_text(d, EVENT_ARGUMENTS, call->number, json_inner(&d->json, delta));
}

static void read_call_done(struct decoder *d, unsigned index, uint32_t item, enum tool_kind kind)
{
    const struct json *j = &d->json;
    struct decoded_call *call = call_at(d, index);
    if (!call && is_done(d, call_id(j, item)))
        return;
    if (!call)
        call = begin_call(d, index, item, kind);
    if (!call)
        return;
    uint32_t arguments = object_field(j, item, kind == TOOL_CUSTOM ? "input" : "arguments");
    if (!call->has_arguments && json_is(j, arguments, JSON_OBJECT))
        decoder_emit(d, &(struct reply_event){
                            .kind = EVENT_ARGUMENTS, .call = call->number, .raw = json_raw(j, arguments)});
    else if (!call->has_arguments && arguments)
        emit_text(d, EVENT_ARGUMENTS, call->number, json_inner(j, arguments));
    decoder_emit(d, &(struct reply_event){.kind = EVENT_ITEM, .call = call->number, .raw = json_raw(j, item)});
    call->index = -1; /* the next item may have the same index, or none */
}

static void read_parts(struct decoder *d, uint32_t parts, enum reply_event_kind kind)
{
    const struct json *j = &d->json;
    bool any = false;
    for (uint32_t part = json_is(j, parts, JSON_ARRAY) ? json_first(j, parts) : JSON_NONE; part;
         part = json_next(j, part)) {
        if (any && kind == EVENT_REASONING)
            emit_text(d, kind, NO_CALL, SLICE("\\n\\n"));
        any = true;
        emit_text(d, kind, NO_CALL, object_text(j, part, "text"));
        struct slice refusal = object_text(j, part, "refusal");
        d->refused |= refusal.len > 0;
        emit_text(d, kind, NO_CALL, refusal);
    }
}

/* Decodes those parts of a finished item that had no deltas. */
static void read_item(struct decoder *d, unsigned index, uint32_t item)
{
    const struct json *j = &d->json;
    enum tool_kind kind;
    uint32_t type = object_field(j, item, "type");
    bool seen = take_seen(d, index);
    if (call_kind(j, item, &kind)) {
        read_call_done(d, index, item, kind);
        return;
    }
    if (!seen)
        emit_id(d, item);
    if (json_string_is(j, type, "message")) {
        if (!seen)
            read_parts(d, object_field(j, item, "content"), EVENT_TEXT);
    } else if (json_string_is(j, type, "reasoning")) {
        if (!seen)
            read_parts(d, object_field(j, item, "summary"), EVENT_REASONING);
        emit_text(d, EVENT_STATE, NO_CALL, object_text(j, item, "encrypted_content"));
    } else {
        d->content = true;
        decoder_emit(d, &(struct reply_event){.kind = EVENT_OTHER, .raw = json_raw(j, item)});
        return;
    }
    decoder_emit(d, &(struct reply_event){.kind = EVENT_ITEM, .call = NO_CALL, .raw = json_raw(j, item)});
    decoder_emit(d, &(struct reply_event){.kind = EVENT_BREAK});
}

static void read_item_done(struct decoder *d)
{
    uint32_t item = root_field(d, "item");
    unsigned index;
    if (json_is(&d->json, item, JSON_OBJECT) && read_index(d, &index))
        read_item(d, index, item);
}

static void read_output(struct decoder *d, uint32_t output)
{
    const struct json *j = &d->json;
    unsigned index = 0;
    for (uint32_t item = json_is(j, output, JSON_ARRAY) ? json_first(j, output) : JSON_NONE; item;
         item = json_next(j, item), index = index + 1 < OUTPUTS_MAX ? index + 1 : 0)
        read_item(d, index, item);
}

/* An incomplete response is at least truncated, even if its reason is unknown. */
static void finish_incomplete(struct decoder *d, struct slice reason)
{
    bool known = reason.len && finish_reason(reason)->finish > FINISH_LENGTH;
    decoder_finish(d, known ? reason : SLICE("length"), SLICE(""));
}

/* Decodes the values of a response object; its output only if no event before had any. */
static void read_end(struct decoder *d, struct slice status, uint32_t error, uint32_t details, uint32_t output,
                     uint32_t usage)
{
    const struct json *j = &d->json;
    struct reply_event event = {.kind = EVENT_USAGE};
    if (slice_is(status, "failed") || slice_is(status, "cancelled")) {
        emit_failure(d, error);
        return;
    }
    if (!d->content)
        read_output(d, output);
    if (usage_read(j, usage, &event.usage))
        decoder_emit(d, &event);
    if (slice_is(status, "incomplete"))
        finish_incomplete(d, object_text(j, details, "reason"));
    else
        decoder_finish(d, SLICE("stop"), SLICE(""));
    decoder_emit(d, &(struct reply_event){.kind = EVENT_END});
}

/* Returns the response's own status if it is worse than the event's: some servers always send response.completed. */
static struct slice worse_status(const struct json *j, uint32_t response, const char *status)
{
    static const char *const worse[] = {"incomplete", "failed", "cancelled"};
    struct slice own = object_text(j, response, "status");
    for (size_t i = 0; strcmp(status, "completed") == 0 && i < sizeof worse / sizeof *worse; i++)
        if (slice_is(own, worse[i]))
            return own;
    return slice_of(status);
}

static void read_terminal(struct decoder *d, const char *status)
{
    const struct json *j = &d->json;
    uint32_t response = root_field(d, "response");
    read_end(d, worse_status(j, response, status), object_field(j, response, "error"),
             object_field(j, response, "incomplete_details"), object_field(j, response, "output"),
             object_field(j, response, "usage"));
}

static void read_completed(struct decoder *d)
{
    read_terminal(d, "completed");
}

static void read_incomplete(struct decoder *d)
{
    read_terminal(d, "incomplete");
}

static void read_failed(struct decoder *d)
{
    read_terminal(d, "failed");
}

static void read_error(struct decoder *d)
{
    uint32_t error = root_field(d, "error");
    decoder_emit(d, &(struct reply_event){.kind = EVENT_FAILURE,
                                          .raw = json_raw(&d->json, error)}); /* error, or 0: all of it */
}

void reply_event_from_responses(struct decoder *d, const struct sse_event *event)
{
    static const struct {
        const char *type;
        void (*read)(struct decoder *d);
    } readers[] = {
        {"response.output_text.delta", read_text_delta},
        {"response.function_call_arguments.delta", read_arguments_delta},
        {"response.reasoning_summary_text.delta", read_reasoning_delta},
        {"response.reasoning_text.delta", read_reasoning_delta},
        {"response.custom_tool_call_input.delta", read_arguments_delta},
        {"response.output_item.added", read_item_added},
        {"response.output_item.done", read_item_done},
        {"response.reasoning_summary_part.added", read_summary_part},
        {"response.refusal.delta", read_refusal_delta},
        {"response.completed", read_completed},
        {"response.incomplete", read_incomplete},
        {"response.failed", read_failed},
        {"error", read_error},
    };
    struct slice data = slice_trim(event->data);
    if (!data.len || slice_is(data, "[DONE]"))
        return;
    if (!json_parse(&d->json, data.ptr, data.len) || json_type(&d->json, 0) != JSON_OBJECT) {
        emit_failure(d, JSON_NONE);
        return;
    }
    uint32_t type = root_field(d, "type");
    struct slice name = type ? json_inner(&d->json, type) : event->name;
    if (!name.len && root_field(d, "error"))
        name = SLICE("error");
    if (!name.len && decoder_bare_error(d))
        return;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (slice_is(name, readers[i].type)) {
            readers[i].read(d);
            return;
        }
}

void reply_whole_from_responses(struct decoder *d)
{
    const struct json *j = &d->json;
    uint32_t status = root_field(d, "status"), error = root_field(d, "error");
    struct slice name = status ? json_inner(j, status) : SLICE("completed");
    if (!error && !root_field(d, "output") && decoder_bare_error(d))
        return;
    read_end(d, error ? SLICE("failed") : name, error, root_field(d, "incomplete_details"), root_field(d, "output"),
             root_field(d, "usage"));
}
