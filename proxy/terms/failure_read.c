/* pure: reads a provider's error, in any of these formats.
 *
 *   OpenAI, Ollama   {"error":{"message","type","code"}}
 *   Gemini           [{"error":{"code":429,"message","status":"RESOURCE_EXHAUSTED","details":[{"retryDelay":"17s"}]}}]
 *   Hugging Face     {"error":"text"} or {"error":["text"],"error_type"}
 *   FastAPI          {"detail":"text"} or {"detail":[{"msg"}]}
 *   OpenRouter       {"error":{"message":"Provider returned error","metadata":{"raw":"text, or JSON as text",
 *                    "provider_name"}}}
 *   LiteLLM, one-api {"error":{"message":"GroqException - {\"error\":{…}}"}}
 *   Cloudflare       {"errors":[{"message","code"}],"success":false}
 *   MiniMax          {"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}
 *   Baidu            {"error_code":336007,"error_msg":"text"}
 *   others           {"message":"text"}, plain text, an HTML page, nothing; any of these in a server-sent event
 */
#include "proxy/terms/failure_private.h"

#include "common/json.h"

#include <ctype.h>
#include <stdlib.h>

#define NESTED_MAX 6 /* levels of objects, arrays and embedded JSON */

static void read_node(const struct json *j, uint32_t node, unsigned depth, struct failure_report *r);

static void copy_word(char word[64], struct slice text)
{
    size_t len = text.len < 63 ? text.len : 63;
    if (*word || !len)
        return;
    memcpy(word, text.ptr, len);
    word[len] = '\0';
}

/* Returns the seconds of "17s", "17.4s" or "17", rounded up; -1: something else. */
static int seconds_of(struct slice text)
{
    int seconds = 0;
    size_t at = 0;
    bool part = false;
    for (; at < text.len && at < 6 && isdigit((unsigned char)text.ptr[at]); at++)
        seconds = seconds * 10 + (text.ptr[at] - '0');
    size_t digits = at;
    if (at < text.len && text.ptr[at] == '.')
        for (at++; at < text.len && isdigit((unsigned char)text.ptr[at]); at++)
            part |= text.ptr[at] != '0';
    if (at < text.len && text.ptr[at] == 's')
        at++;
    return digits && at == text.len ? seconds + part : -1;
}

/* Returns a string's text, or a number's digits. */
static struct slice plain(const struct json *j, uint32_t node)
{
    return json_is(j, node, JSON_NUMBER) ? json_raw(j, node) : json_inner(j, node);
}

static void read_wait(const struct json *j, uint32_t node, struct failure_report *r)
{
    int seconds = node ? seconds_of(plain(j, node)) : -1;
    if (seconds >= 0)
        r->retry_after_s = seconds;
}

/* Reads a code; one from 400 to 599, number or string, is an HTTP status. */
static void read_code(const struct json *j, uint32_t node, char word[64], struct failure_report *r)
{
    struct slice text = node ? plain(j, node) : (struct slice){NULL, 0};
    if (text.len == 3 && (text.ptr[0] == '4' || text.ptr[0] == '5') && isdigit((unsigned char)text.ptr[1]) &&
        isdigit((unsigned char)text.ptr[2]))
        r->http = r->http ? r->http : (text.ptr[0] - '0') * 100 + (text.ptr[1] - '0') * 10 + (text.ptr[2] - '0');
    else if (!slice_is(text, "0"))
        copy_word(word, text);
}

/* Reads JSON within a text, from its first brace to its last. */
static bool read_embedded(struct slice text, unsigned depth, struct failure_report *r)
{
    const char *begin = text.len ? memchr(text.ptr, '{', text.len) : NULL;
    const char *end = begin ? memrchr(begin, '}', text.len - (size_t)(begin - text.ptr)) : NULL;
    struct json j = {0};
    bool read = end && json_parse(&j, begin, (size_t)(end - begin) + 1);
    if (read)
        read_node(&j, 0, depth + 1, r);
    json_free(&j);
    return read;
}

/* Reads a message, or JSON that contains one. HTML is ignored. */
static void read_text(struct slice text, unsigned depth, struct failure_report *r)
{
    while (text.len && isspace((unsigned char)*text.ptr)) {
        text.ptr++;
        text.len--;
    }
    if (!text.len || *text.ptr == '<')
        return;
    if (*text.ptr == '{' || *text.ptr == '[')
        (void)read_embedded(text, depth, r);
    if (r->message.len)
        return;
    buf_add_slice(&r->message, text);
    (void)read_embedded(text, depth, r);
}

static void read_message(const struct json *j, uint32_t node, unsigned depth, struct failure_report *r)
{
    struct buf text;
    if (r->message.len)
        return;
    if (json_type(j, node) == JSON_OBJECT || json_type(j, node) == JSON_ARRAY) {
        read_node(j, node, depth + 1, r);
        if (!r->message.len)
            buf_add_slice(&r->message, json_raw(j, node));
    }
    buf_init(&text, FAILURE_MESSAGE_MAX);
    if (json_unescape(j, node, &text))
        read_text(buf_slice(&text), depth, r);
    buf_free(&text);
}

/* Prepends the provider's name to the message: "Provider: message". */
static void name_provider(struct slice name, struct failure_report *r)
{
    struct buf named;
    if (!name.len || !r->message.len)
        return;
    buf_init(&named, FAILURE_MESSAGE_MAX);
    json_unescape_inner(name, &named);
    BUF_ADD(&named, ": ");
    buf_add_slice(&named, buf_slice(&r->message));
    buf_clear(&r->message);
    buf_add_slice(&r->message, buf_slice(&named));
    buf_free(&named);
}

