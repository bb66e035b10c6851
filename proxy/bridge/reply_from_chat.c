/* pure: decodes Chat Completions replies, streamed and whole, into events, with the differences between servers. */
#include "proxy/bridge/details.h"
#include "proxy/bridge/dialect.h"
#include "proxy/terms/usage.h"

#include <string.h>

static void emit_text(struct decoder *d, enum reply_event_kind kind, uint32_t call, struct slice text)
{
    if (!text.len)
        return;
    d->content |= kind == EVENT_TEXT || kind == EVENT_REASONING;
    decoder_emit(d, &(struct reply_event){.kind = kind, .call = call, .text = text});
}

/* Decodes content: a string, or Mistral's array of parts, of which "thinking" has an array too. */
static void read_content(struct decoder *d, uint32_t content, enum reply_event_kind kind)
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

/* Returns the finish reason; SGLang sends an object with a type. */
static struct slice finish_text(const struct json *j, uint32_t node)
{
    if (json_is(j, node, JSON_OBJECT))
        return object_text(j, node, "type");
    return node ? json_inner(j, node) : (struct slice){NULL, 0};
}

/* Decodes a choice; `message_key` is "delta" in a chunk, "message" in a whole reply. */
static void read_choice(struct decoder *d, uint32_t choice, const char *message_key)
{
    const struct json *j = &d->json;
    uint32_t message = object_field(j, choice, message_key);
    if (!d->content && (!message || !json_first(j, message))) /* the only event of the stream is a whole reply */
        message = object_field(j, choice, "message");
    uint32_t reasoning = object_field(j, message, "reasoning_content"); /* DeepSeek, vLLM */
    if (!reasoning)
        reasoning = object_field(j, message, "reasoning"); /* OpenRouter, Groq */
    read_content(d, reasoning, EVENT_REASONING);
    read_content(d, object_field(j, message, "content"), EVENT_TEXT);
    uint32_t refusal = object_field(j, message, "refusal");
    d->refused |= refusal != JSON_NONE;
    read_content(d, refusal, EVENT_TEXT);
    read_content(d, object_field(j, choice, "text"), EVENT_TEXT); /* POST /completions, which is passed through */
    details_from_chat(d, object_field(j, message, "reasoning_details"));
    calls_from_chat(d, message);
    struct slice finish = finish_text(j, object_field(j, choice, "finish_reason"));
    if (decoder_error(d, object_field(j, choice, "error")) || !finish.len)
        return;
    calls_from_chat_end(d);
    details_from_chat_end(d);
    decoder_finish(d, finish, object_text(j, choice, "native_finish_reason"));
}

static void end(struct decoder *d)
{
    calls_from_chat_end(d);
    details_from_chat_end(d);
    decoder_emit(d, &(struct reply_event){.kind = EVENT_END});
}

static void read_reply(struct decoder *d, const char *message_key)
{
    const struct json *j = &d->json;
    if (decoder_error(d, json_get(j, 0, "error")))
        return;
    uint32_t choices = json_get(j, 0, "choices");
    struct reply_event event = {.kind = EVENT_USAGE};
    uint32_t choice = json_is(j, choices, JSON_ARRAY) ? json_first(j, choices) : JSON_NONE;
    if (!choice && decoder_bare_error(d))
        return;
    for (; choice; choice = json_next(j, choice)) {
        int64_t index = 0;
        uint32_t node = object_field(j, choice, "index");
        if (!node || !json_int64(j, node, &index) || index == 0) /* the bridge requests one choice */
            read_choice(d, choice, message_key);
    }
    uint32_t usage = json_get(j, 0, "usage");
    if (!json_is(j, usage, JSON_OBJECT))
        usage = object_field(j, json_get(j, 0, "x_groq"), "usage");
    if (usage_read(j, usage, &event.usage))
        decoder_emit(d, &event);
}

static void read_data(struct decoder *d, struct slice data);

/* Decodes events that are separated by only one line break: together they are one server-sent event, whose lines, but
 * not whose data, are valid JSON. false: not such an event. */
static bool read_joined(struct decoder *d, struct slice data)
{
    const char *at = data.len ? memmem(data.ptr, data.len, "}\n", 2) : NULL;
    size_t len = at ? (size_t)(at - data.ptr) + 1 : 0;
    if (!at || !json_parse(&d->json, data.ptr, len))
        return false;
    read_data(d, (struct slice){data.ptr, len});
    read_data(d, (struct slice){data.ptr + len + 1, data.len - len - 1});
    return true;
}

static void read_data(struct decoder *d, struct slice data)
{
    static const char no_object[] =
        "{\"message\":\"the upstream sent an event that is not a JSON object\",\"code\":\"server_error\"}";
    if (slice_is(data, "[DONE]")) {
        end(d);
        return;
    }
    bool parsed = json_parse(&d->json, data.ptr, data.len);
    if (!parsed && read_joined(d, data))
        return;
    switch (parsed ? json_type(&d->json, 0) : JSON_STRING) {
    case JSON_OBJECT: read_reply(d, "delta"); break;
    case JSON_ARRAY: decoder_fail(d, data); break; /* Gemini's errors */
    case JSON_NULL: break;
    default: decoder_fail(d, SLICE(no_object));
    }
}

void reply_event_from_chat(struct decoder *d, const struct sse_event *event)
{
    struct slice data = slice_trim(event->data);
    if (data.len && slice_is(event->name, "error"))
        decoder_fail(d, data);
    else if (data.len)
        read_data(d, data);
}

void reply_whole_from_chat(struct decoder *d)
{
    read_reply(d, "message");
    end(d);
}
