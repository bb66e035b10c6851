/* pure: writes a Chat Completions reply, streamed and whole. */
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/usage_write.h"
#include "proxy/terms/usage.h"
#include "proxy/terms/failure.h"

/* Writes the fields before `choices`. */
static void chunk_head(struct reply *r, const char *object)
{
    BUF_ADD(r->out, "{\"id\":\"chatcmpl-");
    buf_add_text(r->out, r->options->response_id);
    BUF_ADD(r->out, "\",\"object\":\"");
    buf_add_text(r->out, object);
    BUF_ADD(r->out, "\",\"created\":");
    buf_add_number(r->out, r->options->created_s > 0 ? r->options->created_s : 0);
    BUF_ADD(r->out, ",\"model\":");
    json_add_string(r->out, slice_of(r->options->alias));
}

static void chunk_begin(struct reply *r)
{
    BUF_ADD(r->out, "data: ");
    chunk_head(r, "chat.completion.chunk");
    BUF_ADD(r->out, ",\"choices\":[{\"index\":0,\"delta\":{");
}

static void chunk_end(struct reply *r)
{
    BUF_ADD(r->out, "},\"logprobs\":null,\"finish_reason\":null}]}\n\n");
}

static void begin(struct reply *r)
{
    chunk_begin(r);
    BUF_ADD(r->out, "\"role\":\"assistant\",\"content\":\"\"");
    chunk_end(r);
}

static const char *call_type(const struct output *o)
{
    return o->tool.kind == TOOL_CUSTOM ? "custom" : "function";
}

static const char *call_text(const struct output *o)
{
    return o->tool.kind == TOOL_CUSTOM ? "input" : "arguments";
}

/* Writes a call's members, from "id" to the brace that ends the call. */
static void write_call(struct reply *r, const struct output *o, struct slice text)
{
    BUF_ADD(r->out, "\"id\":\"");
    reply_call_id(r, o, r->out);
    buf_add_format(r->out, "\",\"type\":\"%s\",\"%s\":{\"name\":\"", call_type(o), call_type(o));
    buf_add_slice(r->out, o->tool.name);
    buf_add_format(r->out, "\",\"%s\":\"", call_text(o));
    buf_add_slice(r->out, text);
    BUF_ADD(r->out, "\"}}");
}

/* Returns whether the message follows another one with text: both become one text, separated by an empty line. */
static bool follows_text(const struct reply *r, const struct output *o)
{
    for (uint32_t i = 0; o->kind == OUTPUT_MESSAGE && i < o->index; i++)
        if (r->outputs[i].kind == OUTPUT_MESSAGE && r->outputs[i].text.len)
            return true;
    return false;
}

static void item_more(struct reply *r, struct output *o, struct slice text)
{
    chunk_begin(r);
    if (o->kind == OUTPUT_CALL) {
        BUF_ADD(r->out, "\"tool_calls\":[{\"index\":");
        buf_add_number(r->out, o->call);
        buf_add_format(r->out, ",\"%s\":{\"%s\":\"", call_type(o), call_text(o));
        buf_add_slice(r->out, text);
        BUF_ADD(r->out, "\"}}]");
    } else {
        buf_add_text(r->out, o->kind == OUTPUT_MESSAGE ? "\"content\":\"" : "\"reasoning_content\":\"");
        buf_add_slice(r->out, text);
        BUF_ADD(r->out, "\"");
    }
    chunk_end(r);
}

static void item_begin(struct reply *r, struct output *o)
{
    if (follows_text(r, o))
        item_more(r, o, SLICE("\\n\\n"));
    if (o->kind != OUTPUT_CALL)
        return;
    chunk_begin(r);
    BUF_ADD(r->out, "\"tool_calls\":[{\"index\":");
    buf_add_number(r->out, o->call);
    BUF_ADD(r->out, ",");
    write_call(r, o, SLICE(""));
    BUF_ADD(r->out, "]");
    chunk_end(r);
}

