/* pure: adapts a Responses request to the ChatGPT backend: copies the accepted fields, value by value. */
#include "proxy/bridge/chatgpt.h"

#include "proxy/bridge/chatgpt_model.h"
#include "proxy/bridge/model.h"

#include <string.h>

#define DEFAULT_INSTRUCTIONS "You are a helpful assistant."
#define ENCRYPTED "reasoning.encrypted_content"

struct adapter {
    const struct json *j;
    struct buf *out;
    const char *configured; /* litellm_params.instructions; NULL: none */
    uint32_t input;         /* array or string */
    uint32_t lifted;        /* its message that becomes the instructions; JSON_NONE: none */
    bool any;               /* the current list has an element */
    bool no_memory;         /* for `open` */
    const char *refusal;    /* why the request can't be adapted; NULL: it can */
    struct open_calls open; /* calls without an output so far */
};

/* Returns a field of the request; JSON_NONE also for null. (object_field() takes node 0 for a missing object.) */
static uint32_t root_field(const struct json *j, const char *key)
{
    uint32_t value = json_get(j, 0, key);
    return json_is(j, value, JSON_NULL) ? JSON_NONE : value;
}

static void separate(struct adapter *m)
{
    if (m->any)
        BUF_ADD(m->out, ",");
    m->any = true;
}

static bool is_message(const struct json *j, uint32_t item)
{
    uint32_t type = object_field(j, item, "type");
    return !type || json_string_is(j, type, "message");
}

static bool is_role(const struct json *j, uint32_t item, const char *role)
{
    uint32_t value = object_field(j, item, "role");
    return value && json_string_is(j, value, role);
}

/* Returns whether a message has only text, so that it can become the instructions. */
static bool is_text(const struct json *j, uint32_t item)
{
    uint32_t content = object_field(j, item, "content");
    if (!json_is(j, content, JSON_ARRAY))
        return json_is(j, content, JSON_STRING);
    for (uint32_t part = json_first(j, content); part; part = json_next(j, part))
        if (!json_is(j, object_field(j, part, "text"), JSON_STRING))
            return false;
    return json_first(j, content) != JSON_NONE;
}

/* Returns the first item if it is a developer or system message with only text, and not the last item. Items with
 * tools, which Codex sends before it for some models, are skipped. */
static uint32_t find_lifted(const struct json *j, uint32_t input)
{
    uint32_t first = json_is(j, input, JSON_ARRAY) ? json_first(j, input) : JSON_NONE;
    while (first && slice_is(object_text(j, first, "type"), "additional_tools"))
        first = json_next(j, first);
    bool fits = json_is(j, first, JSON_OBJECT) && is_message(j, first) && is_text(j, first) && json_next(j, first) &&
                (is_role(j, first, "developer") || is_role(j, first, "system"));
    return fits ? first : JSON_NONE;
}

/* Writes a message's text, escaped as it is, with an empty line between its parts. */
static void write_text(struct adapter *m, uint32_t item)
{
    const struct json *j = m->j;
    uint32_t content = object_field(j, item, "content");
    if (!json_is(j, content, JSON_ARRAY)) {
        buf_add_slice(m->out, json_inner(j, content));
        return;
    }
    for (uint32_t part = json_first(j, content); part; part = json_next(j, part)) {
        buf_add_slice(m->out, object_text(j, part, "text"));
        if (json_next(j, part))
            BUF_ADD(m->out, "\\n\\n");
    }
}

static void write_instructions(struct adapter *m, uint32_t client_instructions)
{
    BUF_ADD(m->out, "\"instructions\":");
    if (m->configured) {
        json_add_string(m->out, slice_of(m->configured));
    } else if (client_instructions) {
        buf_add_slice(m->out, json_raw(m->j, client_instructions));
    } else {
        BUF_ADD(m->out, "\"");
        if (m->lifted)
            write_text(m, m->lifted);
        else
            BUF_ADD(m->out, DEFAULT_INSTRUCTIONS);
        BUF_ADD(m->out, "\"");
    }
}

static void begin_message(struct adapter *m, const char *role)
{
    separate(m);
    buf_add_format(m->out,
                   "{\"type\":\"message\",\"role\":\"%s\",\"content\":[{\"type\":\"input_text\",\"text\":", role);
}

