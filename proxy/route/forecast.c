/* pure: what the next call has to expect. */
#include "proxy/route/forecast.h"

#include "proxy/terms/failure.h"
#include "proxy/route/observe.h"

#include <math.h>
#include <string.h>

/* What is usual of model providers, not of any one. None of these needs to be exact: what is seen corrects them. Found
 * by a search in the routing simulator: bench/routing-tune (bench/README.md, "Routing"). */
#define LONG_MS 600000.0  /* half-life of what a deployment is like while it is well */
#define SHORT_MS 240000.0 /* and of what its trouble is like */
#define ERRORS_WELL 0.008
#define ERRORS_WELL_WEIGHT 200.0 /* in samples */
#define ERRORS_BAD 0.68
#define ERRORS_BAD_WEIGHT 14.0
#define CUTS 0.2
#define CUTS_WEIGHT 1.0
#define LATE 0.2 /* of the calls to a failing deployment, those that keep silent for long before they fail */
#define LOST_MS 2400.0
#define LOST_WEIGHT 3.0
#define DECLARED_WEIGHT 5.0
#define USUAL_WEIGHT 1.0
#define USUAL_TTFT_MS 1500.0
#define USUAL_TOKEN_MS 25.0
#define SLOWNESS 4.8
#define SLOWNESS_WEIGHT 1.0
#define SPREAD_TTFT 0.6 /* standard deviations of logarithms while well */
#define SPREAD_TOKEN 0.36
#define SLOW_MEAN 1.45 /* of the logarithm of the factor while slow */
#define SLOW_SPREAD 0.6
#define TOKENS_MIN 8    /* fewer say nothing of the speed */
#define TRIAL_FROM 0.03 /* suspicion from which one call at a time finds out */
#define TRIAL 0.43      /* and what the others have to reckon with meanwhile */
#define BEAT_BAD 0.6    /* where trouble comes on a beat: how likely it is in its time */
#define BEAT_WELL 0.08  /* and between: little, but one call finds out before the others follow */
#define RATIO_MAX 55.0  /* one piece of evidence weighs no more */
#define WELL_MIN 0.05   /* weight of samples of a deployment that is surely slow: slowness may have come to stay */

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

static double well_ttft_ms(const struct forecast *f, const struct forecast_prior *p, uint64_t now_ms)
{
    return fmax(ewma_read(&f->ttft_ms, p->ttft_ms, p->ttft_weight, LONG_MS, now_ms), 1);
}

static double well_token_ms(const struct forecast *f, const struct forecast_prior *p, uint64_t now_ms)
{
    return fmax(ewma_read(&f->token_ms, p->token_ms, p->token_weight, LONG_MS, now_ms), 0.01);
}

/* What fades only as more is seen. */
static double lasting(const struct ewma *e, double prior, double prior_weight)
{
    return ewma_read(e, prior, prior_weight, LONG_MS, e->at_ms);
}

static double bad_errors(const struct forecast *f)
{
    return lasting(&f->bad_errors, ERRORS_BAD, ERRORS_BAD_WEIGHT);
}
static double well_errors(const struct forecast *f)
{
    return lasting(&f->errors, ERRORS_WELL, ERRORS_WELL_WEIGHT);
}

/* A sample that counts as `weight` samples. */
static void add(struct ewma *e, double sample, double weight, double half_life_ms, uint64_t now_ms)
{
    ewma_add(e, sample, half_life_ms, now_ms);
    e->sum -= (1 - weight) * sample;
    e->weight -= 1 - weight;
}

static double bounded(double ratio)
{
    return fmin(fmax(ratio, 1 / RATIO_MAX), RATIO_MAX);
}

/* How much likelier a time is while slow than while well; `x` is the logarithm of the time over the expected one.
 * Beyond the usual slowness it is no less likely to be slow. */
static double slow_ratio(double x, double spread)
{
    /* Where the ratio is least. What is quicker still would count for slow again, because slowness is spread more
     * widely. */
    double least = -SLOW_MEAN * spread * spread / (SLOW_SPREAD * SLOW_SPREAD - spread * spread);
    x = fmax(x, least);
    double slow = x > SLOW_MEAN ? 0 : (x - SLOW_MEAN) / SLOW_SPREAD, well = x / spread;
    return bounded(exp((well * well - slow * slow) / 2) * spread / SLOW_SPREAD);
}

/* Part of a normal distribution above z. */
static double above(double z)
{
    return erfc(z / M_SQRT2) / 2;
}

static double with_ratio(double belief, double ratio)
{
    return belief * ratio / (belief * ratio + 1 - belief);
}

