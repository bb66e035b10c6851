/* pure: predicts the next attempt at a deployment. */
#include "proxy/route/forecast.h"

#include "proxy/terms/failure.h"
#include "proxy/route/observe.h"

#include <math.h>
#include <string.h>

/* Typical values of model providers, not of one provider. They need not be exact, because observations correct them.
 * Found by a search in the routing simulator: bench/routing-tune (bench/README.md, "Routing"). */
#define NORMAL_HALF_LIFE_MS 600000.0 /* half-life of samples of the normal state */
#define FAULT_HALF_LIFE_MS 240000.0  /* half-life of samples of the failing or slow state */
#define NORMAL_ERRORS 0.008          /* share of failures in the normal state */
#define NORMAL_ERRORS_WEIGHT 200.0   /* in samples, as all weights */
#define FAILING_ERRORS 0.68          /* and in the failing state */
#define FAILING_ERRORS_WEIGHT 14.0
#define TRUNCATED 0.2 /* share of the failures that truncate a reply */
#define TRUNCATED_WEIGHT 1.0
#define LATE_FAILURES 0.2       /* share of the attempts at a failing deployment that fail only after a long wait */
#define EARLY_FAILURE_MS 2400.0 /* duration of the other failures */
#define EARLY_FAILURE_WEIGHT 3.0
#define DECLARED_WEIGHT 5.0 /* of declared times */
#define USUAL_WEIGHT 1.0    /* of the following two */
#define USUAL_TTFT_MS 1500.0
#define USUAL_TOKEN_MS 25.0
#define SLOWNESS 4.8 /* factor on both times in the slow state */
#define SLOWNESS_WEIGHT 1.0
#define SPREAD_TTFT 0.6      /* standard deviations of the logarithm of a time over the expected one, normal state */
#define SPREAD_TOKEN 0.36    /* the same for the time per token */
#define SLOW_MEAN 1.45       /* mean of the logarithm of the factor, slow state */
#define SLOW_SPREAD 0.6      /* and its standard deviation */
#define TOKENS_MIN 8         /* shorter replies say nothing about the speed */
#define TRIAL_FROM 0.03      /* suspicion from which on only one attempt at a time tests the deployment */
#define TRIAL 0.43           /* suspicion that other attempts expect meanwhile */
#define RHYTHM_BAD_MIN 0.6   /* probability of the failing state while the rhythm predicts failures, at least */
#define RHYTHM_GOOD_MAX 0.08 /* and in between, at most: one attempt tests before the others follow */
#define RATIO_MAX 55.0       /* limits the weight of one piece of evidence */
/* Least weight of normal-state samples, even if the deployment is surely slow: slowness may have become normal. */
#define NORMAL_WEIGHT_MIN 0.05

struct forecast_prior forecast_prior(const struct deployment *d, double output_tokens)
{
    struct forecast_prior p = {USUAL_TTFT_MS, USUAL_WEIGHT, USUAL_TOKEN_MS, USUAL_WEIGHT, output_tokens};
    if (d->expected_ttft_ms > 0) {
        p.ttft_ms = d->expected_ttft_ms;
        p.ttft_weight = DECLARED_WEIGHT;
    }
    if (d->expected_tokens_per_second > 0) {
        p.token_ms = 1000 / d->expected_tokens_per_second;
        p.token_weight = DECLARED_WEIGHT;
    }
    return p;
}

static double normal_ttft_ms(const struct forecast *f, const struct forecast_prior *p, uint64_t now_ms)
{
    return fmax(ewma_read(&f->ttft_ms, p->ttft_ms, p->ttft_weight, NORMAL_HALF_LIFE_MS, now_ms), 1);
}

static double normal_token_ms(const struct forecast *f, const struct forecast_prior *p, uint64_t now_ms)
{
    return fmax(ewma_read(&f->token_ms, p->token_ms, p->token_weight, NORMAL_HALF_LIFE_MS, now_ms), 0.01);
}

/* An average that loses weight only to newer samples, not to time. */
static double read_unaged(const struct ewma *e, double prior, double prior_weight)
{
    return ewma_read(e, prior, prior_weight, NORMAL_HALF_LIFE_MS, e->at_ms);
}

