/* pure: GET /dispatch/metrics and /dispatch/state, in the format of the risk router that introduced them. */
#include "proxy/answers/answers.h"

#include "proxy/terms/failure.h"
#include "proxy/route/plan.h"

#include <math.h>
#include <stdio.h>

#define DIGITS 6 /* significant digits of a number */

static void add_weights(const struct strategy_settings *s, struct container in)
{
    const struct risk_weights *w = &s->weights;
    struct container weights = document_add_object(in, "soft_score_weights");
    document_add_number(weights, "cost", w->cost, DIGITS);
    document_add_number(weights, "ttft", w->ttft, DIGITS);
    document_add_number(weights, "total_latency", w->total_latency, DIGITS);
    document_add_number(weights, "tokens_per_second", w->tokens_per_second, DIGITS);
    document_add_number(weights, "error", w->error, DIGITS);
    document_add_number(weights, "token_pressure", w->token_pressure, DIGITS);
    document_add_number(weights, "queue_depth", w->queue_depth, DIGITS);
    document_add_number(weights, "quality", w->quality, DIGITS);
    document_add_number(in, "temperature", s->tau, DIGITS);
}

/* Adds the cooldowns after statuses without a Retry-After. */
static void add_hard_limits(const struct config *c, struct container in)
{
    static const struct {
        const char *status;
        enum failure_kind kind;
    } ROWS[] = {
        {"401", FAILURE_AUTH},      {"402", FAILURE_QUOTA},      {"403", FAILURE_AUTH},
        {"404", FAILURE_NOT_FOUND}, {"429", FAILURE_RATE_LIMIT}, {"5xx", FAILURE_SERVER},
    };
    struct container limits = document_add_object(in, "hard_limits");
    struct container cooldowns = document_add_object(limits, "status_cooldowns_seconds");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int seconds = failure_rule(ROWS[i].kind)->cooldown_s;
        document_add_number(cooldowns, ROWS[i].status,
                            c->no_cooldowns ? 0
                            : seconds < 0   ? c->cooldown_ms / 1000.0
                                            : seconds,
                            DIGITS);
    }
    struct container in_flight = document_add_object(limits, "max_in_flight");
    for (unsigned i = 0; i < c->deployment_count; i++)
        if (c->deployments[i].max_in_flight)
            document_add_count(in_flight, c->deployments[i].id, c->deployments[i].max_in_flight);
}

/* The limit's reason: "http_429" if a status caused it, else the limit's name. */
static void add_limit(const struct health *h, const struct choice *c, struct container in)
{
    char status[32];
    bool failed = c->limit == LIMIT_COOLDOWN || c->limit == LIMIT_BREAKER_OPEN;
    const char *reason = c->limit == LIMIT_NONE ? NULL : failed ? failure_rule(h->reason)->name : limit_name(c->limit);
    if (failed && h->last_status >= 400) {
        (void)snprintf(status, sizeof status, "http_%d", h->last_status);
        reason = status;
    }
    document_add_bool(in, "hard_limited", c->limit != LIMIT_NONE);
    document_add_number(in, "hard_limited_remaining_s", (double)c->limit_s, DIGITS);
    document_add_text(in, "hard_limit_reason", reason);
}

static void add_observed(const struct deployment *d, const struct health *h, uint64_t now_ms, struct container in)
{
    const struct observed *o = &h->seen;
    double pressure = d->tpm ? (double)window_read(&h->window, now_ms).tokens / (double)d->tpm : 0;
    document_add_number(in, "ewma_ttft_ms", ewma_mean(&o->ttft_ms), DIGITS);
    document_add_number(in, "ewma_total_latency_ms", ewma_mean(&o->total_ms), DIGITS);
    document_add_number(in, "ewma_latency_ms", ewma_mean(&o->total_ms), DIGITS);
    document_add_number(in, "ewma_tokens_per_second", ewma_mean(&o->tokens_per_second), DIGITS);
    document_add_number(in, "ewma_queue_depth", ewma_mean(&o->queue_depth), DIGITS);
    document_add_number(in, "ewma_error_rate", ewma_mean(&o->errors), DIGITS);
    document_add_number(in, "ewma_token_pressure", pressure < 1 ? pressure : 1, DIGITS);
    document_add_number(in, "ewma_response_tokens", ewma_mean(&o->output_tokens), DIGITS);
    document_add_number(in, "ewma_cost_usd", ewma_mean(&o->cost_usd), DIGITS);
}

