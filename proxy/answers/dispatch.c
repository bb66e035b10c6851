/* pure: what the proxy says of its routing: GET /dispatch/metrics and /dispatch/state, in the shape of the risk router
 * that they come from. */
#include "proxy/answers/answers.h"

#include "common/json.h"
#include "proxy/terms/failure.h"
#include "proxy/route/plan.h"

#include <math.h>

static void add_figure(struct buf *out, const char *key, double value)
{
    buf_add_text(out, key);
    if (isfinite(value))
        buf_add_format(out, "%.6g", value);
    else
        BUF_ADD(out, "null");
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_add_text(out, key);
    if (text && *text)
        json_add_string(out, slice_of(text));
    else
        BUF_ADD(out, "null");
}

static void add_weights(const struct strategy_settings *s, struct buf *out)
{
    const struct risk_weights *w = &s->weights;
    add_figure(out, ",\"soft_score_weights\":{\"cost\":", w->cost);
    add_figure(out, ",\"ttft\":", w->ttft);
    add_figure(out, ",\"total_latency\":", w->total_latency);
    add_figure(out, ",\"tokens_per_second\":", w->tokens_per_second);
    add_figure(out, ",\"error\":", w->error);
    add_figure(out, ",\"token_pressure\":", w->token_pressure);
    add_figure(out, ",\"queue_depth\":", w->queue_depth);
    add_figure(out, ",\"quality\":", w->quality);
    add_figure(out, "},\"temperature\":", s->tau);
}

/* How long statuses make a deployment rest that come without a Retry-After. */
static void add_hard_limits(const struct config *c, struct buf *out)
{
    static const struct {
        const char *status;
        enum failure_kind kind;
    } ROWS[] = {
        {"401", FAILURE_AUTH},      {"402", FAILURE_QUOTA},      {"403", FAILURE_AUTH},
        {"404", FAILURE_NOT_FOUND}, {"429", FAILURE_RATE_LIMIT}, {"5xx", FAILURE_SERVER},
    };
    bool any = false;
    BUF_ADD(out, ",\"hard_limits\":{\"status_cooldowns_seconds\":{");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int seconds = failure_rule(ROWS[i].kind)->cooldown_s;
        buf_add_format(out, "%s\"%s\"", i ? "," : "", ROWS[i].status);
        add_figure(out, ":", c->no_cooldowns ? 0 : seconds < 0 ? c->cooldown_ms / 1000.0 : seconds);
    }
    BUF_ADD(out, "},\"max_in_flight\":{");
    for (unsigned i = 0; i < c->deployment_count; i++) {
        const struct deployment *d = &c->deployments[i];
        if (!d->max_in_flight)
            continue;
        add_text(out, any ? "," : "", d->id);
        add_figure(out, ":", (double)d->max_in_flight);
        any = true;
    }
    BUF_ADD(out, "}}");
}

/* "http_429" where a status brought the limit about, else the limit's name. */
static void add_limit(const struct health *h, const struct choice *c, struct buf *out)
{
    enum limit limit = c->limit;
    bool failed = limit == LIMIT_RESTING || limit == LIMIT_BREAKER_OPEN;
    buf_add_format(out, ",\"hard_limited\":%s", limit == LIMIT_NONE ? "false" : "true");
    add_figure(out, ",\"hard_limited_remaining_s\":", (double)c->limit_s);
    if (limit == LIMIT_NONE)
        BUF_ADD(out, ",\"hard_limit_reason\":null");
    else if (failed && h->last_status >= 400)
        buf_add_format(out, ",\"hard_limit_reason\":\"http_%d\"", h->last_status);
    else
        buf_add_format(out, ",\"hard_limit_reason\":\"%s\"",
                       failed ? failure_rule(h->reason)->name : limit_name(limit));
}

