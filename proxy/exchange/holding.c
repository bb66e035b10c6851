/* loop: what the virtual key of a request holds while it runs (proxy/keys/gate.h). Without a key store, and for the
 * master key of a table that does not know it, all functions do nothing.
 *
 *   hold: the dearest planned attempt, with a long reply ─▶ grow: further attempts, a stream longer than that
 *         ─▶ settle: what all attempts cost, before the last byte is sent */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/rate_limits.h"
#include "proxy/terms/usage.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WINDOW 200000     /* tokens of a model whose context window is not known */
#define OUTPUT_TOKENS 500 /* tokens of a reply, until replies were measured */
#define P95 1.645         /* standard deviations above the mean that 95 % of a normal distribution are below */

static struct gate_time time_now(void)
{
    return (struct gate_time){clock_unix_ms(), clock_monotonic_ms()};
}

/* Rounds up: what is held covers the cost. NAN, an unknown price, is 0. */
static int64_t nano_usd(double usd)
{
    return usd > 0 ? (int64_t)fmin(ceil(usd * NANO_USD), MONEY_MAX) : 0;
}

static int64_t prompt_tokens(const struct request *r, const struct deployment *d)
{
    return usage_tokens(r->model_request.prompt_bytes, r->shared->health[d->index].calibration.bytes_per_token);
}

/* The tokens below which 95 % of the deployment's replies are, as if they were normally distributed. */
static double long_reply(const struct request *r, const struct deployment *d)
{
    const struct observed *seen = &r->shared->health[d->index].seen;
    double half_life_ms = r->shared->config->strategy_settings.half_life_ms;
    double mean = ewma_read(&seen->output_tokens, OUTPUT_TOKENS, 1, half_life_ms, clock_monotonic_ms());
    double square = ewma_mean(&seen->output_squares), known_mean = ewma_mean(&seen->output_tokens);
    double variance = square - known_mean * known_mean;
    return variance > 0 ? fmax(mean, known_mean + P95 * sqrt(variance)) : mean;
}

/* The most tokens that the reply can have: the request's own limit, else the model's window. */
static double longest_reply(const struct request *r, const struct deployment *d)
{
    static const char *const names[] = {"max_output_tokens", "max_completion_tokens", "max_tokens"};
    const struct json *top = &r->model_request.top;
    int64_t window = health_context_window(&r->shared->health[d->index], d);
    double most = window > 0 ? (double)window : WINDOW, limit;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_double(top, json_get(top, 0, names[i]), &limit) && limit >= 0)
            most = fmin(most, limit);
    return most;
}

/* The most that the attempt can cost: each byte of the request is a token, and whatever is dearer is all that it has:
 * writes to the prompt cache, reasoning. NAN: unknown prices. */
static double most_usd(const struct request *r, const struct deployment *d)
{
    int64_t input = (int64_t)request_body(r).len, output = (int64_t)longest_reply(r, d);
    double most = NAN; /* fmax() ignores it */
    for (unsigned i = 0; i < 4; i++) {
        const struct usage usage = {.input = input,
                                    .cached_input = 0,
                                    .cache_write = i & 1 ? input : 0,
                                    .output = output,
                                    .reasoning = i & 2 ? output : 0};
        most = fmax(most, spending_cost(d, &usage));
    }
    return most;
}

static double attempt_usd(const struct request *r, const struct deployment *d)
{
    double usd = r->shared->config->strict_budget ? most_usd(r, d)
                                                  : spending_estimate(d, prompt_tokens(r, d), long_reply(r, d));
    return isfinite(usd) ? usd : 0;
}

void holding_rename(struct request *r)
{
    char model[KEY_NAME_MAX + 1];
    struct model_request *m = &r->model_request;
    const struct holding *h = r->holding;
    if (h && h->key.account && gate_model_alias(r->shared->gate, &h->key, slice_of(m->model), model))
        (void)snprintf(m->model, sizeof m->model, "%s", model);
}

