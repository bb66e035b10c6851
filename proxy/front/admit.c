/* pure: maps a request head to an endpoint and checks access. */
#include "proxy/front/admit.h"

#include "common/ceiling.h"
#include "common/guard.h"
#include "common/secret.h"
#include "proxy/front/coding.h"
#include "proxy/terms/failure.h"

static const struct route {
    const char *method; /* NULL: any */
    const char *path;   /* without the optional "/v1" */
    bool prefix;        /* the path continues with a name */
    bool open;          /* no key required */
    enum endpoint endpoint;
} routes[] = {
    {"POST", "/chat/completions", false, false, ENDPOINT_CHAT},
    {"POST", "/responses", false, false, ENDPOINT_RESPONSES},
    {"POST", "/completions", false, false, ENDPOINT_COMPLETIONS},
    {"POST", "/embeddings", false, false, ENDPOINT_EMBEDDINGS},
    {NULL, "/responses/", true, false, ENDPOINT_STORED},
    {"OPTIONS", "*", false, true, ENDPOINT_OPTIONS},
    {"GET", "/", false, true, ENDPOINT_LIVENESS},
    {"GET", "/models", false, false, ENDPOINT_MODELS},
    {"GET", "/models/", true, false, ENDPOINT_MODEL},
    {"GET", "/health", false, false, ENDPOINT_HEALTH},
    {"GET", "/health/liveliness", false, true, ENDPOINT_LIVENESS},
    {"GET", "/health/liveness", false, true, ENDPOINT_LIVENESS},
    {"GET", "/health/readiness", false, true, ENDPOINT_READINESS},
    {"GET", "/dispatch/metrics", false, false, ENDPOINT_METRICS},
    {"GET", "/dispatch/state", false, false, ENDPOINT_STATE},
    {"GET", "/cache/ping", false, false, ENDPOINT_CACHE_PING},
    {"POST", "/cache/delete", false, false, ENDPOINT_CACHE_DELETE},
    {"POST", "/cache/flushall", false, false, ENDPOINT_CACHE_FLUSH},
    {"POST", "/dispatch/reset", false, false, ENDPOINT_RESET},
    {NULL, "/key/", true, false, ENDPOINT_KEYS},
    {NULL, "/team/", true, false, ENDPOINT_KEYS},
    {NULL, "/user/", true, false, ENDPOINT_KEYS},
    {NULL, "/budget/", true, false, ENDPOINT_KEYS},
    {NULL, "/customer/", true, false, ENDPOINT_KEYS},
    {NULL, "/end_user/", true, false, ENDPOINT_KEYS},
    {NULL, "/spend/", true, false, ENDPOINT_KEYS},
    {NULL, "/global/spend", false, false, ENDPOINT_KEYS},
    {NULL, "/key_store/", true, false, ENDPOINT_KEYS},
};

static const struct refusal
    wrong_host = {403, "invalid_request_error", "host_not_allowed",
                  "Host not allowed: use http://127.0.0.1 with the proxy's port.", NULL},
    wrong_origin = {403, "invalid_request_error", "origin_not_allowed",
                    "Requests from web pages of other origins are refused.", NULL},
    no_path = {404, "invalid_request_error", "not_found",
               "No such path. See GET /v1/models, POST /v1/responses, POST /v1/chat/completions.", NULL},
    no_key = {401, "authentication_error", "invalid_api_key",
              "Missing master key: send 'Authorization: Bearer KEY'. To print it, run: pointsman key", NULL},
    wrong_key = {401, "authentication_error", "invalid_api_key",
                 "Invalid master key: it changes at every start. To print it, run: pointsman key", NULL},
    no_websocket = {426, "invalid_request_error", "upgrade_not_supported", "WebSocket is not supported: use POST.",
                    NULL},
    no_coding = {415, "invalid_request_error", "unsupported_content_encoding",
                 "Unsupported Content-Encoding. Send the body uncompressed, or as gzip, deflate or zstd. "
                 "In Codex: features.enable_request_compression=false.",
                 "Accept-Encoding: " CODING_NAMES "\r\n"},
    too_large = {413, "invalid_request_error", "request_too_large", "The request body is too large.", NULL};

