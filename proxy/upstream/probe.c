/* loop: whether the servers on the user's own machine are up and have the model. */
#include "proxy/upstream/probe.h"

#include "proxy/upstream/model_list.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_S 15
#define TIMEOUT_MS 2000
#define LIST_MAX (1u << 20)   /* bytes of a model list */

struct probe {
    struct probes *owner;
    const struct deployment *deployment;
    struct call *call;         /* under way, or NULL */
    struct buf list;
    bool answered;
};

struct probes {
    struct upstream *upstream;
    const struct config *config;
    struct health *health;
    struct event *timer;
    void (*changed)(void *ctx);
    void *ctx;
    struct probe *all;
    unsigned count, waiting;   /* waiting: probes without a first answer */
};

static bool is_probed(const struct deployment *d)
{
    return d->provider->local && !d->not_ready;
}

/* Many groups may hold the same model of the same server: it is asked for once. */
static bool same_model(const struct deployment *a, const struct deployment *b)
{
    return strcmp(a->api_base, b->api_base) == 0 && strcmp(a->upstream_model, b->upstream_model) == 0;
}

static void settle(struct probe *p, const char *result)
{
    struct probes *all = p->owner;
    bool news = false;
    for (unsigned i = 0; i < all->config->deployment_count; i++) {
        const struct deployment *d = &all->config->deployments[i];
        if (!is_probed(d) || !same_model(d, p->deployment))
            continue;
        news |= strcmp(all->health[i].probe, result) != 0;
        (void)snprintf(all->health[i].probe, sizeof all->health[i].probe, "%s", result);
    }
    if (!p->answered) {
        p->answered = true;
        all->waiting--;
        news |= all->waiting == 0;
    }
    if (news)
        all->changed(all->ctx);
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct probe *p = ctx;
    (void)reply;
    return buf_add_slice(&p->list, bytes) ? CALL_GO_ON : CALL_STOP;
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message)
{
    struct probe *p = ctx;
    char result[sizeof p->owner->health->probe] = "";
    const char *name = p->deployment->upstream_model, *base = p->deployment->api_base;
    (void)message;
    p->call = NULL;
    if (failure == FAILURE_CONNECT || failure == FAILURE_TIMEOUT)
        (void)snprintf(result, sizeof result, "Ollama does not answer at %.60s; start it: ollama serve", base);
    else if (failure != FAILURE_NONE || reply->status != 200)
        (void)snprintf(result, sizeof result, "%.60s does not list its models (HTTP %d)", base, reply->status);
    else if (!model_list_has(buf_slice(&p->list), name))
        (void)snprintf(result, sizeof result, "the model is not there yet; get it: ollama pull %.60s", name);
    buf_free(&p->list);
    settle(p, result);
}

static const struct call_events probe_events = {on_body, on_done};

static void start_one(struct probe *p)
{
    if (p->call)
        return;
    p->call = call_start(p->owner->upstream,
                         &(struct call_request){.deployment = p->deployment, .path = "/models", .total_timeout_ms = TIMEOUT_MS},
                         &probe_events, p);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct probes *all = arg;
    (void)fd;
    (void)what;
    for (unsigned i = 0; i < all->count; i++)
        start_one(&all->all[i]);
}

struct probes *probes_start(struct event_base *base, struct upstream *upstream, const struct config *config,
                            struct health *health, void (*changed)(void *ctx), void *ctx)
{
    struct probes *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    *p = (struct probes){.upstream = upstream, .config = config, .health = health, .changed = changed, .ctx = ctx};
    p->all = calloc(config->deployment_count + 1u, sizeof *p->all);
    p->timer = event_new(base, -1, EV_PERSIST, on_timer, p);
    if (!p->all || !p->timer || event_add(p->timer, &(const struct timeval){INTERVAL_S, 0}) != 0) {
        probes_stop(p);
        return NULL;
    }
    for (unsigned i = 0; i < config->deployment_count; i++) {
        const struct deployment *d = &config->deployments[i];
        bool known = !is_probed(d);
        for (unsigned k = 0; k < p->count && !known; k++)
            known = same_model(d, p->all[k].deployment);
        if (known)
            continue;
        p->all[p->count] = (struct probe){.owner = p, .deployment = d};
        buf_init(&p->all[p->count++].list, LIST_MAX);
    }
    p->waiting = p->count;
    for (unsigned i = 0; i < p->count; i++)
        start_one(&p->all[i]);
    return p;
}

bool probes_settled(const struct probes *p)
{
    return p->waiting == 0;
}

void probes_stop(struct probes *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->count; i++) {
        if (p->all[i].call)
            call_cancel(p->all[i].call);
        buf_free(&p->all[i].list);
    }
    if (p->timer)
        event_free(p->timer);
    free(p->all);
    free(p);
}
