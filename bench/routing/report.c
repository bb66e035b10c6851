/* report: figures and tables of a run. */
#include "bench/routing/report.h"

#include <math.h>
#include <string.h>

static double ratio(double a, double b)
{
    return b > 0 ? a / b : NAN;
}

double tally_j(const struct tally *t)
{
    double sum = 0;
    for (unsigned i = 0; i < t->seeds; i++)
        sum += t->seed_j[i];
    return 1000 * ratio(sum, t->seeds * (t->scenarios ? t->scenarios : 1));
}

double tally_error_pct(const struct tally *t)
{
    return 100 * ratio(t->requests - t->good, t->requests);
}
double tally_cost(const struct tally *t)
{
    return 1000 * ratio(t->cost_usd, t->good);
}
double tally_quality(const struct tally *t)
{
    return ratio(t->quality, t->good);
}
double tally_latency_s(const struct tally *t)
{
    return ratio(t->latency_s, t->good);
}
double tally_ttft_s(const struct tally *t)
{
    return ratio(t->ttft_s, t->good);
}

bool report_prepare(struct results *r)
{
    for (unsigned p = 0; p < r->policy_count; p++) {
        for (unsigned s = 0; s < r->workload->scenario_count; s++) {
            struct tally *t = &r->tallies[s][p];
            if (!t->seeds)
                continue;
            if (!tally_pool(&r->pooled[p], t))
                return false;
            if (strcmp(r->workload->scenarios[s].name, "saturation") != 0 && !tally_pool(&r->without_saturation[p], t))
                return false;
            tally_sort(t);
        }
        tally_sort(&r->pooled[p]);
        tally_sort(&r->without_saturation[p]);
    }
    return true;
}

static int policy_index(const struct results *r, const char *name)
{
    for (unsigned p = 0; p < r->policy_count; p++)
        if (strcmp(r->policies[p]->name, name) == 0)
            return (int)p;
    return -1;
}

static double closed(const struct tally *pooled, int reference, int oracle, int ours)
{
    double gap = tally_j(&pooled[reference]) - tally_j(&pooled[oracle]);
    return 100 * ratio(tally_j(&pooled[reference]) - tally_j(&pooled[ours]), gap);
}

static double gain(double before, double after)
{
    return 100 * ratio(before - after, before);
}

struct summary report_summary(const struct results *r)
{
    struct summary s = {NAN, NAN, NAN, NAN, NAN, {NAN, NAN, NAN, NAN, NAN}};
    int ours = policy_index(r, "default"), reference = policy_index(r, "static"), once = policy_index(r, "static_once");
    int oracle = policy_index(r, "state_oracle");
    if (ours < 0)
        return s;
    const struct tally *mine = &r->pooled[ours];
    if (reference >= 0 && oracle >= 0) {
        s.gap_closed = closed(r->pooled, reference, oracle, ours);
        s.gap_closed_without_saturation = closed(r->without_saturation, reference, oracle, ours);
    }
    if (reference >= 0) {
        const struct tally *theirs = &r->pooled[reference];
        s.error_gain = gain(tally_error_pct(theirs), tally_error_pct(mine));
        s.quality_delta = tally_quality(mine) - tally_quality(theirs);
        s.worst_scenario = INFINITY;
        for (unsigned i = 0; i < r->workload->scenario_count; i++)
            if (r->tallies[i][ours].seeds)
                s.worst_scenario =
                    fmin(s.worst_scenario, tally_gain(&r->tallies[i][ours], &r->tallies[i][reference]).low);
    }
    if (once >= 0) {
        const struct tally *theirs = &r->pooled[once];
        s.once.latency_gain = gain(tally_latency_s(theirs), tally_latency_s(mine));
        s.once.ttft_gain = gain(tally_ttft_s(theirs), tally_ttft_s(mine));
        s.once.cost_gain = gain(tally_cost(theirs), tally_cost(mine));
        s.once.error_gain = gain(tally_error_pct(theirs), tally_error_pct(mine));
        s.once.quality_delta = tally_quality(mine) - tally_quality(theirs);
    }
    return s;
}

