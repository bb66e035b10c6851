/* pure. Reads a provider's error reply, in whichever shape it comes, and tells which kind of failure it is.
 *
 *   OpenAI, Ollama   {"error":{"message","type","code"}}
 *   Gemini           [{"error":{"code":429,"message","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"17s"}]}}]
 *   Hugging Face     {"error":"text"} or {"error":["text"],"error_type"}
 *   FastAPI          {"detail":"text"} or {"detail":[{"msg"}]}
 *   others           {"message":"text"}, plain text, an HTML page, nothing
 */
#include "proxy/terms/failure_private.h"

#include "common/json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define NESTED_MAX 4
#define MESSAGE_MAX (64u << 10)
#define PLAIN_TEXT_MAX 4096 /* more than is shown: the cut at a character's end comes later */

struct report {
    struct slice code, type, status; /* as written in the body; empty when absent */
    struct buf message;
    int http;          /* a status that stands in the body, else 0 */
    int retry_after_s; /* of the body, else -1 */
    struct slice body;
};

/* Words that stand in error.code, .type or .status. `sure` ones count for more than the HTTP status does. */
static const struct word {
    const char *word;
    enum failure_kind kind;
    bool sure;
} WORDS[] = {
    {"context_length_exceeded", FAILURE_CONTEXT, true},
    {"string_above_max_length", FAILURE_CONTEXT, true},
    {"insufficient_quota", FAILURE_QUOTA, true},
    {"usage_limit_reached", FAILURE_QUOTA, true},
    {"usage_not_included", FAILURE_QUOTA, true},
    {"billing_hard_limit_reached", FAILURE_QUOTA, true},
    {"billing_not_active", FAILURE_QUOTA, true},
    {"content_filter", FAILURE_CONTENT_FILTER, true},
    {"content_policy_violation", FAILURE_CONTENT_FILTER, true},
    {"cyber_policy", FAILURE_CONTENT_FILTER, true},
    {"bio_policy", FAILURE_CONTENT_FILTER, true},
    {"invalid_api_key", FAILURE_AUTH, true},
    {"authentication_error", FAILURE_AUTH, true},
    {"UNAUTHENTICATED", FAILURE_AUTH, true},
    {"PERMISSION_DENIED", FAILURE_AUTH, true},
    {"permission_error", FAILURE_AUTH, true},
    {"model_not_found", FAILURE_NOT_FOUND, true},
    {"model_not_supported", FAILURE_NOT_FOUND, true},
    {"rate_limit_exceeded", FAILURE_RATE_LIMIT, true},
    {"rate_limit_error", FAILURE_RATE_LIMIT, true},
    {"RESOURCE_EXHAUSTED", FAILURE_RATE_LIMIT, true},
    {"overloaded_error", FAILURE_OVERLOADED, true},
    {"server_is_overloaded", FAILURE_OVERLOADED, true},
    {"slow_down", FAILURE_OVERLOADED, true},
    {"UNAVAILABLE", FAILURE_OVERLOADED, true},
    {"DEADLINE_EXCEEDED", FAILURE_TIMEOUT, true},
    {"timeout_error", FAILURE_TIMEOUT, false},
    {"NOT_FOUND", FAILURE_NOT_FOUND, false},
    {"not_found_error", FAILURE_NOT_FOUND, false},
    {"invalid_prompt", FAILURE_BAD_REQUEST, false},
    {"invalid_request_error", FAILURE_BAD_REQUEST, false},
    {"INVALID_ARGUMENT", FAILURE_BAD_REQUEST, false},
    {"FAILED_PRECONDITION", FAILURE_BAD_REQUEST, false},
    {"validation", FAILURE_BAD_REQUEST, false},
};

#define OF(kind) (1u << (kind))
#define REFUSED (OF(FAILURE_BAD_REQUEST) | OF(FAILURE_SERVER))

