/* pure: passes an upstream's stream through, and watches its events for the first content, the end, the usage and
 * errors. Only complete events are sent, so that an event of the proxy can always follow. */
#include "proxy/bridge/relay_state.h"
#include "proxy/terms/usage.h"
#include "proxy/terms/failure.h"

#include <string.h>

void watch_take(void *relay, const struct reply_event *e)
{
    struct relay *r = relay;
    switch (e->kind) {
    case EVENT_USAGE: r->reply.usage = e->usage; break;
    case EVENT_FAILURE:
        if (r->failure.kind == FAILURE_NONE)
            failure_from_error(&r->failure, r->options.source, e->raw);
        break;
    case EVENT_FINISH:
        relay_finish(r, e);
        /* After a limit or filter an empty reply is valid, and in some APIs always. */
        r->content |= e->finish != FINISH_STOP || r->upstream->may_be_empty;
        break;
    case EVENT_END: r->ended = true; break; /* EVENT_LIMIT does not matter: nothing is translated */
    default: r->content = r->text = true;
    }
}

/* Returns whether a key (`quoted`: with its quotes) has a value other than null anywhere in the JSON text. A match
 * within a string is impossible: there the quotes would follow backslashes. */
static bool has_value(struct slice data, const char *quoted, size_t len)
{
    const char *end = data.ptr + data.len, *at = data.ptr;
    while ((at = memmem(at, (size_t)(end - at), quoted, len))) {
        at += len;
        const char *p = at;
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        if (p == end || *p != ':')
            continue;
        do
            p++;
        while (p < end && (*p == ' ' || *p == '\t'));
        if (p < end && *p != 'n')
            return true;
    }
    return false;
}

#define HAS_VALUE(data, key) has_value((data), "\"" key "\"", sizeof key + 1)

#define PLAIN_MAX 1024 /* bytes: too short for nesting that is too deep for clients */

static bool is_ascii(struct slice data)
{
    uint64_t bits = 0, word;
    size_t at = 0;
    for (; at + sizeof word <= data.len; at += sizeof word) {
        memcpy(&word, data.ptr + at, sizeof word);
        bits |= word;
    }
    for (; at < data.len; at++)
        bits |= (unsigned char)data.ptr[at];
    return !(bits & 0x8080808080808080u);
}

/* Returns whether the text can pass without being parsed: braces at both ends, short, only ASCII. Other texts are
 * parsed and must be valid JSON. */
static bool is_plain(struct slice data)
{
    return data.len && data.len <= PLAIN_MAX && data.ptr[0] == '{' && data.ptr[data.len - 1] == '}' && is_ascii(data);
}

bool watch_matters_in_chat(const struct sse_event *event)
{
    struct slice data = slice_trim(event->data);
    return !is_plain(data) || event->name.len || HAS_VALUE(data, "finish_reason") || HAS_VALUE(data, "usage") ||
           HAS_VALUE(data, "error");
}

/* All known servers write an event's type as its first field; otherwise the event is decoded. */
bool watch_matters_in_responses(const struct sse_event *event)
{
    static const char *const plain[] = {"response.output_",  "response.function_", "response.reasoning_",
                                        "response.content_", "response.custom_",   "response.in_progress"};
    struct slice type = event->data;
    if (!is_plain(slice_trim(type)))
        return true;
    if (slice_starts(type, "{\"type\":\""))
        type = (struct slice){type.ptr + 9, type.len - 9};
    else
        type = event->name;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (slice_starts(type, plain[i]))
            return false;
    return true;
}

/* Stores the upstream's id of the response, for events of the proxy. */
static void note_id(struct relay *r)
{
    const struct json *j = &r->decoder.json;
    struct slice id = j->count ? object_text(j, json_get(j, 0, "response"), "id") : (struct slice){NULL, 0};
    if (id.len && id.len < sizeof r->reply.id)
        reply_set_id(&r->reply, "", id);
}

static void look_at(struct relay *r, const struct sse_event *event)
{
    r->events++;
    if (r->sent && !r->upstream->matters(event))
        return;
    r->upstream->decode_event(&r->decoder, event);
    if (r->upstream->items && !r->sent)
        note_id(r);
}

/* Sends the bytes held back and the first `whole` bytes of `bytes`, and holds back the rest. Copies nothing if nothing
 * was or is held back; otherwise the bytes sent stay at the start of r->held, for *send. */
static void give_out(struct relay *r, struct slice bytes, size_t whole, struct slice *send)
{
    size_t held = r->held.len;
    if (!held) {
        *send = (struct slice){bytes.ptr, whole};
        buf_add(&r->held, bytes.ptr + whole, bytes.len - whole);
    } else {
        buf_add_slice(&r->held, bytes);
        if (whole) {
            r->given = held + whole;
            *send = (struct slice){r->held.data, r->given};
        }
    }
    buf_fail_with(&r->out, &r->held);
}

void watch_feed(struct relay *r, struct slice bytes, struct slice *send)
{
    struct slice rest = bytes;
    struct sse_event event;
    enum sse_result result = SSE_EVENT;
    size_t whole = 0;
    buf_drop(&r->held, r->given);
    r->given = 0;
    while (!r->ended && (result = sse_next(&r->sse, &rest, &event)) == SSE_EVENT) {
        look_at(r, &event);
        if (r->failure.kind != FAILURE_NONE)
            break;
        whole = bytes.len - rest.len;
    }
    size_t whole_events = whole ? r->held.len + whole : r->complete;
    bool too_long = !r->ended && r->held.len + bytes.len - whole_events > SSE_EVENT_MAX; /* of many short lines */
    if (result == SSE_TOO_LONG || too_long)
        relay_set_unread(r);
    if (r->ended && !r->content)
        relay_set_failure(r, FAILURE_EMPTY, RELAY_EMPTY);
    if (r->failure.kind != FAILURE_NONE) {
        if (r->sent && whole) { /* send the events before the failure with the failure's event */
            buf_add_slice(&r->out, buf_slice(&r->held));
            buf_add(&r->out, bytes.ptr, whole);
        }
        r->reply.sequence = r->events - 1;
        return;
    }
    r->reply.sequence = r->events;
    r->complete = whole_events;
    give_out(r, bytes, r->content && (!r->options.hold || r->ended) ? whole : 0, send);
    if (send->len)
        r->complete = 0;
    if (r->ended)
        relay_count(r, (size_t)((double)r->events * USAGE_BYTES_PER_TOKEN));
}

void watch_drop_rest(struct relay *r)
{
    buf_drop(&r->held, r->given);
    r->given = 0;
    r->held.len = r->complete;
}

/* Ends a stream with a finish reason but no end mark: sends what is held back, and the mark that clients wait for. */
static void end_without_mark(struct relay *r, struct slice *send)
{
    buf_add_slice(&r->out, *send);
    buf_add(&r->out, r->held.data, r->complete);
    buf_add_text(&r->out, r->upstream->end_mark);
    *send = buf_slice(&r->out);
}

void watch_end(struct relay *r, struct slice last, struct slice *send)
{
    watch_feed(r, last, send);
    if (r->ended || r->failure.kind != FAILURE_NONE)
        return;
    if (r->finish == FINISH_NONE)
        relay_set_failure(r, FAILURE_CUT, RELAY_TRUNCATED);
    else if (!r->content)
        relay_set_failure(r, FAILURE_EMPTY, RELAY_EMPTY);
    else
        end_without_mark(r, send);
    r->ended = true;
    relay_count(r, (size_t)((double)r->events * USAGE_BYTES_PER_TOKEN)); /* about one token per event */
}