/* Mixes in what a beat says. */
static void hear_rhythm(const struct forecast *f, uint64_t now_ms, struct prospect *p)
{
    enum rhythm_phase phase = rhythm_now(&f->rhythm, now_ms);
    if (phase == RHYTHM_BAD)
        p->failing = fmax(p->failing, BEAT_BAD);
    else if (phase == RHYTHM_WELL)
        p->failing = fmin(p->failing, BEAT_WELL);
}

/* Mixes in the silence of calls under way. */
static void hear_silence(const struct forecast *f, uint64_t now_ms, struct prospect *p)
{
    double slow = 1, failing = 1;
    bool any = false;
    for (unsigned i = 0; i < FORECAST_SILENT; i++) {
        double expected_ms = f->silent[i].expected_ms, silent_ms = (double)(now_ms - f->silent[i].since_ms);
        if (expected_ms <= 0)
            continue;
        any = true;
        if (silent_ms <= expected_ms)
            continue;
        double x = log(silent_ms / expected_ms), well = fmax(above(x / SPREAD_TTFT), 1e-9);
        slow *= bounded(above((x - SLOW_MEAN) / SLOW_SPREAD) / well);
        failing *= bounded(1 - LATE + LATE / well);
    }
    p->slow = with_ratio(p->slow, bounded(slow));
    p->failing = with_ratio(p->failing, bounded(failing));
    hear_rhythm(f, now_ms, p);
    if (any && p->failing > TRIAL_FROM)
        p->failing = fmax(p->failing, TRIAL);
    if (any && p->slow > TRIAL_FROM)
        p->slow = fmax(p->slow, TRIAL);
}

struct prospect forecast_read(const struct forecast *f, const struct forecast_prior *prior, unsigned in_flight,
                              uint64_t now_ms)
{
    struct prospect p = {.failing = suspicion_read(&f->failing, now_ms), .slow = suspicion_read(&f->slow, now_ms)};
    hear_silence(f, now_ms, &p);
    double slowness = fmax(lasting(&f->slowness, SLOWNESS, SLOWNESS_WEIGHT), 1);
    double factor = 1 + p.slow * (slowness - 1);
    p.error = p.failing * bad_errors(f) + (1 - p.failing) * well_errors(f);
    p.cut = lasting(&f->cuts, CUTS, CUTS_WEIGHT);
    p.lost_ms = lasting(&f->lost_ms, LOST_MS, LOST_WEIGHT);
    double ttft_ms = well_ttft_ms(f, prior, now_ms), token_ms = well_token_ms(f, prior, now_ms);
    p.ttft_ms = factor * ttft_ms;
    p.token_ms = factor * token_ms;
    p.wait_ms = slots_wait_ms(&f->slots, in_flight, ttft_ms + prior->output_tokens * token_ms);
    return p;
}

struct forecast_call forecast_started(struct forecast *f, const struct forecast_prior *prior, unsigned others,
                                      uint64_t now_ms)
{
    struct forecast_call call = {.started_ms = now_ms, .others = others};
    double ttft_ms = well_ttft_ms(f, prior, now_ms), token_ms = well_token_ms(f, prior, now_ms);
    call.expected_ms = ttft_ms + slots_wait_ms(&f->slots, others, ttft_ms + prior->output_tokens * token_ms);
    for (unsigned i = 0; i < FORECAST_SILENT && !call.listened; i++)
        if (f->silent[i].expected_ms <= 0) {
            f->silent[i].since_ms = now_ms;
            f->silent[i].expected_ms = call.expected_ms;
            call.listened = i + 1;
        }
    return call;
}

static void stop_listening(struct forecast *f, struct forecast_call *call)
{
    if (call->listened)
        f->silent[call->listened - 1].expected_ms = 0;
    call->listened = 0;
}

void forecast_not_streamed(struct forecast *f, struct forecast_call *call)
{
    stop_listening(f, call);
}

void forecast_forget_calls(struct forecast *f)
{
    memset(f->silent, 0, sizeof f->silent);
}

/* The success of a call that started before the newest failure did says nothing of what came since. */
static bool is_news(const struct forecast *f, const struct forecast_call *call)
{
    return call->started_ms >= f->failed_start_ms;
}

void forecast_answered(struct forecast *f, struct forecast_call *call, uint64_t now_ms)
{
    if (call->answered)
        return;
    call->answered = true;
    stop_listening(f, call);
    double ttft_ms = fmax((double)(now_ms - call->started_ms), 1);
    suspicion_update(&f->slow, slow_ratio(log(ttft_ms / call->expected_ms), SPREAD_TTFT), now_ms);
    if (is_news(f, call))
        suspicion_update(&f->failing, 1 - bad_errors(f) * (1 - CUTS), now_ms);
}