/* Parts of messages, in lower case, that tell more than the status: looked for where the failure is one of `among`. */
static const struct phrase {
    const char *text;
    unsigned among;
    enum failure_kind kind;
} PHRASES[] = {
    {"context length", REFUSED, FAILURE_CONTEXT},
    {"context_length", REFUSED, FAILURE_CONTEXT},
    {"context window", REFUSED, FAILURE_CONTEXT},
    {"context size", REFUSED, FAILURE_CONTEXT},
    {"input token count", REFUSED, FAILURE_CONTEXT},
    {"maximum number of tokens", REFUSED, FAILURE_CONTEXT},
    {"maximum prompt length", REFUSED, FAILURE_CONTEXT},
    {"prompt is too long", REFUSED, FAILURE_CONTEXT},
    {"input is too long", REFUSED, FAILURE_CONTEXT},
    {"reduce the length of", REFUSED, FAILURE_CONTEXT},
    {"`inputs` must have less than", REFUSED, FAILURE_CONTEXT},
    {"content management policy", OF(FAILURE_BAD_REQUEST), FAILURE_CONTENT_FILTER},
    {"content policy", OF(FAILURE_BAD_REQUEST), FAILURE_CONTENT_FILTER},
    {"usage policy", OF(FAILURE_BAD_REQUEST), FAILURE_CONTENT_FILTER},
    {"prefill", OF(FAILURE_BAD_REQUEST), FAILURE_UNSUPPORTED},
    {"must end with a user message", OF(FAILURE_BAD_REQUEST), FAILURE_UNSUPPORTED},
    {"does not support tools", OF(FAILURE_BAD_REQUEST), FAILURE_UNSUPPORTED},
    {"does not support function", OF(FAILURE_BAD_REQUEST), FAILURE_UNSUPPORTED},
    {"support image", OF(FAILURE_BAD_REQUEST), FAILURE_UNSUPPORTED},
    {"not a multimodal", OF(FAILURE_BAD_REQUEST), FAILURE_UNSUPPORTED},
    {"no endpoints found that", OF(FAILURE_NOT_FOUND), FAILURE_UNSUPPORTED}, /* OpenRouter: "… support tool use" */
    {"api key not valid", OF(FAILURE_BAD_REQUEST), FAILURE_AUTH},
    {"api key expired", OF(FAILURE_BAD_REQUEST), FAILURE_AUTH},
    {"invalid api key", OF(FAILURE_BAD_REQUEST), FAILURE_AUTH},
    {"incorrect api key", OF(FAILURE_BAD_REQUEST), FAILURE_AUTH},
    {"is not a valid model", OF(FAILURE_BAD_REQUEST), FAILURE_NOT_FOUND},
    {"credit balance", OF(FAILURE_BAD_REQUEST) | OF(FAILURE_AUTH) | OF(FAILURE_RATE_LIMIT), FAILURE_QUOTA},
    {"included credits", OF(FAILURE_AUTH) | OF(FAILURE_RATE_LIMIT), FAILURE_QUOTA},
    {"current quota", OF(FAILURE_RATE_LIMIT), FAILURE_QUOTA},
};

/* What the user can do about it, where the provider does not say. */
static const char *advice(enum failure_kind kind)
{
    if (kind == FAILURE_AUTH)
        return "The provider refused its key: check that key and start again with a valid one. ";
    if (kind == FAILURE_NOT_FOUND)
        return "The provider does not have this model, or not for this key: check the model's name. ";
    return "";
}

static bool contains(struct slice text, const char *lower_case)
{
    size_t len = strlen(lower_case);
    for (size_t at = 0; at + len <= text.len; at++)
        if (tolower((unsigned char)text.ptr[at]) == *lower_case && strncasecmp(text.ptr + at, lower_case, len) == 0)
            return true;
    return false;
}

static void add_message(const struct json *j, uint32_t node, struct report *r)
{
    if (r->message.len)
        return;
    if (json_type(j, node) == JSON_STRING)
        json_unescape(j, node, &r->message);
    else if (json_type(j, node) == JSON_OBJECT || json_type(j, node) == JSON_ARRAY)
        buf_add_slice(&r->message, json_raw(j, node));
}

static void add_code(const struct json *j, uint32_t node, struct slice *word, struct report *r)
{
    int64_t number;
    if (json_int64(j, node, &number) && number >= 400 && number <= 599)
        r->http = (int)number;
    else if (node != JSON_NONE && word->len == 0)
        *word = json_inner(j, node);
}

/* "17s" or "17.4s" in a Google RetryInfo, rounded up. */
static void add_details(const struct json *j, uint32_t details, struct report *r)
{
    if (!json_is(j, details, JSON_ARRAY))
        return;
    for (uint32_t n = json_first(j, details); n != JSON_NONE; n = json_next(j, n)) {
        struct slice delay = json_inner(j, json_get(j, n, "retryDelay"));
        int seconds = 0;
        size_t at = 0;
        for (; at < delay.len && at < 6 && isdigit((unsigned char)delay.ptr[at]); at++)
            seconds = seconds * 10 + (delay.ptr[at] - '0');
        if (at == 0 || at == delay.len || (delay.ptr[at] != 's' && delay.ptr[at] != '.'))
            continue;
        r->retry_after_s = seconds + (delay.ptr[at] == '.');
    }
}

/* Collects from an error in any of the shapes above. */
static void read_error(const struct json *j, uint32_t node, unsigned depth, struct report *r)
{
    static const char *const NESTED[] = {"error", "detail"};
    if (depth > NESTED_MAX)
        return;
    if (json_type(j, node) == JSON_STRING) {
        add_message(j, node, r);
        return;
    }
    if (json_type(j, node) == JSON_ARRAY) {
        uint32_t first = json_first(j, node);
        if (first != JSON_NONE)
            read_error(j, first, depth + 1, r);
        return;
    }
    if (json_type(j, node) != JSON_OBJECT)
        return;
    for (size_t i = 0; i < sizeof NESTED / sizeof *NESTED; i++) {
        uint32_t inner = json_get(j, node, NESTED[i]);
        if (inner != JSON_NONE)
            read_error(j, inner, depth + 1, r);
    }
    add_code(j, json_get(j, node, "code"), &r->code, r);
    add_code(j, json_get(j, node, "type"), &r->type, r);
    add_code(j, json_get(j, node, "error_type"), &r->type, r);
    add_code(j, json_get(j, node, "status"), &r->status, r);
    add_details(j, json_get(j, node, "details"), r);
    static const char *const MESSAGES[] = {"message", "msg"};
    for (size_t i = 0; i < sizeof MESSAGES / sizeof *MESSAGES; i++) {
        uint32_t message = json_get(j, node, MESSAGES[i]);
        if (message != JSON_NONE)
            add_message(j, message, r);
    }
}

