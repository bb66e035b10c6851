/* pure: Puts a reply together from an upstream's events. */
#include "proxy/bridge/reply.h"
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/dialect.h"

#include <stdlib.h>
#include <string.h>

void reply_set_id(struct reply *r, const char *prefix, struct slice id)
{
    size_t before = strlen(prefix), len = id.len < sizeof r->id - before ? id.len : sizeof r->id - before - 1;
    memcpy(r->id, prefix, before);
    if (len)
        memcpy(r->id + before, id.ptr, len);
    r->id[before + len] = '\0';
}

void reply_init(struct reply *r, const struct relay_options *options, struct buf *out)
{
    *r = (struct reply){.options = options, .out = out, .text_at = NO_OUTPUT, .usage = USAGE_UNKNOWN};
    r->client = dialect_of(options->client_wire);
    r->upstream = dialect_of(options->upstream_wire);
    r->writer = r->client->writer;
    reply_set_id(r, "resp_", slice_of(options->response_id));
    buf_init(&r->scratch, REPLY_MAX);
    buf_init(&r->echo, REPLY_MAX);
}

void reply_free(struct reply *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        buf_free(&r->outputs[i].text);
        buf_free(&r->outputs[i].state);
        buf_free(&r->outputs[i].raw);
        buf_free(&r->outputs[i].names);
    }
    free(r->outputs);
    buf_free(&r->scratch);
    buf_free(&r->echo);
    json_free(&r->json);
}

void reply_add_raw(struct buf *out, struct slice raw)
{
    size_t at = out->len;
    if (!buf_add_slice(out, raw))
        return;
    for (; at < out->len; at++)
        if (out->data[at] == '\n' || out->data[at] == '\r')
            out->data[at] = ' ';
}

void reply_call_id(const struct reply *r, const struct output *o, struct buf *out)
{
    BUF_ADD(out, "call_");
    buf_add_text(out, r->options->response_id);
    BUF_ADD(out, "_");
    buf_add_number(out, o->call);
}

static bool streams(const struct reply *r)
{
    return r->options->client_stream;
}

/* A new output, not announced yet. NULL at OUTPUTS_MAX (r->too_many), and out of memory (r->out is marked as failed).
 */
static struct output *add_output(struct reply *r, enum output_kind kind)
{
    r->too_many |= r->count == OUTPUTS_MAX;
    if (r->too_many)
        return NULL;
    if (r->count == r->cap) {
        uint32_t cap = r->cap ? r->cap * 2 : 2;
        struct output *outputs = realloc(r->outputs, cap * sizeof *outputs);
        if (!outputs) {
            r->out->failed = true;
            return NULL;
        }
        r->outputs = outputs;
        r->cap = cap;
    }
    struct output *o = &r->outputs[r->count];
    *o = (struct output){.kind = kind, .index = r->count++, .open = true};
    buf_init(&o->text, REPLY_MAX);
    buf_init(&o->state, REPLY_MAX);
    buf_init(&o->raw, REPLY_MAX);
    buf_init(&o->names, REPLY_MAX);
    return o;
}

/* What was made of it without memory, or beyond its ceiling, is not what the upstream said. */
static void fail_with(struct reply *r, const struct output *o)
{
    buf_fail_with(r->out, &o->text);
    buf_fail_with(r->out, &o->state);
    buf_fail_with(r->out, &o->raw);
    buf_fail_with(r->out, &o->names);
    buf_fail_with(r->out, &r->scratch);
}

static void announce(struct reply *r, struct output *o)
{
    if (!streams(r))
        return;
    if (!r->begun)
        r->writer->begin(r);
    r->begun = true;
    r->writer->item_begin(r, o);
}

/* Free text of a custom tool out of the arguments of the function that it was offered as: the string `input`, else the
 * only string there is, else the arguments as they are, for models that heed "do not wrap it in JSON". */
static void unwrap_input(struct reply *r, struct output *o)
{
    struct json *j = &r->json;
    buf_clear(&r->scratch);
    if (!json_unescape_inner(buf_slice(&o->text), &r->scratch) || !r->scratch.len ||
        !json_parse(j, r->scratch.data, r->scratch.len)) {
        r->out->failed |= j->no_memory;
        return;
    }
    uint32_t input = JSON_NONE;
    if (json_type(j, 0) == JSON_OBJECT) {
        uint32_t only = json_first(j, 0);
        input = json_get(j, 0, "input");
        if (!input && only && !json_next(j, only))
            input = json_value(only);
    }
    struct slice text = json_inner(j, input); /* input 0: the root, if that is a string */
    if (!text.ptr)
        return;
    buf_clear(&o->text);
    buf_add_slice(&o->text, text);
}

