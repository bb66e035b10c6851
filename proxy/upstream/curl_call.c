/* loop: calls through libcurl. */
#include "proxy/upstream/curl_call.h"

#include "proxy/upstream/ca_certificates.h"
#include "proxy/upstream/curl_loop.h"
#include "proxy/upstream/curl_options.h"
#include "proxy/upstream/outgoing_proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_HANDLES_MAX 256  /* easy handles kept for the next calls */
#define CONNECTIONS_MAX 1024L /* connections kept warm, over all providers */
#define HEAD_MAX (64u << 10)  /* bytes of a reply's heads */
#define FIELD_MAX 256         /* bytes of a field that is kept */

/* What the calls of one deployment have in common, and the handles that wait for the next of them with all of it set.
 */
struct slot {
    struct curl_slist *headers;
    struct curl_call *idle;
};

struct curl_calls {
    struct curl_loop *loop;
    CURLSH *share; /* of what all handles have: TLS sessions, which each would keep for itself */
    const struct config *config;
    struct slot *slots; /* by deployment index: [2 * index] whole, [2 * index + 1] stream */
    struct curl_call *active;
    unsigned idle_count;
    bool ca_hashed; /* see ca_certificates.h */
};

struct curl_call {
    struct curl_calls *all;
    struct slot *slot;              /* NULL: a call with its own header lines, whose handle serves no other */
    struct curl_call *next, **back; /* in all->active, else in slot->idle */
    CURL *easy;                     /* NULL: on_failed() has ended it */
    struct curl_slist *headers;     /* its own, where there is no slot */
    const char *path;               /* that its handle is set to */
    const struct transport_events *events;
    void *ctx;
    size_t body_len; /* of the request */
    size_t head_bytes;
    curl_off_t got; /* bytes of the reply's body */
    char content_type[FIELD_MAX], retry_after[FIELD_MAX];
    struct rate_limits limits;
    bool head_told, head_too_large;
    bool inside; /* a callback of libcurl's is on the stack: its handle must not be touched */
    bool cancelled, paused;
    bool through_proxy; /* the outgoing one */
    bool sent;          /* the request's body, whole */
    bool early;         /* the reply is whole before that */
    bool lost;          /* bytes that it was paused with found no memory: what follows is not the reply any more */
};

static void destroy(struct curl_call *c)
{
    if (c->easy)
        curl_easy_cleanup(c->easy);
    curl_slist_free_all(c->headers);
    free(c);
}

static void link_call(struct curl_call *c, struct curl_call **list)
{
    c->next = *list;
    c->back = list;
    if (c->next)
        c->next->back = &c->next;
    *list = c;
}

static void unlink_call(struct curl_call *c)
{
    *c->back = c->next;
    if (c->next)
        c->next->back = c->back;
}

/* Takes a call out of libcurl and keeps its handle for the next one. */
static void retire(struct curl_call *c)
{
    struct curl_calls *all = c->all;
    unlink_call(c);
    if (c->easy)
        (void)curl_multi_remove_handle(curl_loop_multi(all->loop), c->easy);
    if (!c->easy || !c->slot || all->idle_count >= IDLE_HANDLES_MAX) {
        destroy(c);
        return;
    }
    c->next = c->slot->idle;
    c->slot->idle = c;
    all->idle_count++;
}

static struct slice kept_field(const char *value)
{
    return *value ? slice_of(value) : (struct slice){NULL, 0};
}

/* The head of a reply is complete; another one follows a 1xx reply. */
static void tell_head(struct curl_call *c)
{
    long status = 0;
    if (c->head_told || c->cancelled)
        return;
    (void)curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
    c->head_told = status >= 200;
    if (c->head_told)
        c->events->head(c->ctx, (int)status, kept_field(c->content_type), kept_field(c->retry_after));
}

/* Whether all has come that was told, which may be before the request is sent: a provider may answer, and take no more
 * of it (RFC 9113, 8.1). libcurl would send on over HTTP/2, or wait where it is not let, or call it an error that the
 * stream is reset. */
static bool is_whole(const struct curl_call *c)
{
    curl_off_t told = -1;
    (void)curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &told);
    return told >= 0 && c->got == told;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct curl_call *c = arg;
    size_t len = size * count;
    if (c->cancelled || c->lost)
        return CURL_WRITEFUNC_ERROR;
    c->inside = true;
    enum call_flow flow = c->events->body(c->ctx, (struct slice){bytes, len}, false);
    c->inside = false;
    if (c->cancelled || flow == CALL_STOP)
        return CURL_WRITEFUNC_ERROR;
    c->paused = flow == CALL_PAUSE;
    if (c->paused)
        return CURL_WRITEFUNC_PAUSE;
    c->got += (curl_off_t)len;
    c->sent = c->sent || curl_call_sent(c);
    c->early = !c->sent && is_whole(c);
    return c->early ? CURL_WRITEFUNC_ERROR : len; /* which ends the transfer */
}