static void take_failure(struct forecast *f, const struct forecast_call *call, const struct outcome *o, uint64_t now_ms)
{
    bool cut = o->ttft_ms >= 0;
    suspicion_update(&f->failing, 2 * bounded(bad_errors(f) / well_errors(f)), now_ms);
    double failing = suspicion_read(&f->failing, now_ms);
    add(&f->bad_errors, 1, failing, SHORT_MS, now_ms);
    add(&f->errors, 1, 1 - failing, LONG_MS, now_ms);
    ewma_add(&f->cuts, cut, LONG_MS, now_ms);
    if (!cut)
        ewma_add(&f->lost_ms, (double)o->total_ms, LONG_MS, now_ms);
    rhythm_failed(&f->rhythm, call->started_ms);
    if (call->started_ms > f->failed_start_ms)
        f->failed_start_ms = call->started_ms;
}

static void take_success(struct forecast *f, const struct forecast_call *call, uint64_t now_ms)
{
    double bad = bad_errors(f), failing = suspicion_read(&f->failing, now_ms);
    double heard = call->answered ? 1 - bad * (1 - CUTS) : 1; /* its first content was evidence already */
    suspicion_update(&f->failing, (1 - bad) / heard, now_ms);
    add(&f->bad_errors, 0, failing, SHORT_MS, now_ms);
    add(&f->errors, 0, 1 - failing, LONG_MS, now_ms);
}

/* A reply that came whole: its speed is that of all of it, and corrects both times alike. */
static void take_whole_time(struct forecast *f, const struct forecast_call *call, const struct outcome *o,
                            double ttft_ms, double token_ms, uint64_t now_ms)
{
    double tokens = o->output_tokens > 0 ? (double)o->output_tokens : 0;
    double factor = fmax((double)o->total_ms, 1) / (call->expected_ms + tokens * token_ms);
    suspicion_update(&f->slow, slow_ratio(log(factor), SPREAD_TTFT), now_ms);
    double slow = suspicion_read(&f->slow, now_ms), well = fmax(1 - slow, WELL_MIN);
    add(&f->slowness, fmax(factor, 1), slow, SHORT_MS, now_ms);
    add(&f->ttft_ms, factor * ttft_ms, well, LONG_MS, now_ms);
    add(&f->token_ms, factor * token_ms, well, LONG_MS, now_ms);
}

/* Waiting for a slot and slowness both delay the first token; the speed of the others tells them apart. */
static void take_stream_times(struct forecast *f, const struct forecast_call *call, const struct outcome *o,
                              double usual_ttft_ms, double usual_token_ms, double output_tokens, uint64_t now_ms)
{
    double ttft_ms = fmax((double)o->ttft_ms, 1),
           token_ms = (double)(o->total_ms - o->ttft_ms) / (double)o->output_tokens;
    double factor = token_ms / usual_token_ms;
    suspicion_update(&f->slow, slow_ratio(log(factor), SPREAD_TOKEN), now_ms);
    double slow = suspicion_read(&f->slow, now_ms), well = fmax(1 - slow, WELL_MIN);
    add(&f->slowness, fmax(factor, 1), slow, SHORT_MS, now_ms);
    add(&f->token_ms, token_ms, well, LONG_MS, now_ms);
    if (factor < 2 || ttft_ms < 2 * usual_ttft_ms)
        slots_observe(&f->slots, call->others, ttft_ms, usual_ttft_ms, usual_ttft_ms + output_tokens * usual_token_ms);
    if (slots_wait_ms(&f->slots, call->others, usual_ttft_ms) < usual_ttft_ms / 10)
        add(&f->ttft_ms, ttft_ms, well, LONG_MS, now_ms);
}

/* A used up quota, a refused key and a model that is not there have rests of their own, and say nothing of how reliable
 * the deployment is. */
static bool is_trouble(enum failure_kind kind)
{
    return kind != FAILURE_RATE_LIMIT && failure_rule(kind)->cooldown_s < 0;
}

void forecast_ended(struct forecast *f, const struct forecast_prior *prior, struct forecast_call *call,
                    const struct outcome *o, uint64_t now_ms)
{
    double ttft_ms = well_ttft_ms(f, prior, now_ms), token_ms = well_token_ms(f, prior, now_ms);
    stop_listening(f, call);
    if (o->cancelled || (o->failure && (!o->deployment_error || !is_trouble(o->failure->kind))))
        return;
    if (o->failure) {
        take_failure(f, call, o, now_ms);
        return;
    }
    if (is_news(f, call))
        take_success(f, call, now_ms);
    rhythm_served(&f->rhythm, call->started_ms);
    if (o->ttft_ms >= o->total_ms)
        take_whole_time(f, call, o, ttft_ms, token_ms, now_ms);
    else if (o->ttft_ms >= 0 && o->output_tokens >= TOKENS_MIN)
        take_stream_times(f, call, o, ttft_ms, token_ms, prior->output_tokens, now_ms);
}