static bool ends_with(struct slice text, struct slice end)
{
    return text.len >= end.len && memcmp(text.ptr + text.len - end.len, end.ptr, end.len) == 0;
}

static void open_call(struct adapter *m, uint32_t item)
{
    if (open_calls_add(&m->open, object_text(m->j, item, "call_id"), item))
        return;
    if (m->open.count == OPEN_CALLS_MAX)
        m->refusal = OPEN_CALLS_REFUSAL;
    else
        m->no_memory = true;
}

/* Writes an output without a call as a user message: the backend would refuse the output. */
static void write_orphan(struct adapter *m, uint32_t item)
{
    const struct json *j = m->j;
    uint32_t output = object_field(j, item, "output");
    begin_message(m, "user");
    BUF_ADD(m->out, "\"Output of an earlier tool call:");
    if (json_is(j, output, JSON_STRING)) {
        BUF_ADD(m->out, "\\n");
        buf_add_slice(m->out, json_inner(j, output));
    }
    BUF_ADD(m->out, "\"}");
    for (uint32_t part = json_is(j, output, JSON_ARRAY) ? json_first(j, output) : JSON_NONE; part;
         part = json_next(j, part)) {
        BUF_ADD(m->out, ",");
        buf_add_slice(m->out, json_raw(j, part));
    }
    BUF_ADD(m->out, "]}");
}

/* Writes the item without its id; the role "system", which the backend does not know, becomes "developer". */
static void write_item(struct adapter *m, uint32_t item)
{
    const struct json *j = m->j;
    bool any = false, system = is_message(j, item) && is_role(j, item, "system");
    separate(m);
    BUF_ADD(m->out, "{");
    for (uint32_t key = json_first(j, item); key; key = json_next(j, key)) {
        if (json_string_is(j, key, "id"))
            continue;
        if (any)
            BUF_ADD(m->out, ",");
        any = true;
        buf_add_slice(m->out, json_raw(j, key));
        BUF_ADD(m->out, ":");
        if (system && json_string_is(j, key, "role"))
            BUF_ADD(m->out, "\"developer\"");
        else
            buf_add_slice(m->out, json_raw(j, json_value(key)));
    }
    BUF_ADD(m->out, "}");
}

static void write_list(struct adapter *m)
{
    const struct json *j = m->j;
    for (uint32_t item = json_first(j, m->input); item; item = json_next(j, item)) {
        struct slice type = object_text(j, item, "type");
        bool output = slice_is(type, "function_call_output") || slice_is(type, "custom_tool_call_output");
        if (slice_is(type, "item_reference") && !reference_is_reasoning(j, item))
            m->refusal = "the input has " REFERENCE_REFUSAL;
        if (item == m->lifted || slice_is(type, "item_reference"))
            continue;
        /* Without a store on the server, reasoning that is not in the request does not exist. */
        if (slice_is(type, "reasoning") && !object_text(j, item, "encrypted_content").len)
            continue;
        if (ends_with(type, SLICE("_call")))
            open_call(m, item);
        if (output && open_calls_take(&m->open, object_text(j, item, "call_id")) == NO_ITEM) {
            write_orphan(m, item);
        } else if (json_is(j, item, JSON_OBJECT)) {
            write_item(m, item);
        } else {
            separate(m);
            buf_add_slice(m->out, json_raw(j, item));
        }
    }
}

static void write_input(struct adapter *m, uint32_t client_instructions)
{
    BUF_ADD(m->out, ",\"input\":[");
    m->any = false;
    if (m->configured && client_instructions) {
        begin_message(m, "developer");
        buf_add_slice(m->out, json_raw(m->j, client_instructions));
        BUF_ADD(m->out, "}]}");
    }
    if (json_is(m->j, m->input, JSON_ARRAY)) {
        write_list(m);
    } else if (json_is(m->j, m->input, JSON_STRING)) {
        begin_message(m, "user");
        buf_add_slice(m->out, json_raw(m->j, m->input));
        BUF_ADD(m->out, "}]}");
    }
    BUF_ADD(m->out, "]");
}

