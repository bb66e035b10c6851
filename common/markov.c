/* The adaptive router's model; see markov.h. Vectors and matrices are in the order of enum markov_state.
 *
 * PRIOR, TRANSITIONS, RISK, WEIGHT and the ramps are those of an earlier router (bench/routing/policy_markov.c); the
 * likelihoods were chosen for this one. */
#include "common/markov.h"

#include <math.h>
#include <string.h>

/* A provider without observations. */
static const double PRIOR[MARKOV_STATES] = {.72, .18, .06, .02, .02};

/* Per call: row from, column to. */
static const double TRANSITIONS[MARKOV_STATES][MARKOV_STATES] = {
    [MARKOV_HEALTHY] = {.82, .14, .03, .01, .00},    [MARKOV_WARMING] = {.22, .50, .20, .05, .03},
    [MARKOV_OVERLOADED] = {.05, .20, .45, .22, .08}, [MARKOV_FAILING] = {.02, .08, .20, .50, .20},
    [MARKOV_COOLDOWN] = {.18, .25, .12, .05, .40},
};

static const double RISK[MARKOV_STATES] = {.00, .35, .75, 1.00, .45};

/* Likelihood of an outcome in each state. That of a success with pressure p is calm^(1-p) · strained^p. In the order of
 * RISK, the ratio of STRAINED to CALM grows, so the risk grows with the pressure. */
static const double CALM[MARKOV_STATES] = {1.00, .50, .10, .02, .20};
static const double STRAINED[MARKOV_STATES] = {.05, .30, 1.00, .30, .20};
static const double FAILURE[][MARKOV_STATES] = {
    [MARKOV_FAILED] = {.07, .12, .25, 1.00, .40},
    [MARKOV_OVERLOADED_FAILURE] = {.05, .15, 1.00, .50, .30},
    [MARKOV_LIMITED] = {.03, .08, .20, .30, 1.00},
};

/* Weights of the metrics in the pressure of a success, and in the performance. */
static const struct {
    double pressure, performance;
} WEIGHT[MARKOV_METRICS] = {
    [MARKOV_TTFT] = {.22, .24},    [MARKOV_TOTAL] = {.22, .24}, [MARKOV_COST] = {.12, .18},
    [MARKOV_QUALITY] = {.14, .18}, [MARKOV_ERROR] = {.14, .16}, [MARKOV_SUCCESSES] = {0, .20},
};
static const double TOKEN_PRESSURE_WEIGHT = .16;
static const double OVERLOADED_PRESSURE = .9;

/* Where the ramps of the metrics start: shares of slow_ttft_ms and slow_latency_ms, and USD. */
static const double STRAIN_TTFT = .25, STRAIN_TOTAL = 8.0 / 45, STRAIN_COST = .01;
static const double FINE_TTFT = 2.0 / 15, FINE_TOTAL = 1.0 / 9, FINE_COST = .005, EXPENSIVE_COST = .20;

static double clamp(double x)
{
    return x > 0 ? x < 1 ? x : 1 : 0;
}

/* 0 up to `from`, 1 from `to` on, linear in between. */
static double ramp(double x, double from, double to)
{
    return clamp((x - from) / (to - from));
}

static void normalize(double belief[MARKOV_STATES])
{
    double sum = 0;
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        sum += belief[i];
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        belief[i] /= sum;
}

static double risk_of(const double belief[MARKOV_STATES])
{
    double risk = 0;
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        risk += belief[i] * RISK[i];
    return clamp(risk);
}

static double seconds_since(const struct markov_provider *p, int64_t now_ms)
{
    return p->count && now_ms > p->seen_ms ? ((double)now_ms - (double)p->seen_ms) / 1000 : 0;
}

/* Returns the belief after some time without a call. Each state is left at the rate 1 / recovery_time, so `x` hops are
 * expected; two hops have the probability x²/2·e^-x. What has left the chain is distributed like PRIOR. */
