/* pure: the tables of what is cacheable. */
#include "proxy/cache/rules.h"

#include <string.h>

#define CHAT WIRE_CHAT
#define RESPONSES WIRE_RESPONSES
#define BOTH WIRES_BRIDGED
#define TEXT WIRE_COMPLETIONS
#define VECTORS WIRE_EMBEDDINGS
#define ALL WIRES_ALL

static bool is_given(const struct json *j, uint32_t value)
{
    return !json_is(j, value, JSON_NULL);
}

static bool is_true(const struct json *j, uint32_t value)
{
    return !json_is(j, value, JSON_NULL) && !json_is(j, value, JSON_FALSE);
}

/* Not null and not an empty list. The top level has no nodes below: the text shows it. */
static bool has_any(const struct json *j, uint32_t value)
{
    struct slice raw = json_raw(j, value);
    if (!json_is(j, value, JSON_ARRAY))
        return is_given(j, value);
    for (size_t i = 1; i + 1 < raw.len; i++)
        if (!strchr(" \t\r\n", raw.ptr[i]))
            return true;
    return false;
}

static bool is_above(const struct json *j, uint32_t value, int64_t most)
{
    int64_t number;
    return is_given(j, value) && (!json_int64(j, value, &number) || number > most);
}

static bool is_above_0(const struct json *j, uint32_t value)
{
    return is_above(j, value, 0);
}

static bool is_above_1(const struct json *j, uint32_t value)
{
    return is_above(j, value, 1);
}

/* The fields of the APIs. A field that is not here makes a request uncacheable, because it may change the answer.
 * `forbids`: whether that value does so too. */
static const struct field {
    const char *name;
    unsigned wires; /* set of enum wire */
    enum field_use use;
    bool (*forbids)(const struct json *j, uint32_t value);
    const char *reason;
} FIELDS[] = {
    {"model", ALL, FIELD_KEPT, NULL, NULL},
    {"messages", CHAT, FIELD_KEPT, NULL, NULL},
    {"input", RESPONSES | VECTORS, FIELD_KEPT, NULL, NULL},
    {"dimensions", VECTORS, FIELD_KEPT, NULL, NULL},
    {"encoding_format", VECTORS, FIELD_KEPT, NULL, NULL},
    {"input_type", VECTORS, FIELD_KEPT, NULL, NULL},
    {"suffix", TEXT, FIELD_KEPT, NULL, NULL},
    {"echo", TEXT, FIELD_KEPT, NULL, NULL},
    {"best_of", TEXT, FIELD_KEPT, NULL, NULL},
    {"instructions", RESPONSES, FIELD_KEPT, NULL, NULL},
    {"temperature", BOTH | TEXT, FIELD_KEPT, NULL, NULL},
    {"top_p", BOTH | TEXT, FIELD_KEPT, NULL, NULL},
    {"top_k", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"min_p", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"seed", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"stop", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"max_tokens", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"max_completion_tokens", CHAT, FIELD_KEPT, NULL, NULL},
    {"max_output_tokens", RESPONSES, FIELD_KEPT, NULL, NULL},
    {"max_tool_calls", RESPONSES, FIELD_KEPT, NULL, NULL},
    {"presence_penalty", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"frequency_penalty", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"logit_bias", CHAT | TEXT, FIELD_KEPT, NULL, NULL},
    {"response_format", CHAT, FIELD_KEPT, NULL, NULL},
    {"text", RESPONSES, FIELD_KEPT, NULL, NULL},
    {"reasoning", BOTH, FIELD_KEPT, NULL, NULL},
    {"reasoning_effort", CHAT, FIELD_KEPT, NULL, NULL},
    {"thinking", CHAT, FIELD_KEPT, NULL, NULL},
    {"verbosity", CHAT, FIELD_KEPT, NULL, NULL},
    {"service_tier", BOTH, FIELD_KEPT, NULL, NULL},
    {"include", RESPONSES, FIELD_KEPT, NULL, NULL},
    {"truncation", RESPONSES, FIELD_KEPT, NULL, NULL},
    {"prediction", CHAT, FIELD_KEPT, NULL, NULL},
    {"tool_choice", BOTH, FIELD_KEPT, NULL, NULL},
    {"parallel_tool_calls", BOTH, FIELD_KEPT, NULL, NULL},
    {"tools", BOTH, FIELD_KEPT, has_any, "tools"},
    {"functions", CHAT, FIELD_KEPT, has_any, "tools"},
    {"web_search_options", CHAT, FIELD_KEPT, is_given, "tools"},
    {"function_call", CHAT, FIELD_KEPT, NULL, NULL},
    {"n", CHAT | TEXT, FIELD_KEPT, is_above_1, "n"},
    {"logprobs", CHAT, FIELD_KEPT, is_true, "logprobs"},
    {"logprobs", TEXT, FIELD_KEPT, is_given, "logprobs"},
    {"top_logprobs", BOTH, FIELD_KEPT, is_above_0, "logprobs"},
    {"audio", CHAT, FIELD_KEPT, is_given, "audio"},
    {"modalities", CHAT, FIELD_KEPT, has_any, "modalities"},
    {"store", BOTH, FIELD_KEPT, is_true, "store"},
    {"background", RESPONSES, FIELD_KEPT, is_true, "background"},
    {"previous_response_id", RESPONSES, FIELD_KEPT, is_given, "conversation"},
    {"conversation", RESPONSES, FIELD_KEPT, is_given, "conversation"},
    {"prompt", RESPONSES, FIELD_KEPT, is_given, "conversation"},
    {"prompt", TEXT, FIELD_KEPT, NULL, NULL},
    {"user", ALL, FIELD_SCOPE, NULL, NULL},
    {"safety_identifier", BOTH, FIELD_SCOPE, NULL, NULL},
    {"stream", BOTH, FIELD_DROPPED, NULL, NULL},
    {"stream", TEXT, FIELD_DROPPED, is_true, "stream"},
    {"stream_options", BOTH | TEXT, FIELD_DROPPED, NULL, NULL},
    {"metadata", ALL, FIELD_DROPPED, NULL, NULL},
    {"client_metadata", BOTH, FIELD_DROPPED, NULL, NULL},
    {"prompt_cache_key", BOTH, FIELD_DROPPED, NULL, NULL},
    {"prompt_cache_retention", BOTH, FIELD_DROPPED, NULL, NULL},
    {"prompt_cache_options", BOTH, FIELD_DROPPED, NULL, NULL},
    {"cache", ALL, FIELD_DROPPED, NULL, NULL},
};

