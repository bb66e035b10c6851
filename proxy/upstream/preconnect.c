/* loop: opens connections to providers before the first call needs them. */
#include "proxy/upstream/preconnect.h"

#include "common/log.h"
#include "common/url.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 10000 /* of a HEAD request, with connection and handshake */

struct opening {
    struct slice origin; /* "https://host:port"; points into the deployment's api_base */
    struct call *call;   /* NULL: ended */
};

struct preconnect {
    struct opening *all;
    unsigned count;
};

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    (void)ctx;
    (void)reply;
    (void)bytes;
    return CALL_STOP; /* a reply to HEAD must not have a body */
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message)
{
    struct opening *o = ctx;
    o->call = NULL;
    if (failure == FAILURE_NONE)
        log_debug("%.*s: preconnected (HTTP %d)", SLICE_ARGS(o->origin), reply->status);
    else
        log_debug("%.*s: preconnect failed: %s", SLICE_ARGS(o->origin), message);
}

static const struct call_events opening_events = {on_body, on_done};

static void open_one(struct opening *o, struct upstream *upstream)
{
    static const char *const no_fields[] = {NULL};
    char url[512];
    int len = snprintf(url, sizeof url, "%.*s/", SLICE_ARGS(o->origin));
    struct call_request request = {.fields = no_fields, .url = url, .head = true, .total_timeout_ms = TIMEOUT_MS};
    if (len > 0 && (size_t)len < sizeof url)
        o->call = call_start(upstream, &request, &opening_events, o);
}

/* Adds the deployment's origin, once: deployments with the same origin share its connections. */
static void add_origin(struct preconnect *a, const struct deployment *d)
{
    struct url url;
    if (d->not_ready || !d->api_base || !url_split(slice_of(d->api_base), &url) || !url.tls)
        return;
    for (unsigned i = 0; i < a->count; i++)
        if (slice_equal(a->all[i].origin, url.origin))
            return;
    a->all[a->count++] = (struct opening){.origin = url.origin};
}

struct preconnect *preconnect_start(struct upstream *upstream, const struct config *config)
{
    struct preconnect *a = config->connect_ahead ? calloc(1, sizeof *a) : NULL;
    if (!a || !(a->all = calloc(config->deployment_count + 1u, sizeof *a->all))) {
        free(a);
        return NULL;
    }
    for (unsigned i = 0; i < config->deployment_count; i++)
        add_origin(a, &config->deployments[i]);
    for (unsigned i = 0; i < a->count; i++)
        open_one(&a->all[i], upstream);
    return a;
}

void preconnect_stop(struct preconnect *a)
{
    if (!a)
        return;
    for (unsigned i = 0; i < a->count; i++)
        if (a->all[i].call)
            call_cancel(a->all[i].call);
    free(a->all);
    free(a);
}