static void item_end(struct reply *r, struct output *o)
{
    /* The arguments of tool_search are an object, which is written at its end. */
    if (o->kind == OUTPUT_CALL && o->tool.kind == TOOL_SEARCH) {
        buf_clear(&r->scratch);
        json_add_escaped(&r->scratch, buf_slice(&o->text));
        item_more(r, o, buf_slice(&r->scratch));
    }
}

static bool has_calls(const struct reply *r)
{
    for (uint32_t i = 0; i < r->count; i++)
        if (r->outputs[i].kind == OUTPUT_CALL && !r->outputs[i].dropped)
            return true;
    return false;
}

static const char *finish_reason(const struct reply *r)
{
    return r->incomplete ? "length" : has_calls(r) ? "tool_calls" : "stop";
}

static void complete(struct reply *r)
{
    chunk_begin(r);
    buf_add_format(r->out, "},\"logprobs\":null,\"finish_reason\":\"%s\"}]}\n\n", finish_reason(r));
    if (!r->options->turn || r->options->turn->include_usage) {
        BUF_ADD(r->out, "data: ");
        chunk_head(r, "chat.completion.chunk");
        BUF_ADD(r->out, ",\"choices\":[],\"usage\":");
        usage_write(&r->usage, WIRE_CHAT, r->out);
        BUF_ADD(r->out, "}\n\n");
    }
    BUF_ADD(r->out, "data: [DONE]\n\n");
}

/* Writes `,"key":"text"` with the joined text of all outputs of this kind. If there are none: null, for reasoning
 * nothing. */
static void write_texts(struct reply *r, enum output_kind kind, const char *key)
{
    bool any = false;
    for (uint32_t i = 0; i < r->count; i++) {
        const struct output *o = &r->outputs[i];
        if (o->kind != kind || !o->text.len)
            continue;
        if (any)
            BUF_ADD(r->out, "\\n\\n");
        else
            buf_add_format(r->out, ",\"%s\":\"", key);
        any = true;
        buf_add_slice(r->out, buf_slice(&o->text));
    }
    if (any)
        BUF_ADD(r->out, "\"");
    else if (kind == OUTPUT_MESSAGE)
        buf_add_format(r->out, ",\"%s\":null", key);
}

static void write_calls(struct reply *r)
{
    bool any = false;
    for (uint32_t i = 0; i < r->count; i++) {
        const struct output *o = &r->outputs[i];
        if (o->kind != OUTPUT_CALL || o->dropped)
            continue;
        struct slice text = buf_slice(&o->text);
        if (o->tool.kind == TOOL_SEARCH) {
            buf_clear(&r->scratch);
            json_add_escaped(&r->scratch, text);
            text = buf_slice(&r->scratch);
        }
        buf_add_text(r->out, any ? ",{" : ",\"tool_calls\":[{");
        any = true;
        write_call(r, o, text);
    }
    if (any)
        BUF_ADD(r->out, "]");
}

static void whole(struct reply *r)
{
    chunk_head(r, "chat.completion");
    BUF_ADD(r->out, ",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"");
    write_texts(r, OUTPUT_MESSAGE, "content");
    write_texts(r, OUTPUT_REASONING, "reasoning_content");
    BUF_ADD(r->out, ",\"refusal\":null");
    write_calls(r);
    buf_add_format(r->out, "},\"logprobs\":null,\"finish_reason\":\"%s\"}],\"usage\":", finish_reason(r));
    usage_write(&r->usage, WIRE_CHAT, r->out);
    BUF_ADD(r->out, "}");
}

static void fail(struct reply *r, const struct failure *f)
{
    BUF_ADD(r->out, "data: ");
    failure_body(f, r->out);
    BUF_ADD(r->out, "\n\n");
}

static void keep_alive(struct reply *r)
{
    BUF_ADD(r->out, ": keep-alive\n\n");
}

const struct reply_writer reply_to_chat = {begin, item_begin, item_more, item_end, complete, whole, fail, keep_alive};