static const struct field *find_field(const struct json *doc, uint32_t key, enum wire wire)
{
    for (size_t i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++)
        if ((FIELDS[i].wires & (unsigned)wire) && json_string_is(doc, key, FIELDS[i].name))
            return &FIELDS[i];
    return NULL;
}

enum field_use rules_field(const struct json *doc, uint32_t key, enum wire wire)
{
    const struct field *f = find_field(doc, key, wire);
    return f ? f->use : FIELD_UNKNOWN;
}

static bool is_other_type(const struct cache_query *q)
{
    return !(q->settings->wires & (unsigned)q->wire);
}

static bool is_not_chosen(const struct cache_query *q)
{
    return q->controls->use == CACHE_USE_NO || (!q->settings->default_on && q->controls->use != CACHE_USE_YES);
}

static bool is_malformed(const struct cache_query *q)
{
    return q->controls->malformed;
}

static bool is_no_store(const struct cache_query *q)
{
    return q->controls->no_store;
}

/* Above 0, or left to the provider, the same request is meant to have different answers. Vectors are not sampled. */
static bool is_sampled(const struct cache_query *q)
{
    if (q->wire == WIRE_EMBEDDINGS)
        return false;
    double temperature;
    uint32_t node = json_get(q->top, 0, "temperature");
    bool fixed = node && json_double(q->top, node, &temperature) && temperature == 0;
    return !fixed && !q->settings->any_temperature && q->controls->use != CACHE_USE_YES;
}

/* An upstream that keeps responses does so unless `store` is false. */
static bool is_kept(const struct cache_query *q)
{
    return q->wire == WIRE_RESPONSES && q->upstream_keeps && !json_is(q->top, json_get(q->top, 0, "store"), JSON_FALSE);
}