static void write_include(struct adapter *m)
{
    const struct json *j = m->j;
    uint32_t include = root_field(j, "include");
    BUF_ADD(m->out, ",\"include\":[\"" ENCRYPTED "\"");
    for (uint32_t n = json_is(j, include, JSON_ARRAY) ? json_first(j, include) : JSON_NONE; n; n = json_next(j, n))
        if (!json_string_is(j, n, ENCRYPTED)) {
            BUF_ADD(m->out, ",");
            buf_add_slice(m->out, json_raw(j, n));
        }
    BUF_ADD(m->out, "]");
}

/* Writes the client's reasoning object, with the nearest effort that the model accepts to the client's, or to the one
 * in the model's name. */
static void write_reasoning(struct adapter *m, const struct chatgpt_model *model)
{
    const struct json *j = m->j;
    uint32_t reasoning = root_field(j, "reasoning");
    struct slice asked = reasoning ? object_text(j, reasoning, "effort") : (struct slice){NULL, 0};
    struct slice effort = chatgpt_effort(model->name, asked.len ? asked : model->effort);
    bool any = effort.len > 0;
    if (!any && !reasoning)
        return;
    BUF_ADD(m->out, ",\"reasoning\":{");
    if (any) {
        BUF_ADD(m->out, "\"effort\":\"");
        buf_add_slice(m->out, effort);
        BUF_ADD(m->out, "\"");
    }
    for (uint32_t key = json_is(j, reasoning, JSON_OBJECT) ? json_first(j, reasoning) : JSON_NONE; key;
         key = json_next(j, key)) {
        if (json_string_is(j, key, "effort"))
            continue;
        if (any)
            BUF_ADD(m->out, ",");
        any = true;
        buf_add_slice(m->out, json_raw(j, key));
        BUF_ADD(m->out, ":");
        buf_add_slice(m->out, json_raw(j, json_value(key)));
    }
    BUF_ADD(m->out, "}");
}

/* Copies the fields that Codex CLI itself sends to the backend and those that LiteLLM passes through. */
static void write_others(struct adapter *m)
{
    static const char *const copied[] = {
        "tools",           "tool_choice",          "parallel_tool_calls", "text", "service_tier", "prompt_cache_key",
        "client_metadata", "previous_response_id", "truncation"};
    for (size_t i = 0; i < sizeof copied / sizeof *copied; i++) {
        uint32_t value = root_field(m->j, copied[i]);
        if (!value)
            continue;
        buf_add_format(m->out, ",\"%s\":", copied[i]);
        buf_add_slice(m->out, json_raw(m->j, value));
    }
}

/* Refuses fields that the backend would ignore silently. (It refuses previous_response_id itself.) */
static void refuse_stateful(struct adapter *m)
{
    if (root_field(m->j, "conversation") || root_field(m->j, "prompt"))
        m->refusal = "the ChatGPT login's backend stores no conversations or prompts: send the whole conversation in "
                     "'input'";
    else if (json_is(m->j, root_field(m->j, "background"), JSON_TRUE))
        m->refusal = "the ChatGPT login's backend does not support background responses: leave 'background' out";
}

bool chatgpt_request(struct slice body, const char *instructions, struct buf *out, const char **refusal)
{
    struct json j = {0};
    bool ok = json_parse(&j, body.ptr, body.len) && json_type(&j, 0) == JSON_OBJECT;
    *refusal = NULL;
    if (ok) {
        struct adapter m = {.j = &j, .out = out, .configured = instructions, .input = root_field(&j, "input")};
        struct chatgpt_model model = chatgpt_model(json_inner(&j, root_field(&j, "model")));
        uint32_t client_instructions = root_field(&j, "instructions");
        if (!json_is(&j, client_instructions, JSON_STRING) || !json_inner(&j, client_instructions).len)
            client_instructions = JSON_NONE;
        if (!client_instructions && !m.configured)
            m.lifted = find_lifted(&j, m.input);
        BUF_ADD(out, "{\"model\":\"");
        buf_add_slice(out, model.name);
        BUF_ADD(out, "\",");
        write_instructions(&m, client_instructions);
        write_input(&m, client_instructions);
        BUF_ADD(out, ",\"stream\":true,\"store\":false");
        write_include(&m);
        write_reasoning(&m, &model);
        write_others(&m);
        refuse_stateful(&m);
        ok = BUF_ADD(out, "}") && !out->failed && !m.no_memory && !m.refusal;
        *refusal = m.refusal;
        open_calls_free(&m.open);
    }
    json_free(&j);
    return ok;
}