static void elapse(const struct markov_provider *p, double x, double out[MARKOV_STATES])
{
    if (!p->count) {
        memcpy(out, PRIOR, sizeof PRIOR);
        return;
    }
    const double *b = p->belief;
    double stay = exp(-x), left = 1;
    out[MARKOV_HEALTHY] = b[MARKOV_HEALTHY] * stay;
    out[MARKOV_OVERLOADED] = b[MARKOV_OVERLOADED] * stay;
    out[MARKOV_FAILING] = b[MARKOV_FAILING] * stay;
    out[MARKOV_COOLDOWN] = stay > 0 ? (b[MARKOV_COOLDOWN] + b[MARKOV_FAILING] * x) * stay : 0;
    out[MARKOV_WARMING] = stay > 0 ? (b[MARKOV_WARMING] + (b[MARKOV_COOLDOWN] + b[MARKOV_OVERLOADED]) * x +
                                      b[MARKOV_FAILING] * x * x / 2) *
                                         stay
                                   : 0;
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        left -= out[i];
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        out[i] += fmax(left, 0) * PRIOR[i];
}

/* One step of the chain, then Bayes' rule. */
static void learn(double belief[MARKOV_STATES], const double likelihood[MARKOV_STATES])
{
    double next[MARKOV_STATES] = {0};
    for (unsigned from = 0; from < MARKOV_STATES; from++)
        for (unsigned to = 0; to < MARKOV_STATES; to++)
            next[to] += belief[from] * TRANSITIONS[from][to];
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        belief[i] = next[i] * likelihood[i];
    normalize(belief);
}

/* How strained a success looked, 0 to 1: the root mean square of the known signals, so that one extreme signal counts
 * even if all others are calm. Being fully slow to the first token, or at the end of the minute's tokens, is overload
 * whatever the other signals are. It must be able to make the risk critical, or the cost guard would keep a saturated
 * local model because it is free. */
static double pressure_of(const struct markov_settings *s, const struct markov_observation *o)
{
    double error = isnan(o->error_rate) ? 0 : o->error_rate, sum = 0, weights = 0;
    const struct {
        double strain, weight;
    } signals[] = {
        {ramp(o->ttft_ms, STRAIN_TTFT * s->slow_ttft_ms, s->slow_ttft_ms), WEIGHT[MARKOV_TTFT].pressure},
        {ramp(o->total_ms, STRAIN_TOTAL * s->slow_latency_ms, s->slow_latency_ms), WEIGHT[MARKOV_TOTAL].pressure},
        {clamp(o->token_pressure), TOKEN_PRESSURE_WEIGHT},
        {ramp(o->cost_usd, STRAIN_COST, EXPENSIVE_COST), WEIGHT[MARKOV_COST].pressure},
        {1 - clamp(o->quality), WEIGHT[MARKOV_QUALITY].pressure},
        {clamp(error), WEIGHT[MARKOV_ERROR].pressure},
    };
    const double known[] = {o->ttft_ms, o->total_ms, o->token_pressure, o->cost_usd, o->quality, error};
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        if (!isnan(known[i])) {
            sum += signals[i].weight * signals[i].strain * signals[i].strain;
            weights += signals[i].weight;
        }
    double load = fmax(ramp(o->ttft_ms, STRAIN_TTFT * s->slow_ttft_ms, s->slow_ttft_ms), clamp(o->token_pressure));
    return fmax(sqrt(sum / weights), OVERLOADED_PRESSURE * load * load);
}

static void likelihood_of(const struct markov_settings *s, const struct markov_observation *o,
                          double out[MARKOV_STATES])
{
    if (o->outcome != MARKOV_SUCCESS) {
        memcpy(out, FAILURE[o->outcome], sizeof FAILURE[o->outcome]);
        return;
    }
    double pressure = pressure_of(s, o);
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        out[i] = CALM[i] * pow(STRAINED[i] / CALM[i], pressure);
}

/* A plain mean at first; later each new value weighs 1 - decay. */
static void average_add(struct markov_average *a, const struct markov_settings *s, double fade, double value,
                        double goodness)
{
    a->weight *= fade;
    if (isnan(value))
        return;
    double share = fmax(1 - s->decay, 1 / (a->weight + 1));
    a->value += share * (value - a->value);
    a->goodness += share * (clamp(goodness) - a->goodness);
    a->weight = fmin(a->weight + 1, s->max_history);
}

