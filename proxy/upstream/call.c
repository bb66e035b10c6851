/* loop: one HTTP request to a provider through libcurl. */
#include "proxy/upstream/call.h"

#include "common/clock.h"
#include "proxy/upstream/curl_loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_HANDLES_MAX 256             /* easy handles kept for the next calls */
#define CONNECTIONS_MAX 1024             /* connections kept warm, over all providers */
#define HEAD_MAX (64u << 10)             /* bytes of a reply's head */
#define RELEASED_MAX (64u << 10)         /* bytes that a released call may still bring */
#define RELEASED_MS 500                  /* … and its time */
#define CONNECT_TIMEOUT_MS 10000L
#define RETRY_AFTER_MAX_S (30 * 86400)   /* anything longer is no statement about this session */

struct slot;

struct upstream {
    struct event_base *base;
    struct curl_loop *loop;
    const struct config *config;
    struct slot *slots;                  /* by deployment index: [2 * index] whole, [2 * index + 1] stream */
    struct call *active;
    unsigned idle_count;
};

/* What the calls of one deployment have in common, and the handles that wait for the next of them with all of it set. */
struct slot {
    struct curl_slist *headers;
    struct call *idle;
};

struct call {
    struct upstream *upstream;
    struct slot *slot;                   /* NULL: a call with its own header lines, whose handle serves no other */
    struct call *next, **back;
    CURL *easy;
    struct curl_slist *headers;          /* its own, where there is no slot */
    struct event *timer;
    const char *path;                    /* that its handle is set to */
    const struct call_events *events;    /* NULL: released, nobody listens any more */
    void *ctx;
    struct call_reply reply;
    size_t body_len;                     /* of the request */
    size_t head_bytes, released_bytes;
    uint64_t started_ms, heard_ms;       /* monotonic; heard_ms 0 before the first byte of the body */
    int first_byte_timeout_ms, idle_timeout_ms, total_timeout_ms;
    bool inside;                         /* a callback of libcurl's is on the stack: its handle must not be touched */
    bool cancelled;
    bool head_too_large;
};

static void link_call(struct call *c, struct call **list)
{
    c->next = *list;
    c->back = list;
    if (c->next)
        c->next->back = &c->next;
    *list = c;
}

static void unlink_call(struct call *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
}

static void destroy(struct call *c)
{
    if (c->easy)
        curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    if (c->timer)
        event_free(c->timer);
    free(c);
}

/* Takes a call out of libcurl and keeps its handle for the next one. */
static void retire(struct call *c)
{
    struct upstream *u = c->upstream;
    (void)curl_multi_remove_handle(curl_loop_multi(u->loop), c->easy);
    evtimer_del(c->timer);
    unlink_call(c);
    if (!c->slot || u->idle_count >= IDLE_HANDLES_MAX) {
        destroy(c);
        return;
    }
    link_call(c, &c->slot->idle);
    u->idle_count++;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct call *c = arg;
    size_t len = size * count;
    if (c->cancelled || c->head_too_large)
        return CURL_WRITEFUNC_ERROR;
    if (!c->events) {
        c->released_bytes += len;
        return c->released_bytes <= RELEASED_MAX ? len : CURL_WRITEFUNC_ERROR;
    }
    c->heard_ms = clock_monotonic_ms();
    c->inside = true;
    enum call_flow flow = c->events->body(c->ctx, &c->reply, (struct slice){bytes, len});
    c->inside = false;
    if (c->cancelled || flow == CALL_STOP)
        return CURL_WRITEFUNC_ERROR;
    return flow == CALL_PAUSE ? CURL_WRITEFUNC_PAUSE : len;
}

static int parse_retry_after(struct slice value)
{
    char text[64];
    if (!value.len || value.len >= sizeof text)
        return -1;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    char *end;
    double seconds = strtod(text, &end);
    if (*end) {
        time_t date = curl_getdate(text, NULL);
        if (date == (time_t)-1)
            return -1;
        seconds = difftime(date, time(NULL));
    }
    if (!(seconds >= 0) || seconds > RETRY_AFTER_MAX_S)
        return -1;
    return (int)(seconds + 0.999);
}