static struct slice trim_value(struct slice value)
{
    while (value.len && (value.ptr[value.len - 1] == '\n' || value.ptr[value.len - 1] == '\r'))
        value.len--;
    return slice_trim(value);
}

static void keep_field(char kept[FIELD_MAX], struct slice value)
{
    value = trim_value(value);
    if (value.len < FIELD_MAX) {
        memcpy(kept, value.ptr, value.len);
        kept[value.len] = '\0';
    }
}

/* One line of the reply's head, each of a 1xx reply's and of the final one's. */
static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct curl_call *c = arg;
    size_t len = size * count;
    struct slice line = {bytes, len};
    c->head_bytes += len;
    c->head_too_large |= c->head_bytes > HEAD_MAX;
    if (c->head_too_large)
        return 0;
    if (slice_starts(line, "HTTP/")) {
        *c->content_type = *c->retry_after = '\0';
        c->limits = (struct rate_limits){0};
    }
    const char *colon = memchr(bytes, ':', len);
    if (!trim_value(line).len)
        tell_head(c);
    if (!colon)
        return len;
    struct slice name = {bytes, (size_t)(colon - bytes)}, value = {colon + 1, len - name.len - 1};
    if (slice_is_nocase(name, "content-type"))
        keep_field(c->content_type, value);
    else if (slice_is_nocase(name, "retry-after"))
        keep_field(c->retry_after, value);
    else
        rate_limits_read(&c->limits, name, trim_value(value));
    return len;
}

static enum failure_kind failure_of(const struct curl_call *c, CURLcode code)
{
    if (c->early || (code == CURLE_HTTP2_STREAM && is_whole(c)))
        return FAILURE_NONE;
    switch (code) {
    case CURLE_OK: return FAILURE_NONE;
    case CURLE_OUT_OF_MEMORY: return FAILURE_INTERNAL;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_HTTP2:
    case CURLE_WRITE_ERROR: /* ours: CALL_STOP, or the head was too large */ return FAILURE_PROTOCOL;
    default: return c->head_bytes ? FAILURE_CUT : FAILURE_CONNECT;
    }
}

/* The call is over. Its listener may start another one from in here. */
static void on_finished(CURL *easy, CURLcode code, void *ctx)
{
    struct curl_call *c = NULL;
    (void)ctx;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
    if (c->cancelled) {
        retire(c);
        return;
    }
    if (c->lost)
        code = CURLE_OUT_OF_MEMORY;
    enum failure_kind failure = failure_of(c, code);
    const struct transport_events *events = c->events;
    const char *message = c->head_too_large ? "the reply's head is over 64 KB" : curl_easy_strerror(code);
    char told[512];
    if (c->through_proxy && failure != FAILURE_NONE && failure != FAILURE_INTERNAL &&
        outgoing_proxy_failed(easy, c->all->config, code, told, sizeof told)) {
        failure = FAILURE_CONNECT;
        message = told;
    }
    void *listener = c->ctx;
    retire(c);
    events->done(listener, failure, message);
}

static void on_failed(void *ctx)
{
    struct curl_calls *all = ctx;
    struct curl_call *ended = NULL;
    for (struct curl_call *c; (c = all->active);) {
        unlink_call(c);
        link_call(c, &ended);
        (void)curl_multi_remove_handle(curl_loop_multi(all->loop), c->easy);
        curl_easy_cleanup(c->easy);
        c->easy = NULL;
    }
    curl_loop_renew(all->loop);
    for (struct curl_call *c; (c = ended);) {
        const struct curl_call was = *c;
        retire(c);
        if (!was.cancelled)
            was.events->done(was.ctx, FAILURE_INTERNAL, "no memory");
    }
}

static bool is_paused(CURL *easy)
{
    struct curl_call *c = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
    return c && c->paused;
}

/* The options that are the same for every call: set once per handle. */
static bool set_fixed_options(struct curl_call *c)
{
    CURL *easy = c->easy;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           ca_certificates_set(easy, c->all->config->ca_file, c->all->ca_hashed) == CURLE_OK &&
           curl_options_set_connections(easy, c->all->loop, c->all->share, c->all->config->connect_timeout_ms) &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, c) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, c) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, c) == CURLE_OK;
}

/* false: no memory, and the list is as it was. */
static bool append(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    *list = longer ? longer : *list;
    return longer != NULL;
}

static struct curl_slist *make_headers(const struct call_request *request)
{
    struct curl_slist *list = NULL;
    struct buf fields;
    buf_init(&fields, CALL_FIELDS_MAX);
    bool ok = append(&list, "Expect:") && /* no waiting for 100 Continue */
              call_add_fields(request, &fields);
    char *line = *buf_text(&fields) ? fields.data : NULL;
    for (char *end; ok && line && (end = strstr(line, "\r\n")); line = end + 2) {
        *end = '\0';
        ok = append(&list, line);
    }
    buf_wipe(&fields);
    if (ok)
        return list;
    curl_slist_free_all(list);
    return NULL;
}