/* What the plan needs at most for one attempt. */
static void add_plan(const struct request *r, struct key_need *need)
{
    double usd = 0, tokens = 0;
    for (unsigned i = 0; i < r->plan.count; i++) {
        const struct deployment *d = r->plan.attempts[i];
        usd = fmax(usd, attempt_usd(r, d));
        tokens = fmax(tokens, (double)prompt_tokens(r, d) + long_reply(r, d));
    }
    need->nano = nano_usd(usd);
    need->tokens = (int64_t)tokens;
}

bool holding_begin(struct request *r, struct key_refusal *refusal)
{
    const struct model_request *m = &r->model_request;
    struct gate *gate = r->shared->gate;
    struct holding *h = r->holding;
    char session[17];
    if (!h || !h->key.account)
        return true;
    (void)snprintf(session, sizeof session, "%016llx", (unsigned long long)m->conversation);
    struct gate_time now = time_now();
    struct key_need need = {
        .alias = slice_of(m->model),
        .target = slice_of(r->group->deployments[0]->model),
        .customer = json_inner(&m->top, json_get(&m->top, 0, "user")),
        .request_id = slice_of(r->id),
        .session = slice_of(session),
        .flags = (m->stream ? CALL_STREAMED : 0u) | (unsigned)m->wire << CALL_WIRE_SHIFT,
    };
    add_plan(r, &need);
    h->held_nano = need.nano;
    h->held_tokens = need.tokens;
    return gate_allows_model(gate, &h->key, need.alias, need.target, refusal) &&
           gate_hold(gate, &h->key, &need, &now, &h->hold, refusal);
}

static void grow(struct request *r, int64_t nano, int64_t tokens)
{
    struct holding *h = r->holding;
    if (nano <= h->held_nano && tokens <= h->held_tokens)
        return;
    struct gate_time now = time_now();
    h->held_nano = nano > h->held_nano ? nano : h->held_nano;
    h->held_tokens = tokens > h->held_tokens ? tokens : h->held_tokens;
    (void)gate_grow(r->shared->gate, &h->hold, h->held_nano, h->held_tokens, &now);
}

/* Whether the request holds something now. */
static bool holds(const struct request *r)
{
    return r->holding && r->holding->hold.slot;
}

static double in_flight_usd(const struct request *r, const struct attempt *a)
{
    bool in_flight = a && (a->state == ATTEMPT_STARTED || a->state == ATTEMPT_ANSWERING);
    return in_flight ? attempt_usd(r, a->deployment) : 0;
}

void holding_attempt(struct request *r)
{
    if (holds(r))
        grow(r, r->holding->charged_nano + nano_usd(in_flight_usd(r, &r->first) + in_flight_usd(r, r->second)), 0);
}

void holding_stream(struct attempt *a)
{
    struct request *r = a->request;
    int64_t output = holds(r) ? (int64_t)relay_events(a->relay) : 0, prompt;
    if (output <= a->output_held)
        return;
    a->output_held = output + output / 4; /* so that it grows a few times, however long the reply */
    prompt = prompt_tokens(r, a->deployment);
    double usd = spending_estimate(a->deployment, prompt, (double)a->output_held);
    grow(r, r->holding->charged_nano + nano_usd(usd), prompt + a->output_held);
}

void holding_charge(struct request *r, double usd)
{
    struct holding *h = r->holding;
    if (!h)
        return;
    h->charged_nano += nano_usd(usd);
    h->unpriced = h->unpriced || isnan(usd);
}

