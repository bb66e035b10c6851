/* pure: writes a Responses reply, streamed and whole. */
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/responses_object.h"

/* Writes the beginning of an event, with the fields that all types have. */
static void event_begin(struct reply *r, const char *type)
{
    BUF_ADD(r->out, "event: ");
    buf_add_text(r->out, type);
    BUF_ADD(r->out, "\ndata: {\"type\":\"");
    buf_add_text(r->out, type);
    BUF_ADD(r->out, "\",\"sequence_number\":");
    buf_add_number(r->out, (int64_t)r->sequence++);
}

static void event_end(struct reply *r)
{
    BUF_ADD(r->out, "}\n\n");
}

/* Writes the beginning of an item's event: the item's id and index, and the key `part_index`, unless NULL. */
static void item_event_begin(struct reply *r, const struct output *o, const char *type, const char *part_index)
{
    event_begin(r, type);
    BUF_ADD(r->out, ",\"item_id\":\"");
    response_item_id(r, o, r->out);
    BUF_ADD(r->out, "\",\"output_index\":");
    buf_add_number(r->out, o->index);
    if (part_index) {
        BUF_ADD(r->out, ",\"");
        buf_add_text(r->out, part_index);
        BUF_ADD(r->out, "\":0");
    }
}

/* Writes `,"key":"text"`; the text is escaped. */
static void write_text(struct reply *r, const char *key, struct slice text)
{
    BUF_ADD(r->out, ",\"");
    buf_add_text(r->out, key);
    BUF_ADD(r->out, "\":\"");
    buf_add_slice(r->out, text);
    BUF_ADD(r->out, "\"");
}

static void write_response_event(struct reply *r, const char *type, const char *status, const struct failure *f)
{
    event_begin(r, type);
    BUF_ADD(r->out, ",\"response\":");
    response_write(r, status, f);
    event_end(r);
}

static void write_item_event(struct reply *r, const struct output *o, const char *type, bool done)
{
    event_begin(r, type);
    BUF_ADD(r->out, ",\"output_index\":");
    buf_add_number(r->out, o->index);
    BUF_ADD(r->out, ",\"item\":");
    response_item_write(r, o, done);
    event_end(r);
}

static void begin(struct reply *r)
{
    write_response_event(r, "response.created", "in_progress", NULL);
    write_response_event(r, "response.in_progress", "in_progress", NULL);
}

/* The types and keys of an item's events; `part_before` and `part_after`: the JSON around the text of its only part. */
struct item_events {
    const char *part_index, *part_added, *delta, *done, *part_done, *text_key;
    const char *part_before, *part_after;
};

static const struct item_events *events_of(const struct output *o)
{
    static const struct item_events
        message =
            {
                "content_index",
                "response.content_part.added",
                "response.output_text.delta",
                "response.output_text.done",
                "response.content_part.done",
                "text",
                "{\"type\":\"output_text\",\"text\":\"",
                "\",\"annotations\":[],\"logprobs\":[]}",
            },
        reasoning =
            {
                "summary_index",
                "response.reasoning_summary_part.added",
                "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done",
                "response.reasoning_summary_part.done",
                "text",
                "{\"type\":\"summary_text\",\"text\":\"",
                "\"}",
            },
        function =
            {
                NULL,
                NULL,
                "response.function_call_arguments.delta",
                "response.function_call_arguments.done",
                NULL,
                "arguments",
                NULL,
                NULL,
            },
        custom = {
            NULL, NULL, "response.custom_tool_call_input.delta", "response.custom_tool_call_input.done", NULL, "input",
            NULL, NULL,
        };
    if (o->kind == OUTPUT_MESSAGE)
        return &message;
    if (o->kind == OUTPUT_REASONING)
        return &reasoning;
    return o->tool.kind == TOOL_CUSTOM ? &custom : &function;
}

static void write_part_event(struct reply *r, const struct output *o, const char *type, struct slice text)
{
    const struct item_events *events = events_of(o);
    item_event_begin(r, o, type, events->part_index);
    BUF_ADD(r->out, ",\"part\":");
    buf_add_text(r->out, events->part_before);
    buf_add_slice(r->out, text);
    buf_add_text(r->out, events->part_after);
    event_end(r);
}

static void item_begin(struct reply *r, struct output *o)
{
    write_item_event(r, o, "response.output_item.added", false);
    if (o->kind == OUTPUT_MESSAGE)
        write_part_event(r, o, events_of(o)->part_added, SLICE(""));
}

static void item_more(struct reply *r, struct output *o, struct slice text)
{
    const struct item_events *events = events_of(o);
    if (o->kind == OUTPUT_REASONING &&
        o->text.len == text.len) /* at the first text: a carrier without text has no part */
        write_part_event(r, o, events->part_added, SLICE(""));
    item_event_begin(r, o, events->delta, events->part_index);
    write_text(r, "delta", text);
    if (o->kind == OUTPUT_MESSAGE)
        BUF_ADD(r->out, ",\"logprobs\":[]");
    event_end(r);
}

static void item_end(struct reply *r, struct output *o)
{
    const struct item_events *events = events_of(o);
    bool has_part = o->kind == OUTPUT_MESSAGE || (o->kind == OUTPUT_REASONING && o->text.len);
    if (has_part || (o->kind == OUTPUT_CALL && o->tool.kind != TOOL_SEARCH)) {
        item_event_begin(r, o, events->done, events->part_index);
        if (o->kind == OUTPUT_CALL)
            write_text(r, "name", o->tool.name);
        write_text(r, events->text_key, buf_slice(&o->text));
        if (o->kind == OUTPUT_MESSAGE)
            BUF_ADD(r->out, ",\"logprobs\":[]");
        event_end(r);
    }
    if (has_part)
        write_part_event(r, o, events->part_done, buf_slice(&o->text));
    write_item_event(r, o, "response.output_item.done", true);
}

static void complete(struct reply *r)
{
    if (r->incomplete)
        write_response_event(r, "response.incomplete", "incomplete", NULL);
    else
        write_response_event(r, "response.completed", "completed", NULL);
}

static void whole(struct reply *r)
{
    response_write(r, r->incomplete ? "incomplete" : "completed", NULL);
}

static void fail(struct reply *r, const struct failure *f)
{
    write_response_event(r, "response.failed", "failed", f);
}

static void keep_alive(struct reply *r)
{
    write_response_event(r, "response.in_progress", "in_progress", NULL);
}

const struct reply_writer reply_to_responses = {begin,    item_begin, item_more, item_end,
                                                complete, whole,      fail,      keep_alive};
