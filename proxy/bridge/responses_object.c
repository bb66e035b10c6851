/* pure: writes the response object of the Responses API and its output items. */
#include "proxy/bridge/responses_object.h"
#include "proxy/bridge/model.h"
#include "proxy/bridge/usage_write.h"
#include "proxy/terms/usage.h"
#include "proxy/terms/failure.h"

/* Bytes; larger fields of the request are not repeated in the response. Codex's tools have 20 KB, would be in three
 * events of each reply, and Codex does not read them. */
#define ECHO_MAX 4096

/* The API's names for each kind of call. */
static const struct {
    const char *type, *prefix, *text;
} calls[] = {
    [TOOL_FUNCTION] = {"function_call", "fc_", "arguments"},
    [TOOL_CUSTOM] = {"custom_tool_call", "ctc_", "input"},
    [TOOL_SEARCH] = {"tool_search_call", "tsc_", "arguments"},
};

void response_item_id(const struct reply *r, const struct output *o, struct buf *out)
{
    static const char *const prefixes[] = {
        [OUTPUT_REASONING] = "rs_", [OUTPUT_MESSAGE] = "msg_", [OUTPUT_OTHER] = "item_"};
    if (o->id.len) {
        buf_add_slice(out, buf_slice(&o->id));
        return;
    }
    buf_add_text(out, o->kind == OUTPUT_CALL ? calls[o->tool.kind].prefix : prefixes[o->kind]);
    buf_add_text(out, r->options->response_id);
    BUF_ADD(out, "_");
    buf_add_number(out, o->index);
}

static void write_message(struct reply *r, const struct output *o, bool done)
{
    struct buf *out = r->out;
    BUF_ADD(out, "{\"type\":\"message\",\"id\":\"");
    response_item_id(r, o, out);
    if (!done) {
        BUF_ADD(out, "\",\"status\":\"in_progress\",\"role\":\"assistant\",\"content\":[]}");
        return;
    }
    buf_add_text(out, r->incomplete ? "\",\"status\":\"incomplete\"" : "\",\"status\":\"completed\"");
    BUF_ADD(out, ",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"");
    buf_add_slice(out, buf_slice(&o->text));
    BUF_ADD(out, "\",\"annotations\":[],\"logprobs\":[]}]}");
}

static void write_reasoning(struct reply *r, const struct output *o, bool done)
{
    struct buf *out = r->out;
    BUF_ADD(out, "{\"type\":\"reasoning\",\"id\":\"");
    response_item_id(r, o, out);
    BUF_ADD(out, "\",\"summary\":[");
    if (done && o->text.len) {
        BUF_ADD(out, "{\"type\":\"summary_text\",\"text\":\"");
        buf_add_slice(out, buf_slice(&o->text));
        BUF_ADD(out, "\"}");
    }
    BUF_ADD(out, "]");
    if (o->state.len) {
        BUF_ADD(out, ",\"encrypted_content\":\"");
        buf_add_slice(out, buf_slice(&o->state));
        BUF_ADD(out, "\"");
    }
    BUF_ADD(out, "}");
}

static void write_call(struct reply *r, const struct output *o, bool done)
{
    struct buf *out = r->out;
    BUF_ADD(out, "{\"type\":\"");
    buf_add_text(out, calls[o->tool.kind].type);
    BUF_ADD(out, "\",\"id\":\"");
    response_item_id(r, o, out);
    buf_add_text(out,
                 done ? "\",\"status\":\"completed\",\"call_id\":\"" : "\",\"status\":\"in_progress\",\"call_id\":\"");
    reply_call_id(r, o, out);
    if (o->tool.kind == TOOL_SEARCH) {
        BUF_ADD(out, "\",\"execution\":\"client\",\"arguments\":");
        buf_add_slice(out, done ? buf_slice(&o->text) : SLICE("{}"));
        BUF_ADD(out, "}");
        return;
    }
    if (o->tool.namespace.len) {
        BUF_ADD(out, "\",\"namespace\":\"");
        buf_add_slice(out, o->tool.namespace);
    }
    BUF_ADD(out, "\",\"name\":\"");
    buf_add_slice(out, o->tool.name);
    buf_add_text(out, o->tool.kind == TOOL_CUSTOM ? "\",\"input\":\"" : "\",\"arguments\":\"");
    if (done)
        buf_add_slice(out, buf_slice(&o->text));
    BUF_ADD(out, "\"}");
}

void response_item_write(struct reply *r, const struct output *o, bool done)
{
    if (done && o->raw.len) {
        buf_add_slice(r->out, buf_slice(&o->raw));
        return;
    }
    switch (o->kind) {
    case OUTPUT_MESSAGE: write_message(r, o, done); break;
    case OUTPUT_REASONING: write_reasoning(r, o, done); break;
    case OUTPUT_CALL: write_call(r, o, done); break;
    case OUTPUT_OTHER: buf_add_slice(r->out, buf_slice(&o->text)); break;
    }
}

/* Writes `,"key":value` with the request's value, or `otherwise`. */
static void echo_field(struct reply *r, const struct turn *t, const char *key, const char *otherwise)
{
    uint32_t value = t ? turn_field(t, key) : JSON_NONE;
    buf_add_format(&r->echo, ",\"%s\":", key);
    if (value && json_raw(t->doc, value).len <= ECHO_MAX)
        reply_add_raw(&r->echo, json_raw(t->doc, value));
    else
        buf_add_text(&r->echo, otherwise);
}

/* Writes `"key":value` with the value in an object of the request, or `otherwise`. */
static void echo_inner(struct reply *r, const struct turn *t, const char *object, const char *key,
                       const char *otherwise)
{
    uint32_t value = t ? object_field(t->doc, turn_field(t, object), key) : JSON_NONE;
    buf_add_format(&r->echo, "\"%s\":", key);
    if (value && json_raw(t->doc, value).len <= ECHO_MAX)
        reply_add_raw(&r->echo, json_raw(t->doc, value));
    else
        buf_add_text(&r->echo, otherwise);
}

/* Writes a tool; a function with all fields that OpenAI's replies have. `strict` is false by default, because the
 * upstream was not asked for it. */
static void echo_tool(struct reply *r, const struct json *doc, uint32_t tool)
{
    static const char *const always[][2] = {{"parameters", "null"}, {"strict", "false"}};
    struct slice raw = json_raw(doc, tool);
    bool function = json_is(doc, tool, JSON_OBJECT) && json_string_is(doc, json_get(doc, tool, "type"), "function");
    reply_add_raw(&r->echo, (struct slice){raw.ptr, raw.len - function});
    for (size_t i = 0; function && i < sizeof always / sizeof *always; i++)
        if (!json_get(doc, tool, always[i][0]))
            buf_add_format(&r->echo, ",\"%s\":%s", always[i][0], always[i][1]);
    if (function)
        BUF_ADD(&r->echo, "}");
}

static void echo_tools(struct reply *r, const struct turn *t)
{
    uint32_t tools = t ? turn_field(t, "tools") : JSON_NONE;
    bool any = false;
    BUF_ADD(&r->echo, ",\"tools\":[");
    if (tools && json_raw(t->doc, tools).len > ECHO_MAX)
        tools = JSON_NONE;
    for (uint32_t tool = tools ? json_first(t->doc, tools) : JSON_NONE; tool; tool = json_next(t->doc, tool)) {
        if (any)
            BUF_ADD(&r->echo, ",");
        any = true;
        echo_tool(r, t->doc, tool);
    }
    BUF_ADD(&r->echo, "]");
}

static void make_echo(struct reply *r)
{
    static const struct {
        const char *key, *otherwise;
    } fields[] = {
        {"instructions", "null"},
        {"max_output_tokens", "null"},
        {"max_tool_calls", "null"},
        {"metadata", "{}"},
        {"parallel_tool_calls", "true"},
        {"prompt_cache_key", "null"},
        {"safety_identifier", "null"},
        {"temperature", "1"},
        {"tool_choice", "\"auto\""},
        {"top_logprobs", "0"},
        {"top_p", "1"},
        {"user", "null"},
    };
    const struct turn *t = r->options->turn;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        echo_field(r, t, fields[i].key, fields[i].otherwise);
    echo_tools(r, t);
    BUF_ADD(&r->echo, ",\"reasoning\":{");
    echo_inner(r, t, "reasoning", "effort", "null");
    BUF_ADD(&r->echo, ",");
    echo_inner(r, t, "reasoning", "summary", "null");
    BUF_ADD(&r->echo, "},\"text\":{");
    echo_inner(r, t, "text", "format", "{\"type\":\"text\"}");
    BUF_ADD(&r->echo, ",");
    echo_inner(r, t, "text", "verbosity", "\"medium\"");
    BUF_ADD(&r->echo,
            "},\"background\":false,\"frequency_penalty\":0,\"presence_penalty\":0,\"previous_response_id\":null,"
            "\"service_tier\":\"default\",\"store\":false,\"truncation\":\"disabled\"");
}

static void write_outputs(struct reply *r)
{
    bool any = false;
    BUF_ADD(r->out, "[");
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->outputs[i].open || r->outputs[i].dropped)
            continue;
        if (any)
            BUF_ADD(r->out, ",");
        any = true;
        response_item_write(r, &r->outputs[i], true);
    }
    BUF_ADD(r->out, "]");
}