static double failing_error_rate(const struct forecast *f)
{
    return read_unaged(&f->failing_errors, FAILING_ERRORS, FAILING_ERRORS_WEIGHT);
}
static double normal_error_rate(const struct forecast *f)
{
    return read_unaged(&f->errors, NORMAL_ERRORS, NORMAL_ERRORS_WEIGHT);
}

/* Adds a sample that counts as `weight` samples. */
static void add(struct ewma *e, double sample, double weight, double half_life_ms, uint64_t now_ms)
{
    ewma_add(e, sample, half_life_ms, now_ms);
    e->sum -= (1 - weight) * sample;
    e->weight -= 1 - weight;
}

static double clamp_ratio(double ratio)
{
    return fmin(fmax(ratio, 1 / RATIO_MAX), RATIO_MAX);
}

/* How much likelier a time is in the slow state than in the normal one. `x`: logarithm of the time over the expected
 * time. Times beyond SLOW_MEAN count as SLOW_MEAN in the slow state. */
static double slow_ratio(double x, double spread)
{
    /* Where the ratio is least. Without this bound even shorter times would count as slow again, because slow times
     * have the wider distribution. */
    double least = -SLOW_MEAN * spread * spread / (SLOW_SPREAD * SLOW_SPREAD - spread * spread);
    x = fmax(x, least);
    double slow = x > SLOW_MEAN ? 0 : (x - SLOW_MEAN) / SLOW_SPREAD, normal = x / spread;
    return clamp_ratio(exp((normal * normal - slow * slow) / 2) * spread / SLOW_SPREAD);
}

/* Upper tail of the standard normal distribution. */
static double upper_tail(double z)
{
    return erfc(z / M_SQRT2) / 2;
}

static double bayes_update(double belief, double ratio)
{
    return belief * ratio / (belief * ratio + 1 - belief);
}

/* Applies the prediction of the rhythm. */
static void apply_rhythm(const struct forecast *f, uint64_t now_ms, struct prospect *p)
{
    enum rhythm_phase phase = rhythm_now(&f->rhythm, now_ms);
    if (phase == RHYTHM_BAD)
        p->failing = fmax(p->failing, RHYTHM_BAD_MIN);
    else if (phase == RHYTHM_GOOD)
        p->failing = fmin(p->failing, RHYTHM_GOOD_MAX);
}

/* Applies the waiting times of the attempts in flight. */
static void apply_pending(const struct forecast *f, uint64_t now_ms, struct prospect *p)
{
    double slow = 1, failing = 1;
    bool any = false;
    for (unsigned i = 0; i < FORECAST_PENDING; i++) {
        double expected_ms = f->pending[i].expected_ms, waited_ms = (double)(now_ms - f->pending[i].started_ms);
        if (expected_ms <= 0)
            continue;
        any = true;
        if (waited_ms <= expected_ms)
            continue;
        double x = log(waited_ms / expected_ms), normal = fmax(upper_tail(x / SPREAD_TTFT), 1e-9);
        slow *= clamp_ratio(upper_tail((x - SLOW_MEAN) / SLOW_SPREAD) / normal);
        failing *= clamp_ratio(1 - LATE_FAILURES + LATE_FAILURES / normal);
    }
    p->slow = bayes_update(p->slow, clamp_ratio(slow));
    p->failing = bayes_update(p->failing, clamp_ratio(failing));
    apply_rhythm(f, now_ms, p);
    if (any && p->failing > TRIAL_FROM)
        p->failing = fmax(p->failing, TRIAL);
    if (any && p->slow > TRIAL_FROM)
        p->slow = fmax(p->slow, TRIAL);
}