void holding_settle(struct request *r, int status)
{
    const struct attempt *a = r->attempt;
    struct holding *h = r->holding;
    if (!holds(r))
        return;
    bool cached = caching_answered(r);
    struct usage usage = a->relay && !cached ? relay_usage(a->relay) : USAGE_UNKNOWN;
    struct gate_time now = time_now();
    struct key_bill bill = {
        .nano = h->charged_nano,
        .tokens_in = usage.input > 0 ? usage.input : 0,
        .tokens_cached = usage.cached_input > 0 ? usage.cached_input : 0,
        .tokens_out = usage.output > 0 ? usage.output : 0,
        .model = slice_of(a->deployment && status == 200 ? a->deployment->model : ""),
        .http_status = status == 499 ? 0 : status,
        .flags = (usage.estimated ? CALL_ESTIMATED : 0u) | (cached ? CALL_CACHE_HIT : 0u) |
                 (h->unpriced ? CALL_UNPRICED : 0u),
    };
    h->settled = true;
    if (gate_settle(r->shared->gate, &h->hold, &bill, &now, &h->limits))
        r->shared->wake_keeper(r->shared->wake_ctx);
}

bool holding_names(const struct request *r, struct gate_names *names)
{
    const struct key_ref *key = r->holding ? &r->holding->key : NULL;
    if (!key || !key->account || key->master)
        return false;
    gate_names(r->shared->gate, key, names);
    if (!*names->alias) /* the begin of its hash, enough to recognize it */
        (void)snprintf(names->alias, sizeof names->alias, "%02x%02x%02x%02x", key->hash[0], key->hash[1], key->hash[2],
                       key->hash[3]);
    return true;
}

static void add_limit(struct buf *out, const char *scope, const char *what, int64_t limit, int64_t left)
{
    if (limit < 0)
        return;
    buf_add_format(out, "x-ratelimit-%s-limit-%s: %lld\r\n", scope, what, (long long)limit);
    buf_add_format(out, "x-ratelimit-%s-remaining-%s: %lld\r\n", scope, what, (long long)left);
}

static void add_left(struct buf *out, const char *scope, const struct gate_left *left)
{
    add_limit(out, scope, "requests", left->requests, left->requests_left);
    add_limit(out, scope, "tokens", left->tokens, left->tokens_left);
    add_limit(out, scope, "max_parallel_requests", left->parallel, left->parallel_left);
}

static void add_usd(struct buf *out, const char *name, int64_t nano)
{
    buf_add_text(out, name);
    buf_add_double(out, (double)nano / NANO_USD, 9);
    BUF_ADD(out, "\r\n");
}

/* Reads the limits as they are now, or were when the request ended. false: none. */
static bool read_limits(const struct request *r, struct gate_limits *limits)
{
    const struct holding *h = r->holding;
    if (!h || (!h->hold.slot && !h->settled))
        return false;
    struct gate_time now = time_now();
    if (h->settled)
        *limits = h->limits;
    else
        gate_limits(r->shared->gate, &h->hold, &now, limits);
    return true;
}

bool holding_quota(const struct request *r, struct rate_limits *quota)
{
    struct gate_limits limits;
    if (!read_limits(r, &limits) || limits.max_budget_nano <= 0 || limits.reset_ms == INT64_MAX)
        return false;
    *quota = (struct rate_limits){
        .primary = {.known = true,
                    .used_percent = fmin(100, 100 * (double)limits.spent_nano / (double)limits.max_budget_nano),
                    .window_minutes = (int)((limits.reset_ms - limits.start_ms) / 60000),
                    .reset_after_s = (int)((limits.reset_ms - clock_unix_ms()) / 1000)}};
    return true;
}

void holding_fields(const struct request *r, struct buf *out)
{
    const struct holding *h = r->holding;
    struct gate_limits limits;
    if (h && h->refused && h->refused->rate_limit_type)
        buf_add_format(out, "rate_limit_type: %s\r\n", h->refused->rate_limit_type);
    if (!read_limits(r, &limits))
        return;
    add_usd(out, "x-litellm-key-spend: ", limits.spent_nano);
    if (limits.max_budget_nano >= 0)
        add_usd(out, "x-litellm-key-max-budget: ", limits.max_budget_nano);
    add_left(out, "api_key", &limits.key);
    add_left(out, "team", &limits.team);
    add_left(out, "user", &limits.user);
    add_left(out, "model_per_key", &limits.model_per_key);
}