static void observe_metrics(struct markov_provider *p, const struct markov_settings *s,
                            const struct markov_observation *o, double fade)
{
    bool good = o->outcome == MARKOV_SUCCESS;
    double ttft = good ? o->ttft_ms : (double)NAN, total = good ? o->total_ms : (double)NAN;
    double quality = good ? o->quality : (double)NAN;
    double error = good && !isnan(o->error_rate) ? clamp(o->error_rate) : !good;
    average_add(&p->average[MARKOV_TTFT], s, fade, ttft, 1 - ramp(ttft, FINE_TTFT * s->slow_ttft_ms, s->slow_ttft_ms));
    average_add(&p->average[MARKOV_TOTAL], s, fade, total,
                1 - ramp(total, FINE_TOTAL * s->slow_latency_ms, s->slow_latency_ms));
    average_add(&p->average[MARKOV_COST], s, fade, o->cost_usd, 1 - ramp(o->cost_usd, FINE_COST, EXPENSIVE_COST));
    average_add(&p->average[MARKOV_QUALITY], s, fade, quality, quality);
    average_add(&p->average[MARKOV_ERROR], s, fade, error, 1 - error);
    average_add(&p->average[MARKOV_SUCCESSES], s, fade, good, good);
}

struct markov_observation markov_observation(enum markov_outcome outcome)
{
    return (struct markov_observation){.outcome = outcome,
                                       .ttft_ms = NAN,
                                       .total_ms = NAN,
                                       .token_pressure = NAN,
                                       .cost_usd = NAN,
                                       .quality = NAN,
                                       .error_rate = NAN};
}

void markov_observe(struct markov_provider *p, const struct markov_settings *s, const struct markov_observation *o,
                    int64_t now_ms)
{
    double seconds = seconds_since(p, now_ms), fade = exp(-seconds / s->memory_time);
    double belief[MARKOV_STATES], likelihood[MARKOV_STATES];
    elapse(p, seconds / s->recovery_time, belief);
    likelihood_of(s, o, likelihood);
    learn(belief, likelihood);
    memcpy(p->belief, belief, sizeof belief);
    observe_metrics(p, s, o, fade);
    p->weight = fmin(p->weight * fade + 1, s->max_history);
    if (!p->count || now_ms > p->seen_ms)
        p->seen_ms = now_ms;
    p->count++;
}

/* `lasting` and `fleeting` scale what lowers the performance, and the failures in it: 1 and 1 except for a baseline. */
static double performance_of(const struct markov_provider *p, double lasting, double fleeting)
{
    double sum = 0, weights = 0;
    for (unsigned i = 0; i < MARKOV_METRICS; i++) {
        double share = i == MARKOV_ERROR || i == MARKOV_SUCCESSES ? fleeting : lasting;
        if (p->average[i].weight <= 0)
            continue;
        sum += WEIGHT[i].performance * (1 - (1 - p->average[i].goodness) * share);
        weights += WEIGHT[i].performance;
    }
    return weights > 0 ? sum / weights : (double)NAN;
}

static double average_value(const struct markov_provider *p, enum markov_metric metric)
{
    return p->average[metric].weight > 0 ? p->average[metric].value : (double)NAN;
}

/* Trust in the averages, 0 to 1: grows with the number of observations and fades with the time since the last one. */
static double trust_of(const struct markov_provider *p, const struct markov_settings *s, double fade)
{
    double needed = s->min_performance_observations;
    return needed > 0 ? clamp(p->weight * fade / needed) : p->count > 0;
}

static struct markov_health health_of(const struct markov_provider *p, const struct markov_settings *s, bool baseline,
                                      int64_t now_ms)
{
    double belief[MARKOV_STATES], seconds = seconds_since(p, now_ms), fade = exp(-seconds / s->memory_time);
    elapse(p, seconds / s->recovery_time, belief);
    struct markov_health h = {
        .state = MARKOV_HEALTHY,
        .risk = risk_of(belief),
        .performance = performance_of(p, 1, 1),
        .observations = p->count,
        .ttft_ms = average_value(p, MARKOV_TTFT),
        .total_ms = average_value(p, MARKOV_TOTAL),
        .cost_usd = average_value(p, MARKOV_COST),
        .error_rate = average_value(p, MARKOV_ERROR),
    };
    for (unsigned i = 1; i < MARKOV_STATES; i++)
        if (belief[i] > belief[h.state])
            h.state = (enum markov_state)i;
    double trust = trust_of(p, s, fade), untried = baseline ? 0 : s->cold_start_penalty * (1 - trust);
    double reliability = clamp(1 - h.risk - s->overload_penalty * h.risk - untried), performance = h.performance;
    if (baseline)
        performance = isnan(performance) ? 1
                                         : performance_of(p, trust * fade, trust * exp(-seconds / s->recovery_time));
    else if (isnan(performance) || trust < .99)
        performance = reliability;
    h.confidence = (1 - s->performance_weight) * reliability + s->performance_weight * performance;
    return h;
}

