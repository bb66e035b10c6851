/* report_json: a run as one JSON object. */
#include "bench/routing/report.h"

#include <math.h>
#include <string.h>

/* JSON knows no NaN. */
static void add_number(struct buf *out, const char *key, double value, bool last)
{
    if (isfinite(value))
        buf_add_format(out, "\"%s\":%.6g%s", key, value, last ? "" : ",");
    else
        buf_add_format(out, "\"%s\":null%s", key, last ? "" : ",");
}

static void add_shares(const struct tally *t, const struct scenario *s, struct buf *out)
{
    buf_add_text(out, "\"first_attempts_pct\":{");
    for (unsigned i = 0; i < s->backend_count; i++)
        add_number(out, s->backends[i].name, 100 * t->firsts[i] / t->requests, i + 1 == s->backend_count);
    buf_add_text(out, "},");
}

static const struct tally *reference_of(const struct results *r, const struct tally *tallies)
{
    for (unsigned p = 0; p < r->policy_count; p++)
        if (strcmp(r->policies[p]->name, "static") == 0)
            return &tallies[p];
    return NULL;
}

static void add_tally(const struct results *r, const struct tally *tallies, unsigned p, const struct scenario *s,
                      struct buf *out)
{
    const struct tally *t = &tallies[p], *reference = reference_of(r, tallies);
    struct interval gain = reference ? tally_gain(t, reference) : (struct interval){NAN, NAN, NAN};
    buf_add_format(out, "\"%s\":{", r->policies[p]->name);
    add_number(out, "J", tally_j(t), false);
    add_number(out, "gain_pct", gain.mean, false);
    add_number(out, "gain_low_pct", gain.low, false);
    add_number(out, "gain_high_pct", gain.high, false);
    add_number(out, "ttft_mean_s", tally_ttft_s(t), false);
    add_number(out, "ttft_p50_s", tally_quantile(t->ttfts, t->samples, 0.50), false);
    add_number(out, "ttft_p95_s", tally_quantile(t->ttfts, t->samples, 0.95), false);
    add_number(out, "ttft_p99_s", tally_quantile(t->ttfts, t->samples, 0.99), false);
    add_number(out, "latency_mean_s", tally_latency_s(t), false);
    add_number(out, "latency_p50_s", tally_quantile(t->latencies, t->samples, 0.50), false);
    add_number(out, "latency_p95_s", tally_quantile(t->latencies, t->samples, 0.95), false);
    add_number(out, "latency_p99_s", tally_quantile(t->latencies, t->samples, 0.99), false);
    add_number(out, "cost_per_1000_successes", tally_cost(t), false);
    add_number(out, "error_pct", tally_error_pct(t), false);
    add_number(out, "quality", tally_quality(t), false);
    if (s)
        add_shares(t, s, out);
    add_number(out, "attempts_per_request", t->attempts / t->requests, true);
    buf_add_char(out, '}');
}

static void add_tallies(const struct results *r, const char *name, const struct tally *tallies,
                        const struct scenario *s, struct buf *out)
{
    buf_add_format(out, "\"%s\":{", name);
    for (unsigned p = 0, first = 1; p < r->policy_count; p++) {
        if (!tallies[p].seeds)
            continue;
        buf_add_text(out, first ? "\n  " : ",\n  ");
        add_tally(r, tallies, p, s, out);
        first = 0;
    }
    buf_add_char(out, '}');
}

bool report_json(const struct results *r, struct buf *out)
{
    struct summary s = report_summary(r);
    buf_add_format(out, "{\"workload\":\"%s\",\"workload_sha256\":\"%s\",\"seed_base\":%llu,\"seeds\":%u,\n",
                   r->workload->name, r->workload->sha256, (unsigned long long)r->seed_base, r->seeds);
    add_number(out, "oracle_gap_closed_pct", s.gap_closed, false);
    add_number(out, "oracle_gap_closed_without_saturation_pct", s.gap_closed_without_saturation, false);
    add_number(out, "worst_scenario_pct", s.worst_scenario, false);
    add_number(out, "error_gain_pct", s.error_gain, false);
    add_number(out, "quality_delta", s.quality_delta, false);
    buf_add_text(out, "\n\"vs_static_once\":{");
    add_number(out, "latency_gain_pct", s.once.latency_gain, false);
    add_number(out, "ttft_gain_pct", s.once.ttft_gain, false);
    add_number(out, "cost_gain_pct", s.once.cost_gain, false);
    add_number(out, "error_gain_pct", s.once.error_gain, false);
    add_number(out, "quality_delta", s.once.quality_delta, true);
    buf_add_text(out, "},\n\"scenarios\":{");
    for (unsigned i = 0, first = 1; i < r->workload->scenario_count; i++) {
        if (!r->tallies[i][0].seeds)
            continue;
        buf_add_text(out, first ? "\n " : ",\n ");
        add_tallies(r, r->workload->scenarios[i].name, r->tallies[i], &r->workload->scenarios[i], out);
        first = 0;
    }
    buf_add_text(out, "},\n");
    add_tallies(r, "pooled", r->pooled, NULL, out);
    buf_add_text(out, ",\n");
    add_tallies(r, "pooled_without_saturation", r->without_saturation, NULL, out);
    buf_add_text(out, "}\n");
    return !out->failed;
}
