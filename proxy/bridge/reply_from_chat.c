/* pure: Decodes Chat Completions replies, streamed and whole, into events. Servers differ; what is known of them is
 * here. */
#include "proxy/bridge/dialect.h"
#include "proxy/terms/usage.h"

#include <string.h>

static void emit_text(struct decoder *d, enum event_kind kind, uint32_t call, struct slice text)
{
    if (!text.len)
        return;
    d->content |= kind == EVENT_TEXT || kind == EVENT_REASONING;
    decoder_emit(d, &(struct event){.kind = kind, .call = call, .text = text});
}

/* A string, or an array of parts as Mistral's: text, and thinking with parts of its own. */
static void read_content(struct decoder *d, uint32_t content, enum event_kind kind)
{
    const struct json *j = &d->json;
    if (json_is(j, content, JSON_STRING)) {
        emit_text(d, kind, NO_CALL, json_inner(j, content));
        return;
    }
    for (uint32_t part = json_is(j, content, JSON_ARRAY) ? json_first(j, content) : JSON_NONE; part;
         part = json_next(j, part)) {
        uint32_t thinking = object_field(j, part, "thinking");
        if (thinking && kind == EVENT_TEXT)
            read_content(d, thinking, EVENT_REASONING);
        else
            emit_text(d, kind, NO_CALL, object_text(j, part, "text"));
    }
}

static uint32_t hash_id(struct slice id)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < id.len; i++)
        hash = (hash ^ (unsigned char)id.ptr[i]) * 16777619u;
    return id.len ? hash | 1 : 0;
}

static struct decoded_call *last_with_index(struct decoder *d, int64_t index)
{
    for (uint32_t i = d->call_count; i-- > 0;)
        if (d->calls[i].index == index)
            return &d->calls[i];
    return NULL;
}

/* The call that a delta continues; NULL when it begins one. A name that comes again belongs to the same call only while
 * that is unfinished and the ids don't differ: some servers give every call the index 0, or no index, or the same id.
 */
static struct decoded_call *continued(struct decoder *d, int64_t index, uint32_t id_hash, bool named)
{
    struct decoded_call *call = index >= 0      ? last_with_index(d, index)
                                : d->call_count ? &d->calls[d->call_count - 1]
                                                : NULL;
    if (!call)
        return NULL;
    bool same_id = id_hash && id_hash == call->id_hash;
    if (!named)
        return index >= 0 || !id_hash || same_id || call->number == NO_CALL ? call : NULL;
    if (call->number == NO_CALL)
        return call;
    bool other_id = id_hash && call->id_hash && !same_id;
    return other_id || call->closed || (index < 0 && !same_id) ? NULL : call;
}

static void read_arguments(struct decoder *d, struct decoded_call *call, uint32_t arguments)
{
    const struct json *j = &d->json;
    if (json_is(j, arguments, JSON_OBJECT)) { /* not a string: some servers send the object itself */
        decoder_emit(d, &(struct event){.kind = EVENT_ARGUMENTS, .call = call->number, .raw = json_raw(j, arguments)});
        call->closed = true;
        return;
    }
    struct slice text = arguments ? json_inner(j, arguments) : (struct slice){NULL, 0};
    if (!text.len)
        return;
    call->closed = text.ptr[text.len - 1] == '}';
    emit_text(d, EVENT_ARGUMENTS, call->number, text);
}

static void read_call(struct decoder *d, uint32_t delta)
{
    const struct json *j = &d->json;
    uint32_t custom = object_field(j, delta, "custom"), function = object_field(j, delta, "function");
    uint32_t what = custom ? custom : function;
    struct slice name = object_text(j, what, "name");
    uint32_t id_hash = hash_id(object_text(j, delta, "id"));
    int64_t index = -1;
    uint32_t node = object_field(j, delta, "index");
    if (node && !json_int64(j, node, &index))
        index = -1;
    struct decoded_call *call = continued(d, index, id_hash, name.len);
    if (!call)
        call = decoder_add_call(d, index, id_hash);
    if (!call)
        return;
    struct slice state =
        object_text(j, object_field(j, object_field(j, delta, "extra_content"), "google"), "thought_signature");
    if (call->number == NO_CALL && name.len) {
        call->number = d->started++;
        d->content = true;
        decoder_emit(d, &(struct event){.kind = EVENT_CALL,
                                        .call = call->number,
                                        .flat = !custom,
                                        .text = state,
                                        .tool = {custom ? TOOL_CUSTOM : TOOL_FUNCTION, {NULL, 0}, name}});
    } else if (call->number != NO_CALL) {
        emit_text(d, EVENT_STATE, call->number, state);
    }
    if (call->number != NO_CALL)
        read_arguments(d, call, object_field(j, what, custom ? "input" : "arguments"));
}

