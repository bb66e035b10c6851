/* pure: Lets an upstream's stream through as it is, event by event, and watches it: for the first content, the end, the
 * usage, and errors. Only whole events are given out, so that one of our own can always follow them. */
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
        /* A limit or a filter explains an empty answer; a completion may be one: that nothing is missing in the text.
         */
        r->content |= e->finish != FINISH_STOP || r->upstream->may_be_empty;
        break;
    case EVENT_END: r->ended = true; break; /* EVENT_LIMIT is no matter here: nothing is translated */
    default: r->content = true;
    }
}

/* Whether a key of that name (`quoted`: with its quotes) has a value other than null somewhere in the JSON text. Inside
 * a string both quotes would have backslashes before them, so text can't be taken for a key. */
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

#define PLAIN_MAX 1024 /* bytes of an event that has no room for nesting beyond what clients can read */

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

/* Whether the text may be let through by its looks: an object from both its ends, of usual size, and no bytes that
 * could be no text. All else gets a closer look, which it must stand as JSON. */
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

/* The type is an event's first field in all servers known; where it isn't, the event is looked at. */
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

/* The upstream's id for the response, for an event of our own. */
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

/* Gives out what was held and the first `whole` bytes of `bytes`, and holds the rest: without a copy where nothing is
 * held and all goes out. `held` then begins with what was given out, for the caller's slice. */
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
    bool too_long = !r->ended && r->held.len + bytes.len - whole_events > SSE_EVENT_MAX; /* in lines that are short */
    if (result == SSE_TOO_LONG || too_long)
        relay_set_unread(r);
    if (r->ended && !r->content)
        relay_set_failure(r, FAILURE_EMPTY, "the upstream gave an empty answer");
    if (r->failure.kind != FAILURE_NONE) {
        if (r->sent && whole) { /* what came before the failure goes out with its event */
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

/* Ends a stream that says so by its finish_reason alone: what is still held, and the end mark that clients wait for. */
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
        relay_set_failure(r, FAILURE_CUT, "the upstream's answer broke off before its end");
    else if (!r->content)
        relay_set_failure(r, FAILURE_EMPTY, "the upstream gave an empty answer");
    else
        end_without_mark(r, send);
    r->ended = true;
    relay_count(r, (size_t)((double)r->events * USAGE_BYTES_PER_TOKEN)); /* a chunk is a token, more or less */
}