struct prospect forecast_read(const struct forecast *f, const struct forecast_prior *prior, unsigned in_flight,
                              uint64_t now_ms)
{
    struct prospect p = {.failing = suspicion_read(&f->failing, now_ms), .slow = suspicion_read(&f->slow, now_ms)};
    apply_pending(f, now_ms, &p);
    double slowness = fmax(read_unaged(&f->slowness, SLOWNESS, SLOWNESS_WEIGHT), 1);
    double factor = 1 + p.slow * (slowness - 1);
    p.error = p.failing * failing_error_rate(f) + (1 - p.failing) * normal_error_rate(f);
    p.truncated = read_unaged(&f->truncations, TRUNCATED, TRUNCATED_WEIGHT);
    p.early_failure_ms = read_unaged(&f->early_failure_ms, EARLY_FAILURE_MS, EARLY_FAILURE_WEIGHT);
    double ttft_ms = normal_ttft_ms(f, prior, now_ms), token_ms = normal_token_ms(f, prior, now_ms);
    p.ttft_ms = factor * ttft_ms;
    p.token_ms = factor * token_ms;
    p.wait_ms = slots_wait_ms(&f->slots, in_flight, ttft_ms + prior->output_tokens * token_ms);
    return p;
}

struct forecast_attempt forecast_started(struct forecast *f, const struct forecast_prior *prior, unsigned others,
                                         uint64_t now_ms)
{
    struct forecast_attempt attempt = {.started_ms = now_ms, .others = others};
    double ttft_ms = normal_ttft_ms(f, prior, now_ms), token_ms = normal_token_ms(f, prior, now_ms);
    attempt.expected_ms = ttft_ms + slots_wait_ms(&f->slots, others, ttft_ms + prior->output_tokens * token_ms);
    for (unsigned i = 0; i < FORECAST_PENDING && !attempt.pending_slot; i++)
        if (f->pending[i].expected_ms <= 0) {
            f->pending[i].started_ms = now_ms;
            f->pending[i].expected_ms = attempt.expected_ms;
            attempt.pending_slot = i + 1;
        }
    return attempt;
}

static void remove_pending(struct forecast *f, struct forecast_attempt *attempt)
{
    if (attempt->pending_slot)
        f->pending[attempt->pending_slot - 1].expected_ms = 0;
    attempt->pending_slot = 0;
}

void forecast_not_streamed(struct forecast *f, struct forecast_attempt *attempt)
{
    remove_pending(f, attempt);
}

void forecast_forget_pending(struct forecast *f)
{
    memset(f->pending, 0, sizeof f->pending);
}

/* Whether a success counts: one that started before the newest failure says nothing about the time since. */
static bool is_current(const struct forecast *f, const struct forecast_attempt *attempt)
{
    return attempt->started_ms >= f->last_failure_start_ms;
}

void forecast_answered(struct forecast *f, struct forecast_attempt *attempt, uint64_t now_ms)
{
    if (attempt->answered)
        return;
    attempt->answered = true;
    remove_pending(f, attempt);
    double ttft_ms = fmax((double)(now_ms - attempt->started_ms), 1);
    suspicion_update(&f->slow, slow_ratio(log(ttft_ms / attempt->expected_ms), SPREAD_TTFT), now_ms);
    if (is_current(f, attempt))
        suspicion_update(&f->failing, 1 - failing_error_rate(f) * (1 - TRUNCATED), now_ms);
}

static void learn_failure(struct forecast *f, const struct forecast_attempt *attempt, const struct outcome *o,
                          uint64_t now_ms)
{
    bool truncated = o->ttft_ms >= 0;
    suspicion_update(&f->failing, 2 * clamp_ratio(failing_error_rate(f) / normal_error_rate(f)), now_ms);
    double failing = suspicion_read(&f->failing, now_ms);
    add(&f->failing_errors, 1, failing, FAULT_HALF_LIFE_MS, now_ms);
    add(&f->errors, 1, 1 - failing, NORMAL_HALF_LIFE_MS, now_ms);
    ewma_add(&f->truncations, truncated, NORMAL_HALF_LIFE_MS, now_ms);
    if (!truncated)
        ewma_add(&f->early_failure_ms, (double)o->total_ms, NORMAL_HALF_LIFE_MS, now_ms);
    rhythm_failed(&f->rhythm, attempt->started_ms);
    if (attempt->started_ms > f->last_failure_start_ms)
        f->last_failure_start_ms = attempt->started_ms;
}

static void learn_success(struct forecast *f, const struct forecast_attempt *attempt, uint64_t now_ms)
{
    double bad = failing_error_rate(f), failing = suspicion_read(&f->failing, now_ms);
    double heard = attempt->answered ? 1 - bad * (1 - TRUNCATED)
                                     : 1; /* the first content already counted as evidence */
    suspicion_update(&f->failing, (1 - bad) / heard, now_ms);
    add(&f->failing_errors, 0, failing, FAULT_HALF_LIFE_MS, now_ms);
    add(&f->errors, 0, 1 - failing, NORMAL_HALF_LIFE_MS, now_ms);
}