/* tool_search takes its arguments as an object. */
static void unwrap_object(struct reply *r, struct output *o)
{
    buf_clear(&r->scratch);
    bool object = json_unescape_inner(buf_slice(&o->text), &r->scratch) && r->scratch.len &&
                  json_parse(&r->json, r->scratch.data, r->scratch.len) && json_type(&r->json, 0) == JSON_OBJECT;
    r->out->failed |= r->json.no_memory;
    buf_clear(&o->text);
    reply_add_raw(&o->text, object ? buf_slice(&r->scratch) : SLICE("{}"));
}

static void write_more(struct reply *r, struct output *o, struct slice text)
{
    if (streams(r) && text.len)
        r->writer->item_more(r, o, text);
}

static void end_call(struct reply *r, struct output *o)
{
    size_t before = o->text.len;
    arguments_end(&o->arguments, &o->text);
    if (o->tool.kind == TOOL_SEARCH) {
        unwrap_object(r, o);
    } else if (o->wrapped) {
        unwrap_input(r, o);
        write_more(r, o, buf_slice(&o->text));
    } else {
        if (!o->text.len && o->tool.kind == TOOL_FUNCTION)
            BUF_ADD(&o->text, "{}");
        write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
    }
}

static void end_output(struct reply *r, struct output *o)
{
    if (!o->open || o->dropped)
        return;
    if (o->held[0]) { /* the second half never came */
        size_t before = o->text.len;
        BUF_ADD(&o->text, "\\ufffd");
        o->held[0] = '\0';
        write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
    }
    if (o->kind == OUTPUT_CALL)
        end_call(r, o);
    fail_with(r, o);
    o->open = false;
    if (streams(r))
        r->writer->item_end(r, o);
}

static void end_text(struct reply *r)
{
    if (r->text_at != NO_OUTPUT)
        end_output(r, &r->outputs[r->text_at]);
    r->text_at = NO_OUTPUT;
}

/* The open message or reasoning; anything else that is open and of that sort ends first. */
static struct output *text_output(struct reply *r, enum output_kind kind)
{
    if (r->text_at != NO_OUTPUT && r->outputs[r->text_at].kind == kind)
        return &r->outputs[r->text_at];
    end_text(r);
    struct output *o = add_output(r, kind);
    if (!o)
        return NULL;
    r->text_at = o->index;
    if (kind == OUTPUT_REASONING && !r->upstream->items)
        BUF_ADD(&o->state, CARRIER_MARK);
    announce(r, o);
    return o;
}

/* Whether the escape that ends `text` is the first half of a surrogate pair: an unpaired one is no valid text. */
static bool ends_in_half(struct slice text)
{
    if (text.len < 6)
        return false;
    const char *e = text.ptr + text.len - 6;
    if (e[0] != '\\' || e[1] != 'u' || (e[2] | 0x20) != 'd' || !e[3] || !strchr("89abAB", e[3]))
        return false;
    size_t backslashes = 0;
    while (e > text.ptr && e[-1] == '\\') {
        e--;
        backslashes++;
    }
    return backslashes % 2 == 0;
}

static void take_text(struct reply *r, enum output_kind kind, struct slice text)
{
    struct output *o = text_output(r, kind);
    if (!o)
        return;
    size_t before = o->text.len;
    buf_add_text(&o->text, o->held);
    o->held[0] = '\0';
    if (ends_in_half(text)) {
        text.len -= 6;
        memcpy(o->held, text.ptr + text.len, 6);
        o->held[6] = '\0';
    }
    buf_add_slice(&o->text, text);
    buf_fail_with(r->out, &o->text);
    r->bytes += text.len;
    r->answered |= kind == OUTPUT_MESSAGE;
    write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
}

static struct output *find_call(struct reply *r, uint32_t call)
{
    for (uint32_t i = r->count; i-- > 0;)
        if (r->outputs[i].kind == OUTPUT_CALL && r->outputs[i].call == call)
            return &r->outputs[i];
    return NULL;
}

/* An item of its own that carries a call's state; like all reasoning it ends the message before it. */
static void take_call_state(struct reply *r, uint32_t call, struct slice state)
{
    const struct relay_options *options = r->options;
    if (!state.len || !options->carrier_key || !r->client->items)
        return;
    end_text(r);
    struct output *o = add_output(r, OUTPUT_REASONING);
    if (!o)
        return;
    buf_clear(&r->scratch);
    reply_call_id(r, &(struct output){.call = call}, &r->scratch);
    carrier_seal(options->carrier_key, options->deployment_id, buf_slice(&r->scratch), state, &o->state);
    announce(r, o);
    end_output(r, o);
}