static enum failure_kind kind_of_status(int http)
{
    switch (http) {
    case 401:
    case 403: return FAILURE_AUTH;
    case 402: return FAILURE_QUOTA;
    case 404:
    case 405: /* no such path there: api_base is wrong, another deployment's may be right */ return FAILURE_NOT_FOUND;
    case 408: return FAILURE_TIMEOUT;
    case 429: return FAILURE_RATE_LIMIT;
    case 503:
    case 529: return FAILURE_OVERLOADED;
    default: return http >= 500 ? FAILURE_SERVER : http >= 400 ? FAILURE_BAD_REQUEST : FAILURE_PROTOCOL;
    }
}

static const struct word *find_word(const struct report *r, bool sure)
{
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if ((WORDS[i].sure || !sure) &&
            (slice_is_nocase(r->code, WORDS[i].word) || slice_is_nocase(r->type, WORDS[i].word) ||
             slice_is_nocase(r->status, WORDS[i].word)))
            return &WORDS[i];
    return NULL;
}

/* Sure words, then the HTTP status, then other words; the message's phrases may say it more exactly. */
static enum failure_kind classify(const struct report *r)
{
    const struct word *word = find_word(r, r->http != 0);
    enum failure_kind kind = word ? word->kind : r->http ? kind_of_status(r->http) : FAILURE_SERVER;
    struct slice message = buf_slice(&r->message);
    for (size_t i = 0; i < sizeof PHRASES / sizeof *PHRASES; i++) {
        if (!(PHRASES[i].among & OF(kind)) || !contains(message, PHRASES[i].text))
            continue;
        kind = PHRASES[i].kind;
        break;
    }
    /* Gemini says "current quota" of its limits per minute, too; those are over in a moment. */
    if (kind == FAILURE_QUOTA && r->http == 429 && contains(r->body, "perminute"))
        kind = FAILURE_RATE_LIMIT;
    return kind;
}

/* What to show of a body that is no JSON error. */
static void describe_body(struct report *r)
{
    struct slice text = r->body;
    while (text.len && isspace((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    if (text.len == 0)
        buf_add_format(&r->message, "the provider answered HTTP %d without a body", r->http);
    else if (*text.ptr == '<')
        buf_add_format(&r->message, "the provider answered HTTP %d with a web page", r->http);
    else if (*text.ptr == '{' || *text.ptr == '[')
        buf_add_format(&r->message, "the provider answered HTTP %d without a message", r->http);
    else
        buf_add_format(&r->message, "the provider answered HTTP %d: %.*s", r->http,
                       (int)(text.len < PLAIN_TEXT_MAX ? text.len : PLAIN_TEXT_MAX), text.ptr);
}

static void fill(struct failure *f, struct report *r, int status, int retry_after_s)
{
    *f = (struct failure){
        .kind = classify(r),
        .upstream_status = status,
        .retry_after_s = retry_after_s >= 0 ? retry_after_s : r->retry_after_s,
    };
    if (r->message.len == 0)
        describe_body(r);
    struct buf message;
    buf_init(&message, MESSAGE_MAX + 256);
    buf_add_text(&message, advice(f->kind));
    buf_add_slice(&message, buf_slice(&r->message));
    failure_fill(f, r->code.len ? r->code : r->status, buf_slice(&message));
    buf_free(&message);
    buf_free(&r->message);
}

void failure_from_reply(struct failure *f, int status, int retry_after_s, struct slice body)
{
    struct json j = {0};
    struct report r = {.http = 0, .retry_after_s = -1, .body = body};
    buf_init(&r.message, MESSAGE_MAX);
    if (json_parse(&j, body.ptr, body.len))
        read_error(&j, 0, 0, &r);
    r.http = status; /* the reply's own status counts, not one inside */
    fill(f, &r, status, retry_after_s);
    json_free(&j);
}

void failure_from_error(struct failure *f, struct slice error_object)
{
    struct json j = {0};
    struct report r = {.retry_after_s = -1, .body = error_object};
    buf_init(&r.message, MESSAGE_MAX);
    if (json_parse(&j, error_object.ptr, error_object.len))
        read_error(&j, 0, 0, &r);
    if (r.message.len == 0)
        BUF_ADD(&r.message, "the provider broke off with an error that has no message");
    fill(f, &r, r.http, -1);
    json_free(&j);
}
