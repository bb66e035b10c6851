/* loop: health checks of local model servers: are they up, do they have the model, how large is its context. */
#include "proxy/serve/probe.h"

#include "common/document.h"
#include "common/json.h"
#include "common/log.h"
#include "common/url.h"
#include "proxy/upstream/model_list.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_S 15 /* between checks; HEALTH_DOWN_S while the server does not answer */
#define TIMEOUT_MS 2000
#define LOAD_TIMEOUT_MS 120000 /* loading a model from disk takes long */
#define LIST_MAX (1u << 20)    /* bytes of a model list */
#define URL_MAX 512

/* The steps of a check, in order. The last two are only for servers that truncate prompts (Ollama). STEP_LOAD runs
 * once, and only if the model is not loaded: an empty prompt loads it for a few seconds, as the next request would. */
enum step { STEP_LIST, STEP_LOADED, STEP_LOAD };

struct probe {
    struct probes *owner;
    const struct deployment *deployment;
    struct event *timer;
    struct call *call; /* in flight, or NULL */
    enum step step;    /* of `call` */
    struct buf answer, question;
    char url[URL_MAX]; /* the server's own API, to which /api is appended; "": its context window is not asked for */
    bool answered, down;
    bool known, loaded; /* since the server came up: context window known, load requested */
};

struct probes {
    struct upstream *upstream;
    const struct config *config;
    struct health *health;
    void (*changed)(void *ctx);
    void *ctx;
    struct probe *all;
    unsigned count, waiting; /* waiting: probes without a first result */
};

static bool is_probed(const struct deployment *d)
{
    return d->provider->local && !d->not_ready && !d->wildcard; /* which of its models would be looked for? */
}

/* Several groups may use the same model of one server: one probe serves them all. */
static bool same_model(const struct deployment *a, const struct deployment *b)
{
    return strcmp(a->api_base, b->api_base) == 0 && strcmp(a->upstream_model, b->upstream_model) == 0;
}

/* Sets the context window for all deployments of the model. Warns once if it is smaller than declared. */
static void note_window(struct probe *p, int64_t window)
{
    struct probes *all = p->owner;
    bool warned = false;
    for (unsigned i = 0; i < all->config->deployment_count; i++) {
        const struct deployment *d = &all->config->deployments[i];
        struct health *h = &all->health[i];
        if (!is_probed(d) || !same_model(d, p->deployment) || h->real_context == window)
            continue;
        h->real_context = window;
        if (window && window < d->max_input_tokens && p->step == STEP_LOADED && !warned) {
            warned = true;
            log_warning(
                "%s: Ollama context is %lld tokens, below max_input_tokens (%lld): longer prompts go elsewhere: start "
                "Ollama with OLLAMA_CONTEXT_LENGTH=%lld",
                d->id, (long long)window, (long long)d->max_input_tokens, (long long)d->max_input_tokens);
        }
    }
}

/* Stores the result for all deployments of the model; "": ready. */
static void set_result(struct probe *p, const char *result, bool down)
{
    struct probes *all = p->owner;
    bool changed = false;
    for (unsigned i = 0; i < all->config->deployment_count; i++) {
        const struct deployment *d = &all->config->deployments[i];
        if (!is_probed(d) || !same_model(d, p->deployment))
            continue;
        changed |= strcmp(all->health[i].probe, result) != 0;
        (void)snprintf(all->health[i].probe, sizeof all->health[i].probe, "%s", result);
        all->health[i].down = down;
    }
    if (p->down != down && event_add(p->timer, &(const struct timeval){down ? HEALTH_DOWN_S : INTERVAL_S, 0}) == 0)
        p->down = down;
    if (!p->answered) {
        p->answered = true;
        all->waiting--;
        changed |= all->waiting == 0;
    }
    if (changed)
        all->changed(all->ctx);
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct probe *p = ctx;
    (void)reply;
    return buf_add_slice(&p->answer, bytes) ? CALL_GO_ON : CALL_STOP;
}

static void start_step(struct probe *p, enum step step);

/* Evaluates the model list, or its failure. */
static void take_list(struct probe *p, const struct call_reply *reply, enum failure_kind failure)
{
    char result[sizeof p->owner->health->probe] = "";
    const char *name = p->deployment->upstream_model, *base = p->deployment->api_base;
    bool silent = failure == FAILURE_CONNECT || failure == FAILURE_TIMEOUT;
    bool ollama = p->deployment->provider->truncates_prompts;
    if (silent && ollama)
        (void)snprintf(result, sizeof result, "Ollama does not answer at %.60s; start it: ollama serve", base);
    else if (silent)
        (void)snprintf(result, sizeof result, "no server answers at %.60s; start it", base);
    else if (failure != FAILURE_NONE || reply->status != 200)
        (void)snprintf(result, sizeof result, "%.60s does not list its models (HTTP %d)", base, reply->status);
    else if (!model_list_has(buf_slice(&p->answer), name))
        (void)snprintf(result, sizeof result,
                       ollama ? "the model is not installed; get it: ollama pull %.60s"
                              : "the server does not list the model %.60s",
                       name);
    if (*result)
        p->known = p->loaded = false;
    if (*p->url && !p->known)
        note_window(p, MODEL_LIST_LEAST_WINDOW);
    set_result(p, result, silent || failure == FAILURE_CUT || reply->status >= 500);
    if (*p->url && !*result)
        start_step(p, STEP_LOADED);
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message)
{
    struct probe *p = ctx;
    (void)message;
    p->call = NULL;
    if (p->step == STEP_LIST) {
        take_list(p, reply, failure);
        return;
    }
    if (p->step == STEP_LOAD) {
        start_step(p, STEP_LOADED);
        return;
    }
    bool known = failure == FAILURE_NONE && reply->status == 200;
    int64_t window = known ? model_list_window(buf_slice(&p->answer), p->deployment->upstream_model) : 0;
    if (window >= 0) {
        p->known = true;
        note_window(p, window);
    } else if (!p->loaded) {
        p->loaded = true;
        start_step(p, STEP_LOAD);
    }
}