/* Reads what a gateway (OpenRouter) adds about the provider. */
static void read_metadata(const struct json *j, uint32_t metadata, unsigned depth, struct failure_report *r)
{
    uint32_t raw = json_get(j, metadata, "raw");
    if (json_is(j, raw, JSON_STRING))
        read_message(j, raw, depth, r);
    else if (raw)
        read_node(j, raw, depth + 1, r);
    read_code(j, json_get(j, metadata, "error_type"), r->type, r);
    read_wait(j, json_get(j, json_get(j, metadata, "headers"), "Retry-After"), r);
    read_wait(j, json_get(j, metadata, "retry_after_seconds"), r);
}

static void read_details(const struct json *j, uint32_t details, struct failure_report *r)
{
    if (!json_is(j, details, JSON_ARRAY))
        return;
    for (uint32_t n = json_first(j, details); n != JSON_NONE; n = json_next(j, n))
        read_wait(j, json_get(j, n, "retryDelay"), r);
}

/* Reads "reasoning.effort", or ["body","reasoning","effort"]. */
static void read_param(const struct json *j, uint32_t param, struct failure_report *r)
{
    struct buf text;
    if (*r->param || !param)
        return;
    buf_init(&text, sizeof r->param - 1);
    if (json_is(j, param, JSON_STRING))
        json_unescape(j, param, &text);
    for (uint32_t n = json_is(j, param, JSON_ARRAY) ? json_first(j, param) : JSON_NONE; n; n = json_next(j, n))
        if (json_is(j, n, JSON_STRING)) {
            if (text.len)
                buf_add_char(&text, '.');
            json_unescape(j, n, &text);
        }
    if (text.len)
        memcpy(r->param, text.data, text.len);
    r->param[text.len] = '\0';
    buf_free(&text);
}

static void read_object(const struct json *j, uint32_t node, unsigned depth, struct failure_report *r)
{
    static const char *const NESTED[] = {"error", "errors", "detail", "base_resp"};
    static const char *const MESSAGES[] = {"message", "msg", "status_msg", "error_msg"};
    uint32_t metadata = json_get(j, node, "metadata");
    if (json_is(j, metadata, JSON_OBJECT))
        read_metadata(j, metadata, depth, r);
    for (size_t i = 0; i < sizeof NESTED / sizeof *NESTED; i++) {
        uint32_t inner = json_get(j, node, NESTED[i]);
        if (inner != JSON_NONE)
            read_node(j, inner, depth + 1, r);
    }
    const struct {
        const char *key;
        char *word;
    } codes[] = {
        {"code", r->code},       {"error_code", r->code}, {"status_code", r->code}, {"type", r->type},
        {"error_type", r->type}, {"__type", r->type},     {"status", r->status},
    };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        read_code(j, json_get(j, node, codes[i].key), codes[i].word, r);
    read_param(j, json_get(j, node, "param"), r);
    read_param(j, json_get(j, node, "loc"), r);
    read_details(j, json_get(j, node, "details"), r);
    read_wait(j, json_get(j, node, "retry_after"), r);
    read_wait(j, json_get(j, node, "resets_in_seconds"), r);
    for (size_t i = 0; i < sizeof MESSAGES / sizeof *MESSAGES; i++) {
        uint32_t message = json_get(j, node, MESSAGES[i]);
        if (message != JSON_NONE)
            read_message(j, message, depth, r);
    }
    if (json_is(j, metadata, JSON_OBJECT))
        name_provider(json_inner(j, json_get(j, metadata, "provider_name")), r);
}

static void read_node(const struct json *j, uint32_t node, unsigned depth, struct failure_report *r)
{
    if (depth > NESTED_MAX)
        return;
    switch (json_type(j, node)) {
    case JSON_STRING: read_message(j, node, depth, r); break;
    case JSON_ARRAY:
        if (json_first(j, node) != JSON_NONE)
            read_node(j, json_first(j, node), depth + 1, r);
        break;
    case JSON_OBJECT: read_object(j, node, depth, r); break;
    default: break;
    }
}

/* Returns the data of the first server-sent event, or the body if it is not a stream of events. */
static struct slice event_data(struct slice body)
{
    static const char *const FIELDS[] = {"event:", "data:", "error:", "id:", ":"};
    size_t i = 0;
    while (i < sizeof FIELDS / sizeof *FIELDS && !slice_starts(body, FIELDS[i]))
        i++;
    if (i == sizeof FIELDS / sizeof *FIELDS)
        return body;
    while (body.len) {
        const char *end = memchr(body.ptr, '\n', body.len);
        struct slice line = {body.ptr, end ? (size_t)(end - body.ptr) : body.len};
        if (slice_starts(line, "data:") || slice_starts(line, "error:")) {
            size_t name = line.ptr[0] == 'd' ? 5 : 6;
            return slice_trim((struct slice){line.ptr + name, line.len - name});
        }
        body = (struct slice){line.ptr + line.len + !!end, body.len - line.len - !!end};
    }
    return body;
}

void failure_read(struct failure_report *r, struct slice body)
{
    struct json j = {0};
    *r = (struct failure_report){.retry_after_s = -1, .body = event_data(body)};
    buf_init(&r->message, FAILURE_MESSAGE_MAX);
    if (json_parse(&j, r->body.ptr, r->body.len))
        read_node(&j, 0, 0, r);
    json_free(&j);
}