/* One line of the reply's head, each of a 1xx reply's and of the final one's. */
static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct call *c = arg;
    size_t len = size * count;
    struct slice line = {bytes, len};
    c->head_bytes += len;
    c->head_too_large |= c->head_bytes > HEAD_MAX;
    if (c->head_too_large)
        return 0;
    if (slice_starts(line, "HTTP/")) {
        long status = 0;
        (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        c->reply = (struct call_reply){.status = (int)status, .retry_after_s = -1};
        return len;
    }
    const char *colon = memchr(bytes, ':', len);
    if (!colon)
        return len;
    struct slice name = {bytes, (size_t)(colon - bytes)};
    struct slice value = {colon + 1, len - name.len - 1};
    while (value.len && (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r'))
        value.len--;
    value = slice_trim(value);
    if (slice_is_nocase(name, "content-type"))
        c->reply.event_stream = value.len >= 17 && slice_is_nocase((struct slice){value.ptr, 17}, "text/event-stream");
    else if (slice_is_nocase(name, "retry-after"))
        c->reply.retry_after_s = parse_retry_after(value);
    return len;
}

static enum failure_kind failure_of(const struct call *c, CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return FAILURE_NONE;
    case CURLE_OPERATION_TIMEDOUT:
        return c->reply.status ? FAILURE_TIMEOUT : FAILURE_CONNECT;
    case CURLE_OUT_OF_MEMORY:
        return FAILURE_INTERNAL;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
    case CURLE_WRITE_ERROR:   /* ours: CALL_STOP, or the head was too large */
        return FAILURE_PROTOCOL;
    default:
        return c->reply.status ? FAILURE_CUT : FAILURE_CONNECT;
    }
}

/* Ends the call for its listener too. The listener may start another one from in here. */
static void end_call(struct call *c, enum failure_kind failure, const char *message)
{
    const struct call_events *events = c->cancelled ? NULL : c->events;
    struct call_reply reply = c->reply;
    void *ctx = c->ctx;
    retire(c);
    if (events)
        events->done(ctx, &reply, failure, message);
}

static void on_finished(CURL *easy, CURLcode code, void *ctx)
{
    struct call *c = NULL;
    (void)ctx;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
    end_call(c, failure_of(c, code), c->head_too_large ? "the reply's head is over 64 KB" : curl_easy_strerror(code));
}

/* The timer runs to whichever limit comes first and is armed anew when that limit has moved meanwhile, so that a chunk costs no
 * timer operation. */
static void arm(struct call *c)
{
    uint64_t now = clock_monotonic_ms(), until = UINT64_MAX;
    if (!c->events)
        until = c->started_ms + RELEASED_MS;
    else if (c->heard_ms && c->idle_timeout_ms)
        until = c->heard_ms + (uint64_t)c->idle_timeout_ms;
    else if (!c->heard_ms && c->first_byte_timeout_ms)
        until = c->started_ms + (uint64_t)c->first_byte_timeout_ms;
    if (c->events && c->total_timeout_ms && until > c->started_ms + (uint64_t)c->total_timeout_ms)
        until = c->started_ms + (uint64_t)c->total_timeout_ms;
    if (until == UINT64_MAX)
        return;
    uint64_t left = until > now ? until - now : 0;
    struct timeval wait = {(time_t)(left / 1000), (suseconds_t)(left % 1000 * 1000)};
    evtimer_add(c->timer, &wait);
}

static const char *overdue(const struct call *c)
{
    uint64_t now = clock_monotonic_ms();
    if (!c->events)
        return "released";
    if (c->total_timeout_ms && now >= c->started_ms + (uint64_t)c->total_timeout_ms)
        return "the call took longer than its timeout";
    if (!c->heard_ms && c->first_byte_timeout_ms && now >= c->started_ms + (uint64_t)c->first_byte_timeout_ms)
        return "no answer within the timeout for the first byte";
    if (c->heard_ms && c->idle_timeout_ms && now >= c->heard_ms + (uint64_t)c->idle_timeout_ms)
        return "the answer stalled";
    return NULL;
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct call *c = arg;
    (void)fd;
    (void)what;
    const char *why = overdue(c);
    if (why)
        end_call(c, FAILURE_TIMEOUT, why);
    else
        arm(c);
}

/* The options that are the same for every call: set once per handle. */
static bool set_fixed_options(CURL *easy, struct curl_loop *loop)
{
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, curl_loop_close_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, loop) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK;
}

static struct curl_slist *make_headers(const struct call_request *request)
{
    const struct deployment *d = request->deployment;
    struct curl_slist *list = NULL;
    struct buf line;
    buf_init(&line, 16u << 10);
    const char *fixed[] = {"Content-Type: application/json", "Expect:", "User-Agent: pointsman/" PACKAGE_VERSION,
                           request->stream ? "Accept: text/event-stream" : "Accept: application/json"};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        list = curl_slist_append(list, fixed[i]);
    for (const char *const *field = request->fields; field && *field; field++)
        list = curl_slist_append(list, *field);
    if (!request->fields && d->api_key && buf_add_format(&line, "Authorization: Bearer %s", d->api_key))
        list = curl_slist_append(list, buf_text(&line));
    buf_wipe(&line);
    return list;
}