static void add_refused(const struct health *h, uint64_t now_ms, struct container in)
{
    struct container refused = document_add_array(in, "refused");
    struct omissions omit;
    refused_read(&h->refused, now_ms, &omit);
    for (unsigned part = 1; part < PART_API; part <<= 1) {
        if (!(omit.parts & part) || part == PART_FIELD)
            continue;
        struct container row = document_add_object(refused, NULL);
        document_add_text(row, "part", part_name(part));
        document_add_number(row, "since_s", refused_age_s(&h->refused, part, NULL, now_ms), DIGITS);
    }
    for (unsigned i = 0; i < omit.field_count; i++) {
        struct container row = document_add_object(refused, NULL);
        document_add_name(row, "part", omit.fields[i]);
        document_add_number(row, "since_s", refused_age_s(&h->refused, 0, omit.fields[i], now_ms), DIGITS);
    }
}

static void add_model(const struct answers *a, const struct deployment *d, struct container in)
{
    const struct health *h = &a->health[d->index];
    const struct model_group *group = config_group(a->config, slice_of(d->alias));
    struct plan_input input = {
        .config = a->config, .group = group, .wires = ~0u, .health = a->health, .now_ms = a->now_ms};
    struct choice c = {.deployment = d};
    struct buf text;
    buf_init(&text, 1024);
    limit_find(&input, &c);
    limit_message(&c, h->probe, &text);
    document_add_name(in, "model_name", d->alias);
    document_add_name(in, "model", d->model);
    document_add_count(in, "calls", (int64_t)h->calls);
    document_add_number(in, "success_rate", h->ended ? (double)h->successes / (double)h->ended : NAN, DIGITS);
    add_observed(d, h, a->now_ms, in);
    document_add_count(in, "in_flight", h->in_flight);
    add_limit(h, &c, in);
    struct rate_limits limits = rate_limits_aged(&h->limits, a->now_ms - h->limits_ms);
    if (rate_limits_known(&limits))
        rate_limits_describe(&limits, document_add_object(in, "rate_limits"));
    document_add_buf(in, "limit_words", &text);
    document_add_number(in, "last_status", h->last_status ? (double)h->last_status : NAN, DIGITS);
    document_add_name(in, "last_error", h->last_error);
    add_refused(h, a->now_ms, in);
    buf_free(&text);
}

static void add_models(const struct answers *a, struct container in)
{
    struct container models = document_add_object(in, "models");
    for (unsigned i = 0; i < a->config->deployment_count; i++) {
        const struct deployment *d = &a->config->deployments[i];
        add_model(a, d, document_add_object(models, d->id));
    }
}

static void add_spending(const struct spending *s, struct container in)
{
    struct container spending = document_add_object(in, "spending");
    spending_describe(&s->total, document_add_object(spending, "total"));
    struct container groups = document_add_object(spending, "groups");
    for (const struct spend *account = s->total.next; account; account = account->next)
        spending_describe(account, document_add_object(groups, account->alias));
}

bool answers_dispatch_metrics(const struct answers *a, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "strategy", strategy_name(a->strategy));
    document_add_text(root, "strategy_words", strategy_doc(a->strategy));
    add_weights(&a->config->strategy_settings, root);
    add_hard_limits(a->config, root);
    add_models(a, root);
    add_spending(a->spending, root);
    if (a->adaptive)
        adaptive_describe(a->adaptive, a->unix_ms, document_add_object(root, "adaptive_router"));
    else
        document_add_null(root, "adaptive_router");
    return document_print(&d, out);
}

bool answers_dispatch_state(const struct answers *a, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    add_models(a, root);
    document_add_count(root, "log_dropped", (int64_t)a->log_dropped);
    running_describe(a->running, a->running_count, document_add_array(root, "running"));
    decisions_describe(a->decisions, document_add_array(root, "requests"));
    return document_print(&d, out);
}