/* The client's tool, its names kept where they outlive the event. */
static void name_tool(struct reply *r, struct output *o, const struct reply_event *e)
{
    o->tool = e->tool;
    if (e->flat && r->options->turn && turn_tool(r->options->turn, e->tool.name, &o->tool)) {
        o->wrapped = o->tool.kind == TOOL_CUSTOM;
        return;
    }
    buf_add_slice(&o->names, o->tool.namespace);
    buf_add_slice(&o->names, o->tool.name);
    if (o->names.failed) {
        fail_with(r, o);
        return;
    }
    o->tool.namespace.ptr = o->names.data;
    o->tool.name.ptr = o->names.data + o->tool.namespace.len;
}

static void take_call(struct reply *r, const struct reply_event *e)
{
    if (r->text_at != NO_OUTPUT && r->outputs[r->text_at].kind == OUTPUT_REASONING)
        end_text(r);
    take_call_state(r, e->call, e->text);
    struct output *o = add_output(r, OUTPUT_CALL);
    if (!o)
        return;
    o->call = e->call;
    r->answered = true;
    name_tool(r, o, e);
    announce(r, o);
}

static void take_arguments(struct reply *r, const struct reply_event *e)
{
    struct output *o = find_call(r, e->call);
    if (!o)
        return;
    struct slice text = e->text;
    if (e->raw.len) {
        buf_clear(&r->scratch);
        json_add_escaped(&r->scratch, e->raw);
        text = buf_slice(&r->scratch);
    }
    size_t before = o->text.len;
    arguments_add(&o->arguments, text, o->tool.kind != TOOL_CUSTOM, &o->text);
    fail_with(r, o);
    r->bytes += text.len;
    if (!o->wrapped && o->tool.kind != TOOL_SEARCH)
        write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
}

/* What a Responses upstream keeps in its own reasoning item. */
static void take_reasoning_state(struct reply *r, struct slice state)
{
    struct output *o = text_output(r, OUTPUT_REASONING);
    if (!o)
        return;
    buf_clear(&o->state);
    buf_add_slice(&o->state, state);
}

/* An item of the client's own wire goes out as it came: its provider may check it when it comes back. */
static void take_item(struct reply *r, const struct reply_event *e)
{
    struct output *o = e->call != NO_CALL        ? find_call(r, e->call)
                       : r->text_at != NO_OUTPUT ? &r->outputs[r->text_at]
                                                 : NULL;
    if (!o || !r->client->items || !r->upstream->items)
        return;
    buf_clear(&o->raw);
    reply_add_raw(&o->raw, e->raw);
    fail_with(r, o);
}

static void take_other(struct reply *r, struct slice raw)
{
    if (!r->client->items)
        return;
    struct output *o = add_output(r, OUTPUT_OTHER);
    if (!o)
        return;
    reply_add_raw(&o->text, raw);
    r->answered = true;
    announce(r, o);
    end_output(r, o);
}

void reply_take(struct reply *r, const struct reply_event *e)
{
    switch (e->kind) {
    case EVENT_TEXT: take_text(r, OUTPUT_MESSAGE, e->text); break;
    case EVENT_REASONING: take_text(r, OUTPUT_REASONING, e->text); break;
    case EVENT_CALL: take_call(r, e); break;
    case EVENT_ARGUMENTS: take_arguments(r, e); break;
    case EVENT_STATE:
        if (e->call == NO_CALL)
            take_reasoning_state(r, e->text);
        else
            take_call_state(r, e->call, e->text);
        break;
    case EVENT_ITEM: take_item(r, e); break;
    case EVENT_BREAK: end_text(r); break;
    case EVENT_OTHER: take_other(r, e->raw); break;
    case EVENT_USAGE:
    case EVENT_FINISH:
    case EVENT_END:
    case EVENT_LIMIT:
    case EVENT_FAILURE: break; /* the relay's */
    }
}

bool reply_calls_complete(const struct reply *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        const struct output *o = &r->outputs[i];
        if (o->kind == OUTPUT_CALL && o->arguments.nesting.begun && !arguments_complete(&o->arguments))
            return false;
    }
    return true;
}

void reply_complete(struct reply *r, bool incomplete)
{
    r->incomplete = incomplete;
    if (streams(r) && !r->begun)
        r->writer->begin(r);
    r->begun = true;
    for (uint32_t i = 0; i < r->count; i++) {
        struct output *o = &r->outputs[i];
        o->dropped = o->open && incomplete && o->kind == OUTPUT_CALL && !arguments_complete(&o->arguments);
        end_output(r, o);
    }
    if (streams(r))
        r->writer->complete(r);
    else
        r->writer->whole(r);
}
