/* policy_production: the production code, called as proxy/exchange/ calls it: a configuration from the loader, plans by
 * plan_make() and plan_next(), outcomes by health_started(), health_answered() and health_ended(), with the simulator's
 * clock and draws. It knows what is declared and the outcomes of its own attempts. */
#include "bench/routing/draws.h"
#include "bench/routing/policy.h"

#include "common/secret.h"
#include "proxy/route/adaptive.h"
#include "proxy/terms/failure.h"
#include "proxy/route/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define EPOCH_MS 1000000.0 /* the clock's start, because 0 means "never" in some fields */
#define BYTES_PER_TOKEN 4.0

struct state {
    struct known known;
    struct config *config;
    struct health *health;                     /* indexed by deployment.index, which equals the backend's */
    struct adaptive *adaptive;                 /* NULL: not enabled */
    struct plan *plans;                        /* per request */
    uint8_t *at;                               /* per request: the attempt in its plan */
    struct health_attempt *attempts_in_flight; /* per request: the attempt in flight */
};

static void close_state(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    adaptive_free(s->adaptive);
    config_free(s->config);
    free(s->health);
    free(s->plans);
    free(s->at);
    free(s->attempts_in_flight);
    free(s);
}

static const char *no_environment(const char *name, void *ctx)
{
    (void)ctx;
    return strcmp(name, "LITELLM_API_KEY") == 0 ? "sk-simulator" : NULL;
}

/* Options besides the strategy. */
enum { ORDERED = 1, ADAPTIVE = 2 }; /* a different order per backend; the adaptive router, live */

static void write_config(const struct known *known, const char *strategy, unsigned with, int fd)
{
    dprintf(
        fd,
        "router_settings: {routing_strategy: %s, num_retries: %u, adaptive_router: {enabled: %s, shadow_mode: false}}\n"
        "model_list:\n",
        strategy, known->attempts - 1, with & ADAPTIVE ? "true" : "false");
    for (unsigned i = 0; i < known->backend_count; i++) {
        const struct declared *d = &known->backends[i];
        dprintf(
            fd,
            "- model_name: all\n"
            "  litellm_params: {model: openai_like/%s, api_base: \"http://127.0.0.1:9/v1\", weight: %.9g, order: %u}\n"
            "  model_info: {id: %s, quality: %.9g, input_cost_per_token: %.9g, output_cost_per_token: %.9g}\n",
            d->name, d->weight, with & ORDERED ? i : 0, d->name, d->quality, d->in / 1e6, d->out / 1e6);
    }
}

static struct config *make_config(const struct known *known, const char *strategy, unsigned with)
{
    char path[64];
    struct buf error;
    int fd = memfd_create("routing-sim", MFD_CLOEXEC);
    if (fd < 0 || !secret_init())
        return NULL;
    write_config(known, strategy, with, fd);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    buf_init(&error, 4096);
    struct config_options options = {.path = path, .env = no_environment};
    struct config *c = config_load(&options, &error);
    if (!c)
        fprintf(stderr, "routing-sim: %s\n", buf_message(&error));
    buf_free(&error);
    close(fd);
    if (!c)
        return NULL;
    c->strategy_settings.value_of_time = known->objective.value_of_time;
    c->strategy_settings.quality_point = known->objective.quality_point;
    c->strategy_settings.failure = known->objective.failure;
    for (unsigned i = 0; i < known->backend_count; i++) {
        c->deployments[i].expected_ttft_ms = known->backends[i].ttft * 1000;
        c->deployments[i].expected_tokens_per_second = known->backends[i].tps;
    }
    return c;
}

static void *open_strategy(const struct known *known, const char *strategy, unsigned with)
{
    struct state *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->known = *known;
    s->config = make_config(known, strategy, with);
    s->adaptive = s->config && s->config->adaptive.enabled ? adaptive_new(s->config) : NULL;
    s->health = calloc(known->backend_count, sizeof *s->health);
    s->plans = calloc(known->request_count + 1, sizeof *s->plans);
    s->at = calloc(known->request_count + 1, sizeof *s->at);
    s->attempts_in_flight = calloc(known->request_count + 1, sizeof *s->attempts_in_flight);
    if (s->config && (s->adaptive || !(with & ADAPTIVE)) && s->health && s->plans && s->at && s->attempts_in_flight)
        return s;
    close_state(s);
    return NULL;
}

static void *open_default(const struct known *known, const struct world *world)
{
    (void)world;
    return open_strategy(known, "expected-cost", 0);
}

static void *open_risk_adjusted(const struct known *known, const struct world *world)
{
    (void)world;
    return open_strategy(known, "risk-adjusted", 0);
}

static void *open_shuffle(const struct known *known, const struct world *world)
{
    (void)world;
    return open_strategy(known, "simple-shuffle", 0);
}

static void *open_order(const struct known *known, const struct world *world)
{
    (void)world;
    return open_strategy(known, "simple-shuffle", ORDERED);
}