void response_write(struct reply *r, const char *status, const struct failure *f)
{
    struct buf *out = r->out;
    bool ended = !slice_is(slice_of(status), "in_progress");
    if (!r->echo.len)
        make_echo(r);
    buf_fail_with(out, &r->echo);
    if (r->echo.failed)
        buf_clear(&r->echo); /* made again for the event that reports the failure */
    BUF_ADD(out, "{\"id\":\"");
    buf_add_text(out, r->id);
    buf_add_format(out, "\",\"object\":\"response\",\"created_at\":%lld,\"completed_at\":",
                   (long long)r->options->created_s);
    /* The bridge has no clock: uses the time of the reply's beginning. */
    if (slice_is(slice_of(status), "completed"))
        buf_add_format(out, "%lld", (long long)r->options->created_s);
    else
        BUF_ADD(out, "null");
    buf_add_format(out, ",\"status\":\"%s\",\"error\":", status);
    if (f) {
        buf_add_format(out, "{\"code\":\"%s\",\"message\":", failure_rule(f->kind)->stream_code);
        json_add_string(out, slice_of(f->message));
        BUF_ADD(out, "}");
    } else {
        BUF_ADD(out, "null");
    }
    buf_add_text(out, r->incomplete ? ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"
                                    : ",\"incomplete_details\":null");
    BUF_ADD(out, ",\"model\":");
    json_add_string(out, slice_of(r->options->alias));
    BUF_ADD(out, ",\"output\":");
    if (ended)
        write_outputs(r);
    else
        BUF_ADD(out, "[]");
    BUF_ADD(out, ",\"usage\":");
    if (ended && !f)
        usage_write(&r->usage, WIRE_RESPONSES, out);
    else
        BUF_ADD(out, "null");
    buf_add_slice(out, buf_slice(&r->echo));
    BUF_ADD(out, "}");
}
