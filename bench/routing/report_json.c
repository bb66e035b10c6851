/* report_json: a run as a JSON object. */
#include "bench/routing/report.h"

#include "common/document.h"

#include <math.h>
#include <string.h>

#define DIGITS 6 /* significant digits */

static void add_number(struct container in, const char *key, double value)
{
    document_add_number(in, key, value, DIGITS);
}

static const struct tally *reference_of(const struct results *r, const struct tally *tallies)
{
    for (unsigned p = 0; p < r->policy_count; p++)
        if (strcmp(r->policies[p]->name, "static") == 0)
            return &tallies[p];
    return NULL;
}

static void add_tally(const struct results *r, const struct tally *tallies, unsigned p, const struct scenario *s,
                      struct container in)
{
    const struct tally *t = &tallies[p], *reference = reference_of(r, tallies);
    struct interval gain = reference ? tally_gain(t, reference) : (struct interval){NAN, NAN, NAN};
    add_number(in, "J", tally_j(t));
    add_number(in, "gain_pct", gain.mean);
    add_number(in, "gain_low_pct", gain.low);
    add_number(in, "gain_high_pct", gain.high);
    add_number(in, "ttft_mean_s", tally_ttft_s(t));
    add_number(in, "ttft_p50_s", tally_quantile(t->ttfts, t->samples, 0.50));
    add_number(in, "ttft_p95_s", tally_quantile(t->ttfts, t->samples, 0.95));
    add_number(in, "ttft_p99_s", tally_quantile(t->ttfts, t->samples, 0.99));
    add_number(in, "latency_mean_s", tally_latency_s(t));
    add_number(in, "latency_p50_s", tally_quantile(t->latencies, t->samples, 0.50));
    add_number(in, "latency_p95_s", tally_quantile(t->latencies, t->samples, 0.95));
    add_number(in, "latency_p99_s", tally_quantile(t->latencies, t->samples, 0.99));
    add_number(in, "cost_per_1000_successes", tally_cost(t));
    add_number(in, "error_pct", tally_error_pct(t));
    add_number(in, "quality", tally_quality(t));
    if (s) {
        struct container firsts = document_add_object(in, "first_attempts_pct");
        for (unsigned i = 0; i < s->backend_count; i++)
            add_number(firsts, s->backends[i].name, 100 * t->firsts[i] / t->requests);
    }
    add_number(in, "attempts_per_request", t->attempts / t->requests);
}

static void add_tallies(const struct results *r, const struct tally *tallies, const struct scenario *s,
                        struct container in)
{
    for (unsigned p = 0; p < r->policy_count; p++)
        if (tallies[p].seeds)
            add_tally(r, tallies, p, s, document_add_object(in, r->policies[p]->name));
}

bool report_json(const struct results *r, struct buf *out)
{
    struct summary s = report_summary(r);
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "workload", r->workload->name);
    document_add_text(root, "workload_sha256", r->workload->sha256);
    document_add_count(root, "seed_base", (int64_t)r->seed_base);
    document_add_count(root, "seeds", r->seeds);
    add_number(root, "oracle_gap_closed_pct", s.gap_closed);
    add_number(root, "oracle_gap_closed_without_saturation_pct", s.gap_closed_without_saturation);
    add_number(root, "worst_scenario_pct", s.worst_scenario);
    add_number(root, "error_gain_pct", s.error_gain);
    add_number(root, "quality_delta", s.quality_delta);
    struct container once = document_add_object(root, "vs_static_once");
    add_number(once, "latency_gain_pct", s.once.latency_gain);
    add_number(once, "ttft_gain_pct", s.once.ttft_gain);
    add_number(once, "cost_gain_pct", s.once.cost_gain);
    add_number(once, "error_gain_pct", s.once.error_gain);
    add_number(once, "quality_delta", s.once.quality_delta);
    struct container scenarios = document_add_object(root, "scenarios");
    for (unsigned i = 0; i < r->workload->scenario_count; i++) {
        const struct scenario *scenario = &r->workload->scenarios[i];
        if (r->tallies[i][0].seeds)
            add_tallies(r, r->tallies[i], scenario, document_add_object(scenarios, scenario->name));
    }
    add_tallies(r, r->pooled, NULL, document_add_object(root, "pooled"));
    add_tallies(r, r->without_saturation, NULL, document_add_object(root, "pooled_without_saturation"));
    return document_print(&d, out) && BUF_ADD(out, "\n");
}