static void *open_adaptive(const struct known *known, const struct world *world)
{
    (void)world;
    return open_strategy(known, "simple-shuffle", ORDERED | ADAPTIVE);
}

static uint64_t clock_ms(double s)
{
    return (uint64_t)(EPOCH_MS + 1000 * s);
}

static void make_plan(struct state *s, const struct ask *ask)
{
    struct plan_input in = {
        .config = s->config,
        .group = &s->config->groups[0],
        .wires = WIRE_CHAT,
        .health = s->health,
        .now_ms = clock_ms(ask->now_s),
        .draw = draw_bits(s->known.seed, DRAW_STRATEGY, 0, ask->request),
        .prompt_bytes = (size_t)(ask->prompt_tokens * BYTES_PER_TOKEN),
    };
    struct markov_decision decision;
    plan_make(&in, &s->plans[ask->request], NULL);
    if (s->adaptive)
        (void)adaptive_plan(s->adaptive, &in, &s->plans[ask->request], (int64_t)in.now_ms, &decision);
    s->at[ask->request] = 0;
}

static int pick(void *state, const struct ask *ask)
{
    struct state *s = state;
    if (ask->attempt == 0)
        make_plan(s, ask);
    const struct plan *plan = &s->plans[ask->request];
    return s->at[ask->request] < plan->count ? (int)plan->attempts[s->at[ask->request]]->index : -1;
}

static void started(void *state, const struct ask *ask, unsigned backend)
{
    struct state *s = state;
    s->attempts_in_flight[ask->request] = health_started(&s->health[backend], s->config,
                                                         &s->config->deployments[backend], (int64_t)ask->prompt_tokens,
                                                         clock_ms(ask->now_s));
}

static void answered(void *state, const struct ask *ask, unsigned backend, double ttft_s)
{
    struct state *s = state;
    health_answered(&s->health[backend], &s->attempts_in_flight[ask->request], clock_ms(ask->now_s + ttft_s));
}

/* Converts the end of an attempt to the proxy's failure. */
static void fail(const struct result *r, struct failure *f)
{
    static const int STATUS[] = {[ENDED_500] = 500, [ENDED_504] = 504, [ENDED_429] = 429, [ENDED_503] = 503};
    if (r->how == ENDED_TRUNCATED)
        failure_set(f, FAILURE_CUT, "truncated reply");
    else if (r->how == ENDED_TIMEOUT)
        failure_set(f, FAILURE_TIMEOUT, "no reply");
    else
        failure_from_reply(f, NULL, STATUS[r->how], r->retry_after_s >= 0 ? (int)ceil(r->retry_after_s) : -1,
                           SLICE("{}"));
}

static void ended(void *state, const struct ask *ask, unsigned backend, const struct result *r)
{
    struct state *s = state;
    struct failure failure = {.kind = FAILURE_NONE};
    bool good = r->how == ENDED_WELL, answered = r->ttft_s >= 0;
    if (!good)
        fail(r, &failure);
    struct outcome outcome = {
        .failure = good ? NULL : &failure,
        .status = good || answered ? 200 : failure.upstream_status,
        .ttft_ms = answered ? (int64_t)(1000 * r->ttft_s) : -1,
        .total_ms = (int64_t)(1000 * r->total_s),
        .prompt_tokens = answered ? (int64_t)ask->prompt_tokens : -1,
        .output_tokens = answered ? (int64_t)r->output_tokens : -1,
        .cost_usd = answered ? r->cost_usd : NAN,
        .deployment_error = !good,
        .draw = draw_bits(s->known.seed, DRAW_STRATEGY, 1 + ask->attempt, ask->request),
    };
    uint64_t now_ms = clock_ms(ask->now_s + r->total_s);
    const struct deployment *d = &s->config->deployments[backend];
    health_ended(&s->health[backend], s->config, d, &s->attempts_in_flight[ask->request], &outcome, now_ms);
    if (s->adaptive)
        adaptive_learn(s->adaptive, d, &s->health[backend], &outcome, now_ms, (int64_t)now_ms);
    if (!good)
        s->at[ask->request] = (uint8_t)plan_next(&s->plans[ask->request], s->at[ask->request], failure.kind);
}

const struct policy POLICY_DEFAULT = {"default", "expected-cost", open_default, pick,
                                      started,   ended,           close_state,  answered};
const struct policy POLICY_RISK_ADJUSTED = {"risk-adjusted", "risk-adjusted", open_risk_adjusted, pick,
                                            started,         ended,           close_state,        answered};
const struct policy POLICY_PRODUCTION_SHUFFLE = {
    "simple-shuffle-production", "simple-shuffle", open_shuffle, pick, started, ended, close_state, answered};
const struct policy POLICY_PRODUCTION_ORDER = {"order-production", "order", open_order, pick, started, ended,
                                               close_state,        answered};
const struct policy POLICY_PRODUCTION_ADAPTIVE = {
    "order-adaptive", "order, adaptive router live", open_adaptive, pick, started, ended, close_state, answered};
