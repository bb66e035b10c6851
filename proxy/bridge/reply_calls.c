/* pure: the tool calls of a reply. */
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/reply_private.h"

void reply_call_id(const struct reply *r, const struct output *o, struct buf *out)
{
    BUF_ADD(out, "call_");
    buf_add_text(out, r->options->response_id);
    BUF_ADD(out, "_");
    buf_add_number(out, o->call);
}

/* Extracts a custom tool's free text from the arguments of the function that it was offered as: the string `input`,
 * else the only string, else the arguments unchanged, because some models follow "do not wrap it in JSON". */
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

/* The arguments of tool_search are an object, not a string. */
static void unwrap_object(struct reply *r, struct output *o)
{
    buf_clear(&r->scratch);
    bool object = json_unescape_inner(buf_slice(&o->text), &r->scratch) && r->scratch.len &&
                  json_parse(&r->json, r->scratch.data, r->scratch.len) && json_type(&r->json, 0) == JSON_OBJECT;
    r->out->failed |= r->json.no_memory;
    buf_clear(&o->text);
    reply_add_raw(&o->text, object ? buf_slice(&r->scratch) : SLICE("{}"));
}

void reply_end_call(struct reply *r, struct output *o)
{
    size_t before = o->text.len;
    arguments_end(&o->arguments, &o->text);
    if (o->tool.kind == TOOL_SEARCH) {
        unwrap_object(r, o);
    } else if (o->wrapped) {
        unwrap_input(r, o);
        reply_write_more(r, o, buf_slice(&o->text));
    } else {
        if (!o->text.len && o->tool.kind == TOOL_FUNCTION)
            BUF_ADD(&o->text, "{}");
        reply_write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
    }
}

struct output *reply_find_call(struct reply *r, uint32_t call)
{
    for (uint32_t i = r->count; i-- > 0;)
        if (r->outputs[i].kind == OUTPUT_CALL && r->outputs[i].call == call)
            return &r->outputs[i];
    return NULL;
}

void reply_take_call_state(struct reply *r, uint32_t call, struct slice state)
{
    const struct relay_options *options = r->options;
    if (!state.len || !options->carrier_keys || !r->client->items)
        return;
    reply_end_text(r);
    struct output *o = reply_add_output(r, OUTPUT_REASONING);
    if (!o)
        return;
    buf_clear(&r->scratch);
    reply_call_id(r, &(struct output){.call = call}, &r->scratch);
    carrier_seal(options->carrier_keys, options->deployment_id, buf_slice(&r->scratch), state, &o->state);
    reply_begin_output(r, o);
    reply_end_output(r, o);
}

/* Sets o->tool to the client's tool. Its names are in the turn, or copied, because those of the event do not last. */
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
        reply_fail_with(r, o);
        return;
    }
    o->tool.namespace.ptr = o->names.data;
    o->tool.name.ptr = o->names.data + o->tool.namespace.len;
}

void reply_take_call(struct reply *r, const struct reply_event *e)
{
    if (r->text_at != NO_OUTPUT && r->outputs[r->text_at].kind == OUTPUT_REASONING)
        reply_end_text(r);
    reply_take_call_state(r, e->call, e->text);
    struct output *o = reply_add_output(r, OUTPUT_CALL);
    if (!o)
        return;
    o->call = e->call;
    r->answered = true;
    name_tool(r, o, e);
    reply_begin_output(r, o);
}

void reply_take_arguments(struct reply *r, const struct reply_event *e)
{
    struct output *o = reply_find_call(r, e->call);
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
    reply_fail_with(r, o);
    r->bytes += text.len;
    if (!o->wrapped && o->tool.kind != TOOL_SEARCH)
        reply_write_more(r, o, (struct slice){o->text.data + before, o->text.len - before});
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