static const struct call_events probe_events = {on_body, on_done};

/* Writes the request that makes Ollama load a model, without a prompt. */
static void write_load(const char *model, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_bool(root, "stream", false);
    document_add_text(root, "keep_alive", "10s");
    document_add_text(root, "model", model);
    (void)document_print(&d, out);
}

/* Starts a step. If out of memory, the next round starts over. */
static void start_step(struct probe *p, enum step step)
{
    static const char *const no_fields[] = {NULL};
    static const char *const PATHS[] = {
        [STEP_LIST] = "/models", [STEP_LOADED] = "/api/ps", [STEP_LOAD] = "/api/generate"};
    char url[URL_MAX + 32];
    struct call_request request = {.deployment = p->deployment, .path = PATHS[step], .total_timeout_ms = TIMEOUT_MS};
    p->step = step;
    buf_clear(&p->answer);
    buf_clear(&p->question);
    if (step != STEP_LIST) {
        (void)snprintf(url, sizeof url, "%s%s", p->url, PATHS[step]);
        request.url = url;
        request.fields = no_fields;
    }
    if (step == STEP_LOAD) {
        write_load(p->deployment->upstream_model, &p->question);
        request.body = pieces_of(buf_slice(&p->question));
        request.total_timeout_ms = LOAD_TIMEOUT_MS;
    }
    p->call = call_start(p->owner->upstream, &request, &probe_events, p);
}

/* Derives the URL of Ollama's own API from api_base, which ends in /v1. */
static void set_url(struct probe *p)
{
    struct url url;
    size_t own = strlen("/v1");
    if (!p->deployment->provider->truncates_prompts || !url_split(slice_of(p->deployment->api_base), &url) ||
        url.path.len < own || memcmp(url.path.ptr + url.path.len - own, "/v1", own) != 0)
        return;
    int len =
        snprintf(p->url, sizeof p->url, "%.*s%.*s", SLICE_ARGS(url.origin), (int)(url.path.len - own), url.path.ptr);
    if (len < 0 || (size_t)len >= sizeof p->url)
        *p->url = '\0';
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct probe *p = arg;
    (void)fd;
    (void)what;
    if (!p->call)
        start_step(p, STEP_LIST);
}

/* Adds the probe of a deployment's server. false: out of memory. */
static bool add_probe(struct probes *all, struct event_base *base, const struct deployment *d)
{
    struct probe *p = &all->all[all->count++];
    *p = (struct probe){.owner = all, .deployment = d};
    set_url(p);
    buf_init(&p->question, URL_MAX);
    buf_init(&p->answer, LIST_MAX);
    p->timer = event_new(base, -1, EV_PERSIST, on_timer, p);
    return p->timer && event_add(p->timer, &(const struct timeval){INTERVAL_S, 0}) == 0;
}

static bool add_probes(struct probes *all, struct event_base *base)
{
    for (unsigned i = 0; i < all->config->deployment_count; i++) {
        const struct deployment *d = &all->config->deployments[i];
        bool known = !is_probed(d);
        for (unsigned k = 0; k < all->count && !known; k++)
            known = same_model(d, all->all[k].deployment);
        if (!known && !add_probe(all, base, d))
            return false;
    }
    return true;
}

struct probes *probes_start(struct event_base *base, struct upstream *upstream, const struct config *config,
                            struct health *health, void (*changed)(void *ctx), void *ctx)
{
    struct probes *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    *p = (struct probes){.upstream = upstream, .config = config, .health = health, .changed = changed, .ctx = ctx};
    p->all = calloc(config->deployment_count + 1u, sizeof *p->all);
    if (!p->all || !add_probes(p, base)) {
        probes_stop(p);
        return NULL;
    }
    p->waiting = p->count;
    for (unsigned i = 0; i < p->count; i++)
        start_step(&p->all[i], STEP_LIST);
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
        if (p->all[i].timer)
            event_free(p->all[i].timer);
        buf_free(&p->all[i].answer);
        buf_free(&p->all[i].question);
    }
    free(p->all);
    free(p);
}
