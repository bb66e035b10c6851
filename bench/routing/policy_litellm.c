/* policy_litellm: LiteLLM's simple-shuffle and its latency strategy, with its cooldowns, over streamed requests.
 *
 * The latency strategy keeps the original's flaws (litellm/router_strategy/lowest_latency.py). A sample is the time to
 * the first token divided by the reply's tokens. After ten samples, only the last one is replaced. Failures other than
 * timeouts are not recorded, so a backend that never succeeded stays at 0 and comes first. A timeout adds to the number
 * that the sum is divided by. Unlike the original, a retry never goes to a backend that failed this request. */
#include "bench/routing/draws.h"
#include "bench/routing/policy.h"

#include <math.h>
#include <stdlib.h>

#define SAMPLES 10        /* LiteLLM's max_latency_list_size */
#define COOLDOWN_S 5.0    /* LiteLLM's default cooldown_time */
#define FAILURE_SHARE 0.5 /* of the attempts in a minute, if more than one */

struct history {
    double ttft[SAMPLES];
    unsigned ttfts, latencies;
    double minute;
    unsigned good, bad; /* in that minute */
    double cooldown_until_s;
};

struct state {
    struct history backends[BACKENDS_MAX];
    struct known known;
};

static void *open_state(const struct known *known, const struct world *world)
{
    (void)world;
    struct state *s = calloc(1, sizeof *s);
    if (s)
        s->known = *known;
    return s;
}

static bool cooled(const struct history *h, double now_s)
{
    return now_s < h->cooldown_until_s;
}

static double chance(const struct state *s, const struct ask *ask)
{
    return draw_uniform(s->known.seed, DRAW_STRATEGY, ask->attempt, ask->request);
}

/* One of the untried backends by weight; those in cooldown only if there is no other. */
static int shuffle(void *state, const struct ask *ask)
{
    const struct state *s = state;
    for (unsigned with_cooled = 0; with_cooled < 2; with_cooled++) {
        double sum = 0, at = chance(s, ask);
        int last = -1;
        for (unsigned i = 0; i < s->known.backend_count; i++)
            if (may_try(ask, i) && (with_cooled || !cooled(&s->backends[i], ask->now_s)))
                sum += s->known.backends[i].weight;
        for (unsigned i = 0; i < s->known.backend_count; i++) {
            if (!may_try(ask, i) || (!with_cooled && cooled(&s->backends[i], ask->now_s)))
                continue;
            last = (int)i;
            at -= s->known.backends[i].weight / sum;
            if (at < 0)
                break;
        }
        if (last >= 0)
            return last;
    }
    return -1;
}

static double average(const struct history *h)
{
    double sum = 0;
    for (unsigned i = 0; i < h->ttfts; i++)
        sum += h->ttft[i];
    return h->latencies ? sum / h->latencies : 0;
}

/* The lowest average; if several are equal, a random one of them. */
static int lowest(void *state, const struct ask *ask)
{
    const struct state *s = state;
    for (unsigned with_cooled = 0; with_cooled < 2; with_cooled++) {
        int best = -1;
        double least = INFINITY;
        unsigned first = (unsigned)(chance(s, ask) * s->known.backend_count);
        for (unsigned n = 0; n < s->known.backend_count; n++) {
            unsigned i = (first + n) % s->known.backend_count;
            if (!may_try(ask, i) || (!with_cooled && cooled(&s->backends[i], ask->now_s)) ||
                average(&s->backends[i]) >= least)
                continue;
            least = average(&s->backends[i]);
            best = (int)i;
        }
        if (best >= 0)
            return best;
    }
    return -1;
}

static void cool_down(struct history *h, const struct result *r, double now_s)
{
    double minute = floor(now_s / 60);
    if (minute != h->minute) {
        h->minute = minute;
        h->good = h->bad = 0;
    }
    h->good += r->how == ENDED_WELL;
    h->bad += r->how != ENDED_WELL;
    if (r->how == ENDED_WELL ||
        r->how == ENDED_TRUNCATED) /* a truncated stream is not recorded as a failure of the deployment */
        return;
    unsigned all = h->good + h->bad;
    if (r->how == ENDED_429 || (all > 1 && h->bad > FAILURE_SHARE * all))
        h->cooldown_until_s = now_s + (r->retry_after_s >= 0 ? r->retry_after_s : COOLDOWN_S);
}

static void ended(void *state, const struct ask *ask, unsigned backend, const struct result *r)
{
    struct history *h = &((struct state *)state)->backends[backend];
    cool_down(h, r, ask->now_s + r->total_s);
    if (r->how == ENDED_TIMEOUT && h->latencies < SAMPLES)
        h->latencies++;
    if (r->how != ENDED_WELL)
        return;
    if (h->latencies < SAMPLES)
        h->latencies++;
    double sample = r->ttft_s / r->output_tokens;
    if (h->ttfts < SAMPLES)
        h->ttft[h->ttfts++] = sample;
    else
        h->ttft[SAMPLES - 1] = sample;
}

const struct policy POLICY_SIMPLE_SHUFFLE = {
    "simple_shuffle", "LiteLLM's simple-shuffle", open_state, shuffle, NULL, ended, free, NULL};
const struct policy POLICY_LITELLM_LATENCY = {
    "litellm_latency", "LiteLLM's latency-based routing", open_state, lowest, NULL, ended, free, NULL};