static void add_observed(const struct deployment *d, const struct health *h, uint64_t now_ms, struct buf *out)
{
    const struct observed *o = &h->seen;
    double pressure = d->tpm ? (double)window_read(&h->window, now_ms).tokens / (double)d->tpm : 0;
    add_figure(out, ",\"ewma_ttft_ms\":", ewma_mean(&o->ttft_ms));
    add_figure(out, ",\"ewma_total_latency_ms\":", ewma_mean(&o->total_ms));
    add_figure(out, ",\"ewma_latency_ms\":", ewma_mean(&o->total_ms));
    add_figure(out, ",\"ewma_tokens_per_second\":", ewma_mean(&o->tokens_per_second));
    add_figure(out, ",\"ewma_queue_depth\":", ewma_mean(&o->queue_depth));
    add_figure(out, ",\"ewma_error_rate\":", ewma_mean(&o->errors));
    add_figure(out, ",\"ewma_token_pressure\":", pressure < 1 ? pressure : 1);
    add_figure(out, ",\"ewma_response_tokens\":", ewma_mean(&o->output_tokens));
    add_figure(out, ",\"ewma_cost_usd\":", ewma_mean(&o->cost_usd));
}

static void add_model(const struct answers *a, const struct deployment *d, struct buf *out)
{
    const struct health *h = &a->health[d->index];
    const struct model_group *group = config_group(a->config, slice_of(d->alias));
    struct plan_input in = {
        .config = a->config, .group = group, .wires = ~0u, .health = a->health, .now_ms = a->now_ms};
    struct choice c = {.deployment = d};
    limit_find(&in, &c);
    json_add_string(out, slice_of(d->id));
    add_text(out, ":{\"model_name\":", d->alias);
    add_text(out, ",\"model\":", d->model);
    buf_add_format(out, ",\"calls\":%llu", (unsigned long long)h->calls);
    add_figure(out, ",\"success_rate\":", h->ended ? (double)h->successes / (double)h->ended : NAN);
    add_observed(d, h, a->now_ms, out);
    buf_add_format(out, ",\"in_flight\":%u", h->in_flight);
    add_limit(h, &c, out);
    BUF_ADD(out, ",\"limit_words\":\"");
    struct buf words;
    buf_init(&words, 1024);
    limit_words(&c, h->probe, &words);
    json_add_escaped(out, buf_slice(&words));
    buf_free(&words);
    BUF_ADD(out, "\"");
    add_figure(out, ",\"last_status\":", h->last_status ? (double)h->last_status : (double)NAN);
    add_text(out, ",\"last_error\":", h->last_error);
    BUF_ADD(out, "}");
}

static void add_models(const struct answers *a, struct buf *out)
{
    BUF_ADD(out, "\"models\":{");
    for (unsigned i = 0; i < a->config->deployment_count; i++) {
        if (i)
            BUF_ADD(out, ",");
        add_model(a, &a->config->deployments[i], out);
    }
    BUF_ADD(out, "}");
}

static void add_spending(const struct spending *s, struct buf *out)
{
    BUF_ADD(out, ",\"spending\":{\"total\":");
    (void)spending_json(&s->total, out);
    BUF_ADD(out, ",\"groups\":{");
    for (const struct spend *account = s->total.next; account; account = account->next) {
        if (account != s->total.next)
            BUF_ADD(out, ",");
        json_add_string(out, slice_of(account->alias));
        BUF_ADD(out, ":");
        (void)spending_json(account, out);
    }
    BUF_ADD(out, "}}");
}

static void add_adaptive(const struct answers *a, struct buf *out)
{
    BUF_ADD(out, ",\"adaptive_router\":");
    if (a->adaptive)
        (void)adaptive_write(a->adaptive, a->unix_ms, out);
    else
        BUF_ADD(out, "null");
}

bool answers_dispatch_metrics(const struct answers *a, struct buf *out)
{
    const struct strategy *strategy = a->strategy ? a->strategy : &STRATEGY_SHUFFLE;
    buf_add_format(out, "{\"strategy\":\"%s\",\"strategy_words\":\"%s\"", strategy->name, strategy->doc);
    add_weights(&a->config->strategy_settings, out);
    add_hard_limits(a->config, out);
    BUF_ADD(out, ",");
    add_models(a, out);
    add_spending(a->spending, out);
    add_adaptive(a, out);
    return BUF_ADD(out, "}");
}

bool answers_dispatch_state(const struct answers *a, struct buf *out)
{
    BUF_ADD(out, "{");
    add_models(a, out);
    BUF_ADD(out, ",\"requests\":");
    (void)decisions_json(a->decisions, out);
    return BUF_ADD(out, "}");
}