static bool set_target(struct call *c, const struct call_request *request)
{
    char url[2048];
    struct curl_slist **headers = c->slot ? &c->slot->headers : &c->headers;
    int len = request->url ? snprintf(url, sizeof url, "%s", request->url)
                           : snprintf(url, sizeof url, "%s%s", request->deployment->api_base, request->path);
    if (!*headers)
        *headers = make_headers(request);
    return len > 0 && (size_t)len < sizeof url && *headers &&
           curl_easy_setopt(c->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

/* A new call with its own handle, on which only the path and the body change from one use to the next. */
static struct call *make_call(struct upstream *u, struct slot *slot, const struct call_request *request)
{
    struct call *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct call){.upstream = u, .slot = slot, .easy = curl_easy_init()};
    c->timer = evtimer_new(u->base, on_timer, c);
    if (c->easy && c->timer && set_fixed_options(c->easy, u->loop) && set_target(c, request) &&
        curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c) == CURLE_OK &&
        curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c) == CURLE_OK &&
        curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c) == CURLE_OK) {
        c->path = request->path;
        return c;
    }
    destroy(c);
    return NULL;
}

/* A call that has served before, or a new one. */
static struct call *take_call(struct upstream *u, const struct call_request *request)
{
    if (request->fields)
        return make_call(u, NULL, request);
    struct slot *slot = &u->slots[2 * request->deployment->index + (request->stream ? 1 : 0)];
    struct call *c = slot->idle;
    if (!c)
        return make_call(u, slot, request);
    unlink_call(c);
    u->idle_count--;
    *c = (struct call){.upstream = u, .slot = slot, .easy = c->easy, .timer = c->timer, .path = c->path};
    if (strcmp(c->path, request->path) == 0 || set_target(c, request)) {
        c->path = request->path;
        return c;
    }
    destroy(c);
    return NULL;
}

static bool set_body(CURL *easy, struct slice body)
{
    if (!body.ptr)
        return curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.ptr) == CURLE_OK;
}

struct call *call_start(struct upstream *u, const struct call_request *request, const struct call_events *events, void *ctx)
{
    struct call *c = take_call(u, request);
    if (!c)
        return NULL;
    c->events = events;
    c->ctx = ctx;
    c->reply.retry_after_s = -1;
    c->body_len = request->body.len;
    c->started_ms = clock_monotonic_ms();
    c->first_byte_timeout_ms = request->first_byte_timeout_ms;
    c->idle_timeout_ms = request->idle_timeout_ms;
    c->total_timeout_ms = request->total_timeout_ms;
    if (!set_body(c->easy, request->body) || curl_multi_add_handle(curl_loop_multi(u->loop), c->easy) != CURLM_OK) {
        destroy(c);
        return NULL;
    }
    link_call(c, &u->active);
    arm(c);
    return c;
}

void call_cancel(struct call *c)
{
    c->cancelled = true;
    if (!c->inside)
        retire(c);   /* removing an unfinished transfer closes its connection */
}

void call_release(struct call *c)
{
    curl_off_t uploaded = 0;
    (void)curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    if ((size_t)uploaded < c->body_len) {
        call_cancel(c);   /* answered before the request was sent: the rest of it is not ours to read any more */
        return;
    }
    c->events = NULL;
    c->started_ms = clock_monotonic_ms();
    arm(c);
}

void call_resume(struct call *c)
{
    c->heard_ms = clock_monotonic_ms();   /* the silence was ours */
    (void)curl_easy_pause(c->easy, CURLPAUSE_CONT);
}

struct upstream *upstream_new(struct event_base *base, const struct config *config)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return NULL;
    struct upstream *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->base = base;
    u->config = config;
    u->slots = calloc(2 * (size_t)config->deployment_count + 1, sizeof *u->slots);
    u->loop = curl_loop_new(base, on_finished, u);
    if (!u->slots || !u->loop) {
        upstream_free(u);
        return NULL;
    }
    curl_multi_setopt(curl_loop_multi(u->loop), CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    return u;
}

void upstream_free(struct upstream *u)
{
    if (!u)
        return;
    while (u->active)
        call_cancel(u->active);
    for (unsigned i = 0; u->slots && i < 2 * u->config->deployment_count; i++) {
        for (struct call *c = u->slots[i].idle, *next; c; c = next) {
            next = c->next;
            destroy(c);
        }
        curl_slist_free_all(u->slots[i].headers);
    }
    curl_loop_free(u->loop);
    free(u->slots);
    free(u);
}