static void add_row(const struct results *r, const struct tally *tallies, unsigned p, const struct scenario *s,
                    struct buf *out)
{
    const struct tally *t = &tallies[p];
    int reference = policy_index(r, "static");
    buf_add_format(out, "  %-22s %8.2f", r->policies[p]->name, tally_j(t));
    if (reference >= 0 && tallies[reference].seeds) {
        struct interval g = tally_gain(t, &tallies[reference]);
        buf_add_format(out, " %+7.2f [%+7.2f,%+7.2f]", g.mean, g.low, g.high);
    }
    buf_add_format(out, "  %5.2f %6.2f %6.2f  %5.2f %5.2f %6.2f %6.2f  %6.2f  %6.2f  %6.2f  %4.2f ",
                   tally_quantile(t->ttfts, t->samples, 0.5), tally_quantile(t->ttfts, t->samples, 0.95),
                   tally_quantile(t->ttfts, t->samples, 0.99), tally_latency_s(t),
                   tally_quantile(t->latencies, t->samples, 0.5), tally_quantile(t->latencies, t->samples, 0.95),
                   tally_quantile(t->latencies, t->samples, 0.99), tally_cost(t), tally_error_pct(t), tally_quality(t),
                   ratio(t->attempts, t->requests));
    for (unsigned i = 0; s && i < s->backend_count; i++)
        buf_add_format(out, "%s%s %.0f", i ? ", " : " ", s->backends[i].name, 100 * ratio(t->firsts[i], t->requests));
    buf_add_char(out, '\n');
}

static void add_block(const struct results *r, const char *title, const struct tally *tallies, const struct scenario *s,
                      struct buf *out)
{
    buf_add_format(out, "\n%s\n  %-22s %8s %7s %17s  %5s %6s %6s  %5s %5s %6s %6s  %6s  %6s  %6s  %4s  %s\n", title,
                   "strategy", "J $/1000", "gain %", "95 %", "TTFT", "p95", "p99", "lat.", "p50", "p95", "p99",
                   "$/1000", "err. %", "qual.", "att.", s ? "first attempts %" : "");
    for (unsigned p = 0; p < r->policy_count; p++)
        if (tallies[p].seeds)
            add_row(r, tallies, p, s, out);
}

static void add_gaps(const struct results *r, struct buf *out)
{
    int reference = policy_index(r, "static"), oracle = policy_index(r, "state_oracle");
    if (reference < 0 || oracle < 0)
        return;
    buf_add_format(
        out, "\nShare of the gap in J between static and state_oracle that is closed, percent\n  %-22s %8s %19s\n",
        "strategy", "pooled", "without saturation");
    for (unsigned p = 0; p < r->policy_count; p++)
        buf_add_format(out, "  %-22s %8.1f %19.1f\n", r->policies[p]->name,
                       closed(r->pooled, reference, oracle, (int)p),
                       closed(r->without_saturation, reference, oracle, (int)p));
}

static void add_summary(const struct results *r, struct buf *out)
{
    struct summary s = report_summary(r);
    buf_add_format(
        out,
        "\nThe default against static: oracle gap closed %.1f %% (without saturation %.1f %%), worst scenario "
        "%+.2f %% (lower bound), errors %.1f %% fewer, quality %+.2f points\n",
        s.gap_closed, s.gap_closed_without_saturation, s.worst_scenario, s.error_gain, s.quality_delta);
    buf_add_format(out,
                   "The default against static_once: latency %.1f %%, TTFT %.1f %%, cost %.1f %%, errors %.1f %% less, "
                   "quality %+.2f points\n",
                   s.once.latency_gain, s.once.ttft_gain, s.once.cost_gain, s.once.error_gain, s.once.quality_delta);
}

bool report_table(const struct results *r, struct buf *out)
{
    buf_add_format(
        out,
        "workload %s, SHA-256 %s\nseeds %llu to %llu; J in USD per 1,000 requests; gain: J less than static's, "
        "paired 95 %% interval; TTFT (p50) and latency of successes in s; cost per 1,000 successes\n",
        r->workload->name, r->workload->sha256, (unsigned long long)r->seed_base,
        (unsigned long long)(r->seed_base + r->seeds - 1));
    for (unsigned i = 0; i < r->workload->scenario_count; i++)
        if (r->tallies[i][0].seeds)
            add_block(r, r->workload->scenarios[i].name, r->tallies[i], &r->workload->scenarios[i], out);
    add_block(r, "pooled, all scenarios", r->pooled, NULL, out);
    add_block(r, "pooled, without saturation", r->without_saturation, NULL, out);
    add_gaps(r, out);
    if (policy_index(r, "default") >= 0)
        add_summary(r, out);
    return !out->failed;
}