/* SGLang's own value is an object that names its type. */
static struct slice finish_word(const struct json *j, uint32_t node)
{
    if (json_is(j, node, JSON_OBJECT))
        return object_text(j, node, "type");
    return node ? json_inner(j, node) : (struct slice){NULL, 0};
}

/* One choice of a chunk or of a whole reply: `message` is its delta or its message. */
static void read_choice(struct decoder *d, uint32_t choice, const char *message_key)
{
    const struct json *j = &d->json;
    uint32_t message = object_field(j, choice, message_key);
    uint32_t reasoning = object_field(j, message, "reasoning_content"); /* DeepSeek's and vLLM's word */
    if (!reasoning)
        reasoning = object_field(j, message, "reasoning"); /* OpenRouter's and Groq's */
    read_content(d, reasoning, EVENT_REASONING);
    read_content(d, object_field(j, message, "content"), EVENT_TEXT);
    read_content(d, object_field(j, message, "refusal"), EVENT_TEXT);
    read_content(d, object_field(j, choice, "text"), EVENT_TEXT); /* POST /completions, which passes through */
    uint32_t calls = object_field(j, message, "tool_calls");
    for (uint32_t call = json_is(j, calls, JSON_ARRAY) ? json_first(j, calls) : JSON_NONE; call;
         call = json_next(j, call))
        read_call(d, call);
    if (!decoder_error(d, object_field(j, choice, "error")))
        decoder_finish(d, finish_word(j, object_field(j, choice, "finish_reason")),
                       object_text(j, choice, "native_finish_reason"));
}

static void read_reply(struct decoder *d, const char *message_key)
{
    const struct json *j = &d->json;
    if (decoder_error(d, json_get(j, 0, "error")))
        return;
    uint32_t choices = json_get(j, 0, "choices");
    struct event event = {.kind = EVENT_USAGE};
    uint32_t choice = json_is(j, choices, JSON_ARRAY) ? json_first(j, choices) : JSON_NONE;
    if (!choice && decoder_bare_error(d))
        return;
    for (; choice; choice = json_next(j, choice)) {
        int64_t index = 0;
        uint32_t node = object_field(j, choice, "index");
        if (!node || !json_int64(j, node, &index) || index == 0) /* the bridge asks for one choice */
            read_choice(d, choice, message_key);
    }
    uint32_t usage = json_get(j, 0, "usage");
    if (!json_is(j, usage, JSON_OBJECT))
        usage = object_field(j, json_get(j, 0, "x_groq"), "usage");
    if (usage_read(j, usage, &event.usage))
        decoder_emit(d, &event);
}

void reply_event_from_chat(struct decoder *d, const struct sse_event *event)
{
    struct slice data = slice_trim(event->data);
    if (slice_is(data, "[DONE]"))
        decoder_emit(d, &(struct event){.kind = EVENT_END});
    else if (!data.len)
        return;
    else if (slice_is(event->name, "error"))
        decoder_fail(d, data);
    else if (!json_parse(&d->json, data.ptr, data.len) || json_type(&d->json, 0) != JSON_OBJECT)
        decoder_fail(
            d, SLICE("{\"message\":\"the upstream sent an event that is no JSON object\",\"code\":\"server_error\"}"));
    else
        read_reply(d, "delta");
}

void reply_whole_from_chat(struct decoder *d)
{
    read_reply(d, "message");
    decoder_emit(d, &(struct event){.kind = EVENT_END});
}
