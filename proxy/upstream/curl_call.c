/* loop: starts and ends calls through libcurl. */
#include "proxy/upstream/ca_certificates.h"
#include "proxy/upstream/curl_call_private.h"
#include "proxy/upstream/curl_loop.h"
#include "proxy/upstream/curl_options.h"
#include "proxy/upstream/outgoing_proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDLE_HANDLES_MAX 256  /* easy handles kept for later calls */
#define CONNECTIONS_MAX 1024L /* open connections, to all providers together */
#define URL_MAX 2048          /* bytes, with the NUL */

/* Calls of one deployment: their header fields, and idle handles that already have these set. */
struct slot {
    struct curl_slist *headers; /* NULL: not made yet */
    struct curl_call *idle;
};

struct curl_calls {
    struct curl_loop *loop;
    CURLSH *share; /* TLS sessions, which otherwise each handle would have of its own */
    const struct config *config;
    struct slot *slots; /* deployment's index * 2, + 1 for streams */
    struct curl_call *active;
    unsigned idle_count;
    bool ca_hashed; /* see ca_certificates.h */
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

/* Removes a call from libcurl; keeps its handle for the next call, or frees it. */
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

/* done() may start another call. */
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
    enum failure_kind failure = curl_reply_failure(c, code);
    const struct transport_events *events = c->events;
    const char *message = c->head_too_large ? "the reply's head is over 64 KB" : curl_easy_strerror(code);
    char proxy_message[512];
    if (c->through_proxy && failure != FAILURE_NONE && failure != FAILURE_INTERNAL &&
        outgoing_proxy_failed(easy, c->all->config, code, proxy_message, sizeof proxy_message)) {
        failure = FAILURE_CONNECT;
        message = proxy_message;
    }
    void *done_ctx = c->ctx;
    retire(c);
    events->done(done_ctx, failure, message);
}

/* See curl_loop_owner.failed: no transfer of this multi handle can continue. */
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
        const struct curl_call copy = *c;
        retire(c);
        if (!copy.cancelled)
            copy.events->done(copy.ctx, FAILURE_INTERNAL, "out of memory");
    }
}

static bool is_paused(CURL *easy)
{
    struct curl_call *c = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&c);
    return c && c->paused;
}

/* Sets the options that are the same for all calls, once per handle. */
static bool set_fixed_options(struct curl_call *c)
{
    CURL *easy = c->easy;
    return curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           ca_certificates_set(easy, c->all->config->ca_file, c->all->ca_hashed) == CURLE_OK &&
           curl_options_set_connections(easy, c->all->loop, c->all->share, c->all->config->connect_timeout_ms) &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, curl_reply_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, curl_reply_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, c) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, c) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, c) == CURLE_OK;
}

/* false: out of memory; the list is unchanged. */
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
    bool ok = append(&list, "Expect:") && /* do not wait for 100 Continue */
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

/* Sets the URL, the way to it and the header fields. false: out of memory, or the URL is too long. */
static bool set_target(struct curl_call *c, const struct call_request *request)
{
    char url[URL_MAX];
    struct curl_slist **headers = c->slot ? &c->slot->headers : &c->headers;
    int len = request->url ? snprintf(url, sizeof url, "%s", request->url)
                           : snprintf(url, sizeof url, "%s%s", request->deployment->api_base, request->path);
    if (!*headers)
        *headers = make_headers(request);
    return len > 0 && (size_t)len < sizeof url && *headers &&
           outgoing_proxy_set(c->easy, c->all->config, url, c->all->ca_hashed, &c->through_proxy) &&
           curl_options_set_url(c->easy, url) && curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
}

/* Makes a call and its handle. When the handle is reused, only the path and the body change. */
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

/* Returns a call with an idle handle of the slot, or a new one. NULL: out of memory. */
static struct curl_call *take_call(struct curl_calls *all, const struct call_request *request)
{
    if (request->fields || request->extra_field)
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
    if (!c->in_callback)
        retire(c); /* libcurl closes the connection of an unfinished transfer */
}

void curl_call_resume(struct curl_call *c)
{
    c->paused = false;
    CURLcode result = curl_easy_pause(c->easy, CURLPAUSE_CONT);
    c->lost = result != CURLE_OK && result != CURLE_WRITE_ERROR; /* CURLE_WRITE_ERROR: CALL_STOP; the end follows */
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
