/* loop: whether the servers on the user's own machine are up and have the model, and how much of a prompt they take. */
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

#define INTERVAL_S 15 /* between two questions; HEALTH_DOWN_S for a server that does not answer */
#define TIMEOUT_MS 2000
#define LOAD_TIMEOUT_MS 120000
#define LIST_MAX (1u << 20) /* bytes of a model list */
#define URL_MAX 512

/* What is asked, in this order; the last two only of a server that cuts prompts, and the last one only once, where the
 * model is not loaded: an empty prompt has it loaded as the next call would, for a few seconds. */
enum step { STEP_LIST, STEP_LOADED, STEP_LOAD };

struct probe {
    struct probes *owner;
    const struct deployment *deployment;
    struct event *timer;
    struct call *call; /* under way, or NULL */
    enum step step;    /* of it */
    struct buf answer, question;
    char url[URL_MAX]; /* of the server itself, in front of /api; "" where it is not asked for its window */
    bool answered, down;
    bool known, loaded; /* since it is up: its window is known, it was asked to load the model */
};

struct probes {
    struct upstream *upstream;
    const struct config *config;
    struct health *health;
    void (*changed)(void *ctx);
    void *ctx;
    struct probe *all;
    unsigned count, waiting; /* waiting: probes without a first answer */
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

/* Notes the window for all deployments of the model, and says so where it is less than what is declared. */
static void note_window(struct probe *p, int64_t window)
{
    struct probes *all = p->owner;
    bool told = false;
    for (unsigned i = 0; i < all->config->deployment_count; i++) {
        const struct deployment *d = &all->config->deployments[i];
        struct health *h = &all->health[i];
        if (!is_probed(d) || !same_model(d, p->deployment) || h->real_context == window)
            continue;
        h->real_context = window;
        if (window && window < d->max_input_tokens && p->step == STEP_LOADED && !told) {
            told = true;
            log_warning(
                "%s: Ollama takes %lld tokens, not the %lld of max_input_tokens; longer prompts go elsewhere. Start "
                "Ollama with OLLAMA_CONTEXT_LENGTH=%lld",
                d->id, (long long)window, (long long)d->max_input_tokens, (long long)d->max_input_tokens);
        }
    }
}

static void settle(struct probe *p, const char *result, bool down)
{
    struct probes *all = p->owner;
    bool news = false;
    for (unsigned i = 0; i < all->config->deployment_count; i++) {
        const struct deployment *d = &all->config->deployments[i];
        if (!is_probed(d) || !same_model(d, p->deployment))
            continue;
        news |= strcmp(all->health[i].probe, result) != 0;
        (void)snprintf(all->health[i].probe, sizeof all->health[i].probe, "%s", result);
        all->health[i].down = down;
    }
    if (p->down != down && event_add(p->timer, &(const struct timeval){down ? HEALTH_DOWN_S : INTERVAL_S, 0}) == 0)
        p->down = down;
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
    return buf_add_slice(&p->answer, bytes) ? CALL_GO_ON : CALL_STOP;
}

static void ask(struct probe *p, enum step step);

/* The model list has come, or not. */
static void take_list(struct probe *p, const struct call_reply *reply, enum failure_kind failure)
{
    char result[sizeof p->owner->health->probe] = "";
    const char *name = p->deployment->upstream_model, *base = p->deployment->api_base;
    bool silent = failure == FAILURE_CONNECT || failure == FAILURE_TIMEOUT;
    bool ollama = p->deployment->provider->cuts_prompts;
    if (silent && ollama)
        (void)snprintf(result, sizeof result, "Ollama does not answer at %.60s; start it: ollama serve", base);
    else if (silent)
        (void)snprintf(result, sizeof result, "no server answers at %.60s; start it", base);
    else if (failure != FAILURE_NONE || reply->status != 200)
        (void)snprintf(result, sizeof result, "%.60s does not list its models (HTTP %d)", base, reply->status);
    else if (!model_list_has(buf_slice(&p->answer), name))
        (void)snprintf(result, sizeof result,
                       ollama ? "the model is not there yet; get it: ollama pull %.60s"
                              : "its server does not list the model %.60s",
                       name);
    if (*result)
        p->known = p->loaded = false;
    if (*p->url && !p->known)
        note_window(p, MODEL_LIST_LEAST_WINDOW);
    settle(p, result, silent || failure == FAILURE_CUT || reply->status >= 500);
    if (*p->url && !*result)
        ask(p, STEP_LOADED);
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
        ask(p, STEP_LOADED);
        return;
    }
    bool told = failure == FAILURE_NONE && reply->status == 200;
    int64_t window = told ? model_list_window(buf_slice(&p->answer), p->deployment->upstream_model) : 0;
    if (window >= 0) {
        p->known = true;
        note_window(p, window);
    } else if (!p->loaded) {
        p->loaded = true;
        ask(p, STEP_LOAD);
    }
}

static const struct call_events probe_events = {on_body, on_done};

/* What has Ollama load a model, without a prompt. */
static void write_load(const char *model, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_bool(root, "stream", false);
    document_add_text(root, "keep_alive", "10s");
    document_add_text(root, "model", model);
    (void)document_print(&d, out);
}

/* Asks the next question; where there is no memory, the next round does. */
static void ask(struct probe *p, enum step step)
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

/* Where Ollama itself is, whose API for OpenAI's clients stands under /v1. */
static void set_url(struct probe *p)
{
    struct url url;
    size_t own = strlen("/v1");
    if (!p->deployment->provider->cuts_prompts || !url_split(slice_of(p->deployment->api_base), &url) ||
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
        ask(p, STEP_LIST);
}

/* Makes the probe of a deployment's server, which is asked again after INTERVAL_S. false: no memory. */
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
        ask(&p->all[i], STEP_LIST);
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