/* Never looked up, by the request as a whole. */
static const struct {
    bool (*forbids)(const struct cache_query *q);
    const char *reason;
} REQUESTS[] = {
    {is_other_type, "call-type"}, {is_malformed, "malformed-cache"}, {is_not_chosen, "mode"}, {is_no_store, "no-store"},
    {is_kept, "store"},
};

const char *rules_forbid_lookup(const struct cache_query *q)
{
    for (size_t i = 0; i < sizeof REQUESTS / sizeof *REQUESTS; i++)
        if (REQUESTS[i].forbids(q))
            return REQUESTS[i].reason;
    for (uint32_t key = json_first(q->top, 0); key; key = json_next(q->top, key)) {
        const struct field *f = find_field(q->top, key, q->wire);
        if (!f)
            return "unknown-field";
        if (f->forbids && f->forbids(q->top, json_value(key)))
            return f->reason;
    }
    return is_sampled(q) ? "temperature" : NULL;
}

/* Text parts only: an image or a file may be a reference whose content changes. */
static const char *forbid_parts(const struct json *doc, uint32_t content)
{
    static const char *const TEXTS[] = {"text", "input_text", "output_text"};
    for (uint32_t part = json_is(doc, content, JSON_ARRAY) ? json_first(doc, content) : JSON_NONE; part;
         part = json_next(doc, part)) {
        uint32_t type = json_is(doc, part, JSON_OBJECT) ? json_get(doc, part, "type") : JSON_NONE;
        bool text = false;
        for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++)
            text |= type && json_string_is(doc, type, TEXTS[i]);
        if (!text)
            return "media";
    }
    return NULL;
}

static const char *forbid_item(const struct json *doc, uint32_t item)
{
    static const char *const CALLS[] = {"tool_calls", "function_call", "tool_call_id"};
    static const char *const ROLES[] = {"system", "developer", "user", "assistant"};
    if (!json_is(doc, item, JSON_OBJECT))
        return "item";
    uint32_t type = json_get(doc, item, "type"), role = json_get(doc, item, "role");
    bool known = false;
    for (size_t i = 0; i < sizeof ROLES / sizeof *ROLES; i++)
        known |= role && json_string_is(doc, role, ROLES[i]);
    if (!known || (type && !json_string_is(doc, type, "message")))
        return "item";
    for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
        uint32_t calls = json_get(doc, item, CALLS[i]);
        if (calls && has_any(doc, calls))
            return "item";
    }
    return forbid_parts(doc, json_get(doc, item, "content"));
}

/* A prompt, or an input to embed: texts and tokens, or lists of these. An object may be an image. */
static const char *forbid_inputs(const struct json *doc, uint32_t value, int depth)   // NOLINT(misc-no-recursion)
{
    const char *reason = json_is(doc, value, JSON_OBJECT) || depth < 0 ? "media" : NULL;
    for (uint32_t item = json_is(doc, value, JSON_ARRAY) ? json_first(doc, value) : JSON_NONE; item && !reason;
         item = json_next(doc, item))
        reason = forbid_inputs(doc, item, depth - 1);
    return reason;
}

const char *rules_forbid_items(const struct json *doc, enum wire wire)
{
    const char *reason = NULL;
    if (!((unsigned)wire & WIRES_BRIDGED))
        return forbid_inputs(doc, json_get(doc, 0, wire == WIRE_COMPLETIONS ? "prompt" : "input"), 2);
    uint32_t list = json_get(doc, 0, wire == WIRE_CHAT ? "messages" : "input");
    for (uint32_t item = json_is(doc, list, JSON_ARRAY) ? json_first(doc, list) : JSON_NONE; item && !reason;
         item = json_next(doc, item))
        reason = forbid_item(doc, item);
    return reason;
}

const char *rules_forbid_store(const struct cache_answer *a)
{
    /* Never kept. */
    const struct {
        bool forbids;
        const char *reason;
    } answers[] = {
        {a->failed, "failed"}, {a->length, "length"},       {a->calls, "tool-call"},   {a->refused, "refusal"},
        {a->empty, "empty"},   {a->estimated, "usage"},     {a->fallback, "fallback"}, {a->other, "other-model"},
        {a->large, "size"},    {a->not_wanted, "no-store"},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (answers[i].forbids)
            return answers[i].reason;
    return NULL;
}