/* Times of a reply that was not streamed: only its total is known, so both times are corrected by the same factor. */
static void learn_unstreamed_times(struct forecast *f, const struct forecast_attempt *attempt, const struct outcome *o,
                                   double ttft_ms, double token_ms, uint64_t now_ms)
{
    double tokens = o->output_tokens > 0 ? (double)o->output_tokens : 0;
    double factor = fmax((double)o->total_ms, 1) / (attempt->expected_ms + tokens * token_ms);
    suspicion_update(&f->slow, slow_ratio(log(factor), SPREAD_TTFT), now_ms);
    double slow = suspicion_read(&f->slow, now_ms), normal = fmax(1 - slow, NORMAL_WEIGHT_MIN);
    add(&f->slowness, fmax(factor, 1), slow, FAULT_HALF_LIFE_MS, now_ms);
    add(&f->ttft_ms, factor * ttft_ms, normal, NORMAL_HALF_LIFE_MS, now_ms);
    add(&f->token_ms, factor * token_ms, normal, NORMAL_HALF_LIFE_MS, now_ms);
}

/* Both a wait for a slot and slowness delay the first token. The speed of the following tokens distinguishes them. */
static void learn_stream_times(struct forecast *f, const struct forecast_attempt *attempt, const struct outcome *o,
                               double usual_ttft_ms, double usual_token_ms, double output_tokens, uint64_t now_ms)
{
    double ttft_ms = fmax((double)o->ttft_ms, 1),
           token_ms = (double)(o->total_ms - o->ttft_ms) / (double)o->output_tokens;
    double factor = token_ms / usual_token_ms;
    suspicion_update(&f->slow, slow_ratio(log(factor), SPREAD_TOKEN), now_ms);
    double slow = suspicion_read(&f->slow, now_ms), normal = fmax(1 - slow, NORMAL_WEIGHT_MIN);
    add(&f->slowness, fmax(factor, 1), slow, FAULT_HALF_LIFE_MS, now_ms);
    add(&f->token_ms, token_ms, normal, NORMAL_HALF_LIFE_MS, now_ms);
    if (factor < 2 || ttft_ms < 2 * usual_ttft_ms)
        slots_observe(&f->slots, attempt->others, ttft_ms, usual_ttft_ms,
                      usual_ttft_ms + output_tokens * usual_token_ms);
    if (slots_wait_ms(&f->slots, attempt->others, usual_ttft_ms) < usual_ttft_ms / 10)
        add(&f->ttft_ms, ttft_ms, normal, NORMAL_HALF_LIFE_MS, now_ms);
}

/* Whether the failure says how reliable the deployment is. A used-up quota, a rejected key and a missing model have
 * cooldowns of their own and say nothing about that. */
static bool is_reliability_failure(enum failure_kind kind)
{
    return kind != FAILURE_RATE_LIMIT && failure_rule(kind)->cooldown_s < 0;
}

void forecast_ended(struct forecast *f, const struct forecast_prior *prior, struct forecast_attempt *attempt,
                    const struct outcome *o, uint64_t now_ms)
{
    double ttft_ms = normal_ttft_ms(f, prior, now_ms), token_ms = normal_token_ms(f, prior, now_ms);
    remove_pending(f, attempt);
    if (o->cancelled || (o->failure && (!o->deployment_error || !is_reliability_failure(o->failure->kind))))
        return;
    if (o->failure) {
        learn_failure(f, attempt, o, now_ms);
        return;
    }
    if (is_current(f, attempt))
        learn_success(f, attempt, now_ms);
    rhythm_served(&f->rhythm, attempt->started_ms);
    if (o->ttft_ms >= o->total_ms)
        learn_unstreamed_times(f, attempt, o, ttft_ms, token_ms, now_ms);
    else if (o->ttft_ms >= 0 && o->output_tokens >= TOKENS_MIN)
        learn_stream_times(f, attempt, o, ttft_ms, token_ms, prior->output_tokens, now_ms);
}