struct markov_health markov_health(const struct markov_provider *p, const struct markov_settings *s, int64_t now_ms)
{
    return health_of(p, s, false, now_ms);
}

/* Cost of candidate `index` over the baseline's. Costs below a millionth of a dollar count as that, so that zero-cost
 * providers can be compared. */
static double cost_multiplier(const struct markov_decision *d, const struct markov_candidate *candidates,
                              unsigned index)
{
    double cost[2];
    const unsigned which[2] = {0, index};
    for (unsigned i = 0; i < 2; i++) {
        double stated = candidates[which[i]].cost_usd;
        cost[i] = fmax(isnan(stated) ? d->health[which[i]].cost_usd : stated, 1e-6);
        if (isnan(stated) && isnan(d->health[which[i]].cost_usd))
            cost[i] = NAN;
    }
    return index ? cost[1] / cost[0] : 1;
}

static bool price_known(const struct markov_decision *d, const struct markov_candidate *candidates, unsigned index)
{
    return !isnan(candidates[index].cost_usd) || !isnan(d->health[index].cost_usd);
}

/* Uses the baseline's last observed risk too. Time alone lowers the risk although nothing shows that the fault is over;
 * going back for the price would only meet it again. */
static bool is_critical(const struct markov_settings *s, const struct markov_decision *d,
                        const struct markov_provider *baseline)
{
    double seen = baseline->count ? risk_of(baseline->belief) : 0;
    return fmax(d->health[0].risk, seen) >= s->critical_risk_threshold;
}

static bool guard_blocks(const struct markov_settings *s, const struct markov_decision *d,
                         const struct markov_candidate *candidates, unsigned index, double multiplier)
{
    if (!s->cost_guard_enabled || is_critical(s, d, candidates[0].provider))
        return false;
    if (isnan(multiplier))
        return price_known(d, candidates, 0) && !price_known(d, candidates, index);
    return multiplier > s->max_cost_multiplier;
}

/* The candidate with the highest confidence of those not yet checked; 0: none gains enough over the baseline. */
static unsigned best_left(const struct markov_settings *s, const struct markov_decision *d, uint32_t looked_at)
{
    unsigned best = 0;
    for (unsigned i = 1; i < d->count; i++)
        if (!(looked_at >> i & 1) && d->health[i].confidence - d->health[0].confidence >= s->min_confidence_delta &&
            (!best || d->health[i].confidence > d->health[best].confidence))
            best = i;
    return best;
}

static void suggest(const struct markov_settings *s, const struct markov_candidate *candidates,
                    struct markov_decision *out)
{
    uint32_t looked_at = 0;
    for (unsigned best; (best = best_left(s, out, looked_at)) != 0; looked_at |= 1u << best) {
        double multiplier = cost_multiplier(out, candidates, best);
        if (!guard_blocks(s, out, candidates, best, multiplier)) {
            out->suggested = best;
            out->would_switch = true;
            break;
        }
        if (!out->cost_guard_blocked) {
            out->cost_guard_blocked = true;
            out->suggested = out->blocked = best;
            out->blocked_multiplier = multiplier;
        }
    }
    out->confidence_delta = out->health[out->suggested].confidence - out->health[0].confidence;
    out->cost_multiplier = cost_multiplier(out, candidates, out->suggested);
}

void markov_decide(const struct markov_settings *s, const struct markov_candidate *candidates, unsigned count,
                   bool live, int64_t now_ms, struct markov_decision *out)
{
    *out = (struct markov_decision){
        .enabled = s->enabled,
        .shadow_mode = s->shadow_mode,
        .live = live && s->enabled && !s->shadow_mode,
        .count = count < MARKOV_MAX ? count : MARKOV_MAX,
        .blocked = MARKOV_NONE,
        .cost_multiplier = 1,
        .blocked_multiplier = NAN,
        .max_cost_multiplier = s->max_cost_multiplier,
    };
    for (unsigned i = 0; i < out->count; i++) {
        out->order[i] = i;
        out->name[i] = candidates[i].name;
        out->health[i] = health_of(candidates[i].provider, s, i == 0, now_ms);
    }
    if (!s->enabled || out->count == 0)
        return;
    suggest(s, candidates, out);
    out->applied = out->live && out->would_switch;
    if (!out->applied)
        return;
    memmove(out->order + 1, out->order, out->suggested * sizeof *out->order);
    out->order[0] = out->suggested;
}