enum wire endpoint_wire(enum endpoint endpoint)
{
    static const enum wire wires[] = {
        [ENDPOINT_CHAT] = WIRE_CHAT,
        [ENDPOINT_RESPONSES] = WIRE_RESPONSES,
        [ENDPOINT_COMPLETIONS] = WIRE_COMPLETIONS,
        [ENDPOINT_EMBEDDINGS] = WIRE_EMBEDDINGS,
    };
    return (size_t)endpoint < sizeof wires / sizeof *wires ? wires[endpoint] : (enum wire)0;
}

bool endpoint_is_open(enum endpoint endpoint)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (routes[i].endpoint == endpoint)
            return routes[i].open;
    return false;
}

size_t admit_body_max(const struct admit_options *options, enum endpoint endpoint)
{
    return endpoint_is_open(endpoint) ? CEILING_FREE : options->body_max;
}

static bool matches(const struct route *route, struct slice path)
{
    return route->prefix ? slice_starts(path, route->path) && path.len > slice_of(route->path).len
                         : slice_is(path, route->path);
}

static bool find_route(const struct http_head *head, const struct route **found, struct refusal *refusal)
{
    struct slice path = head->path;
    if (slice_starts(path, "/v1/") && path.len > 4) {
        path.ptr += 3;
        path.len -= 3;
    }
    *refusal = no_path;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const char *method = routes[i].method;
        if (!matches(&routes[i], path))
            continue;
        bool get = method && *method == 'G';
        if (!method || slice_is(head->method, method) || (get && slice_is(head->method, "HEAD"))) {
            *found = &routes[i];
            return true;
        }
        if (head->minor == 1 && http_field(head, "upgrade").ptr)
            *refusal = no_websocket;
        else
            *refusal = (struct refusal){405, "invalid_request_error", "method_not_allowed",
                                        get ? "This path accepts GET only." : "This path accepts POST only.",
                                        get ? "Allow: GET, HEAD\r\n" : "Allow: POST\r\n"};
    }
    return false;
}

struct slice admit_key(const struct http_head *head)
{
    struct slice value = http_field(head, "authorization");
    if (value.len > 7 && slice_is_nocase((struct slice){value.ptr, 7}, "bearer "))
        return slice_trim((struct slice){value.ptr + 7, value.len - 7});
    value = http_field(head, "x-api-key");
    return value.ptr ? value : http_field(head, "api-key");
}

bool admit(const struct http_head *head, const struct admit_options *options, enum endpoint *endpoint,
           struct refusal *refusal)
{
    const struct route *route = NULL;
    if (!guard_host(head->host, options->port) && !guard_host_among(head->host, options->hosts)) {
        *refusal = wrong_host;
        return false;
    }
    if (!guard_origin(http_field(head, "origin"), options->port) ||
        !guard_fetch_site(http_field(head, "sec-fetch-site"))) {
        *refusal = wrong_origin;
        return false;
    }
    if (!find_route(head, &route, refusal))
        return false;
    if (!route->open && !options->virtual_keys) {
        struct slice key = admit_key(head);
        if (!secret_equal(key, options->master_key)) {
            *refusal = key.len ? wrong_key : no_key;
            return false;
        }
    }
    *endpoint = route->endpoint;
    if (head->framing == HTTP_LENGTH && head->content_length > admit_body_max(options, route->endpoint)) {
        *refusal = too_large;
        return false;
    }
    enum coding coding;
    if (head->coding.len && endpoint_wire(route->endpoint) && !coding_read(head->coding, &coding)) {
        *refusal = no_coding;
        return false;
    }
    return true;
}

bool refusal_body(const struct refusal *refusal, struct buf *out)
{
    return failure_write(slice_of(refusal->message), refusal->type, refusal->code, NULL, out);
}