static bool set_target(struct curl_call *c, const struct call_request *request)
{
    char url[2048];
    struct curl_slist **headers = c->slot ? &c->slot->headers : &c->headers;
    int len = request->url ? snprintf(url, sizeof url, "%s", request->url)
                           : snprintf(url, sizeof url, "%s%s", request->deployment->api_base, request->path);
    if (!*headers)
        *headers = make_headers(request);
    return len > 0 && (size_t)len < sizeof url && *headers &&
           outgoing_proxy_set(c->easy, c->all->config, url, c->all->ca_hashed, &c->through_proxy) &&
           curl_options_set_url(c->easy, url) && curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

/* A new call with its own handle, on which only the path and the body change from one use to the next. */
static struct curl_call *make_call(struct curl_calls *all, struct slot *slot, const struct call_request *request)
{
    struct curl_call *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct curl_call){.all = all, .slot = slot, .easy = curl_easy_init(), .path = request->path};
    if (c->easy && set_fixed_options(c) && set_target(c, request))
        return c;
    destroy(c);
    return NULL;
}

/* A call that has served before, or a new one. */
static struct curl_call *take_call(struct curl_calls *all, const struct call_request *request)
{
    if (request->fields)
        return make_call(all, NULL, request);
    struct slot *slot = &all->slots[2 * request->deployment->index + (request->stream ? 1 : 0)];
    struct curl_call *c = slot->idle;
    if (!c)
        return make_call(all, slot, request);
    slot->idle = c->next;
    all->idle_count--;
    *c = (struct curl_call){
        .all = all, .slot = slot, .easy = c->easy, .path = c->path, .through_proxy = c->through_proxy};
    if (strcmp(c->path, request->path) == 0 || set_target(c, request)) {
        c->path = request->path;
        return c;
    }
    destroy(c);
    return NULL;
}

static bool set_body(CURL *easy, const struct call_request *request)
{
    struct slice body = request->body.of[0];
    if (!body.ptr)
        return curl_easy_setopt(easy, request->head ? CURLOPT_NOBODY : CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.ptr) == CURLE_OK;
}

struct curl_call *curl_call_start(struct curl_calls *all, const struct call_request *request,
                                  const struct transport_events *events, void *ctx)
{
    struct curl_call *c = take_call(all, request);
    if (!c)
        return NULL;
    c->events = events;
    c->ctx = ctx;
    c->body_len = request->body.of[0].len;
    if (set_body(c->easy, request) && curl_multi_add_handle(curl_loop_multi(all->loop), c->easy) == CURLM_OK) {
        link_call(c, &all->active);
        return c;
    }
    destroy(c);
    return NULL;
}

void curl_call_cancel(struct curl_call *c)
{
    c->cancelled = true;
    if (!c->inside)
        retire(c); /* removing an unfinished transfer closes its connection */
}

void curl_call_resume(struct curl_call *c)
{
    c->paused = false;
    CURLcode result = curl_easy_pause(c->easy, CURLPAUSE_CONT);
    c->lost = result != CURLE_OK && result != CURLE_WRITE_ERROR; /* a CALL_STOP, whose end follows */
    if (c->lost)
        curl_loop_fail(c->all->loop);
}

const struct rate_limits *curl_call_limits(const struct curl_call *c)
{
    return &c->limits;
}

bool curl_call_sent(const struct curl_call *c)
{
    curl_off_t uploaded = 0;
    (void)curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
    return (size_t)uploaded >= c->body_len;
}

struct curl_calls *curl_calls_new(struct event_base *base, const struct config *config)
{
    struct curl_calls *all = calloc(1, sizeof *all);
    if (!all || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(all);
        return NULL;
    }
    all->config = config;
    all->ca_hashed = ca_certificates_are_hashed();
    all->share = curl_share_init();
    all->slots = calloc(2 * (size_t)config->deployment_count + 1, sizeof *all->slots);
    all->loop = curl_loop_new(base, &(struct curl_loop_owner){on_finished, on_failed, is_paused, all}, CONNECTIONS_MAX);
    if (!all->slots || !all->loop || !all->share ||
        curl_share_setopt(all->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
        curl_calls_free(all);
        return NULL;
    }
    return all;
}

void curl_calls_free(struct curl_calls *all)
{
    if (!all)
        return;
    for (unsigned i = 0; all->slots && i < 2 * all->config->deployment_count; i++) {
        for (struct curl_call *c = all->slots[i].idle, *next; c; c = next) {
            next = c->next;
            destroy(c);
        }
        curl_slist_free_all(all->slots[i].headers);
    }
    curl_loop_free(all->loop);
    (void)curl_share_cleanup(all->share);
    free(all->slots);
    free(all);
}
