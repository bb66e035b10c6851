/* pure: failures that recur at regular times. */
#include "proxy/route/rhythm.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Found by a search in the routing simulator: bench/routing-tune (bench/README.md, "Routing"). */
#define OUTAGE_GAP_MS 18000.0 /* failures closer than this belong to one outage */
#define PERIOD_MIN_MS 20000.0 /* periods outside this range are not searched */
#define PERIOD_MAX_MS 600000.0
#define PERIODS_MAX 16.0         /* older onsets are not compared */
#define DIVISORS 3               /* periods between two compared onsets: those in between may have gone unnoticed */
#define ON_GRID_MIN 4            /* onsets that make a grid */
#define NEAR 0.15                /* of a period: onsets farther away are off the grid */
#define EDGE_MS 500.0            /* precision of an onset */
#define CHANCE 0.002             /* a grid is accepted below this probability of chance */
#define CHANCE_RETAINED 0.1      /* and kept below this one */
#define STRAYS_MAX 2             /* more onsets in a row off the grid end it */
#define MISSES_MAX 2             /* successes in predicted outages end it */
#define UNCONFIRMED_MAX 16       /* periods for which a grid holds without a new onset */
#define BAD_SHARE_MAX 0.5        /* of a period: longer outages are not periodic */
#define END_WEIGHT 0.9           /* the end of an outage, between the last failure (0) and the next success (1) */
#define LENGTH_UNKNOWN_MS 3000.0 /* added to the shortest known length while the longest is unknown */
#define ONSET_WINDOW_MS 8000.0   /* later failures than this after a grid point end an outage, not begin one */
#define TAIL_SHARE 0.2           /* of a period: also up to this long after the expected end */
#define MARGIN_MS 1200.0         /* an outage is expected this much earlier */
#define MARGIN_SHARE 0.02        /* of a period, in addition */

struct grid {
    double period_ms, first_ms;
    double chance; /* probability that onsets are as close to a grid by chance */
};

/* Periods between the newest onset and the n-th newest one; NAN: too old, or *off_grid. */
static double periods_ago(const struct rhythm *r, unsigned n, double period_ms, double *age_ms, bool *off_grid)
{
    *age_ms = (double)(r->onsets[0] - r->onsets[n]);
    double k = floor(*age_ms / period_ms + 0.5);
    bool old = *age_ms > PERIODS_MAX * period_ms;
    *off_grid = !old && fabs(k * period_ms - *age_ms) > NEAR * period_ms;
    return old || *off_grid ? NAN : k;
}

/* Fits a grid of about that period by least squares. Onsets are seen late, by the first attempt that fails, so the grid
 * is moved half way to the earliest one. */
static struct grid fit(const struct rhythm *r, double period_ms)
{
    double n = 0, off = 0, sk = 0, sx = 0, skk = 0, skx = 0, least = 0, most = 0, age_ms, k;
    bool off_grid;
    for (unsigned i = 0; i < RHYTHM_ONSETS && r->onsets[i]; i++) {
        k = periods_ago(r, i, period_ms, &age_ms, &off_grid);
        off += off_grid;
        if (isnan(k))
            continue;
        n++;
        sk += k;
        sx += age_ms;
        skk += k * k;
        skx += k * age_ms;
    }
    struct grid g = {period_ms, (double)r->onsets[0], 1};
    if (n < ON_GRID_MIN || 3 * off > n || n * skk <= sk * sk)
        return g;
    g.period_ms = (n * skx - sk * sx) / (n * skk - sk * sk);
    double shift_ms = (sx - g.period_ms * sk) / n;
    for (unsigned i = 0; i < RHYTHM_ONSETS && r->onsets[i]; i++) {
        k = periods_ago(r, i, period_ms, &age_ms, &off_grid);
        if (isnan(k))
            continue;
        least = fmin(least, shift_ms + k * g.period_ms - age_ms);
        most = fmax(most, shift_ms + k * g.period_ms - age_ms);
    }
    g.first_ms += least / 2 - shift_ms;
    g.chance = pow((most - least + EDGE_MS) / g.period_ms, n - 2); /* the fit takes two degrees of freedom */
    return g;
}

/* Looks for a grid through the newest onset. Keeps the current grid while the onset is on it. */
static void find_period(struct rhythm *r)
{
    struct grid best = {0, 0, 1};
    double since = r->period_ms > 0 ? ((double)r->onsets[0] - r->first_ms) / r->period_ms : 0, tried = 0, most = CHANCE;
    for (unsigned i = 1; i < RHYTHM_ONSETS && r->onsets[i]; i++)
        for (unsigned d = 1; d <= DIVISORS; d++) {
            double period_ms = (double)(r->onsets[0] - r->onsets[i]) / d;
            if (period_ms < PERIOD_MIN_MS || period_ms > PERIOD_MAX_MS)
                continue;
            struct grid g = fit(r, period_ms);
            tried++;
            if (g.chance < best.chance)
                best = g;
        }
    if (r->period_ms > 0 && fabs(since - floor(since + 0.5)) < NEAR) {
        struct grid current = fit(r, r->period_ms);
        if (current.chance < CHANCE_RETAINED) {
            best = current;
            most = 1;
        }
    }
    r->misses = 0;
    if (best.period_ms > 0 && best.chance * fmax(tried, 1) <= most) {
        r->period_ms = best.period_ms;
        r->first_ms = best.first_ms;
        r->strays = 0;
    } else if (++r->strays > STRAYS_MAX || since > PERIODS_MAX) {
        r->period_ms = 0;
    }
}

/* Time since the last grid point; *periods: grid points since the newest confirmed one. */
static double phase_of(const struct rhythm *r, uint64_t at_ms, double *periods)
{
    double age_ms = fmax((double)at_ms - r->first_ms, 0);
    *periods = floor(age_ms / r->period_ms);
    return age_ms - *periods * r->period_ms;
}

static double bad_ms(const struct rhythm *r)
{
    double most = BAD_SHARE_MAX * r->period_ms;
    if (r->outage_max_ms <= 0 || r->outage_max_ms > most)
        return fmin(r->outage_min_ms + LENGTH_UNKNOWN_MS, most);
    return r->outage_min_ms + END_WEIGHT * (r->outage_max_ms - r->outage_min_ms);
}

/* Whether a failure at that time belongs to an outage of the grid that began earlier. */
static bool ends_outage(const struct rhythm *r, uint64_t started_ms)
{
    if (r->period_ms <= 0)
        return false;
    double periods, phase_ms = phase_of(r, started_ms, &periods), most = BAD_SHARE_MAX * r->period_ms;
    return periods < UNCONFIRMED_MAX && phase_ms > ONSET_WINDOW_MS &&
           phase_ms < fmin(bad_ms(r) + TAIL_SHARE * r->period_ms, most);
}

/* Start of the outage that a failure at that time shows; the grid is more precise than the failure. */
static double outage_start(const struct rhythm *r, uint64_t started_ms)
{
    double periods, phase_ms = r->period_ms > 0 ? phase_of(r, started_ms, &periods) : 0;
    return (double)started_ms - (phase_ms < BAD_SHARE_MAX * r->period_ms ? phase_ms : 0);
}

void rhythm_failed(struct rhythm *r, uint64_t started_ms)
{
    bool first = !r->onsets[0], served = r->served_ms > r->failed_ms;
    bool apart = served && (double)started_ms > (double)r->failed_ms + OUTAGE_GAP_MS;
    if (first || (apart && !ends_outage(r, started_ms))) {
        memmove(&r->onsets[1], &r->onsets[0], (RHYTHM_ONSETS - 1) * sizeof *r->onsets);
        r->onsets[0] = started_ms;
        find_period(r);
    }
    if (first || served)
        r->outage_start_ms = outage_start(r, started_ms);
    if (started_ms > r->failed_ms)
        r->failed_ms = started_ms;
    double length_ms = (double)r->failed_ms - r->outage_start_ms;
    if (length_ms > r->outage_min_ms && (r->period_ms <= 0 || length_ms < BAD_SHARE_MAX * r->period_ms))
        r->outage_min_ms = length_ms;
    if (r->outage_min_ms > r->outage_max_ms)
        r->outage_max_ms = 0;
}

void rhythm_served(struct rhythm *r, uint64_t started_ms)
{
    if (started_ms <= r->failed_ms || !r->onsets[0])
        return;
    if (r->served_ms <= r->failed_ms) { /* the first success after failures: the outage ended here */
        double most_ms = (double)started_ms - r->outage_start_ms;
        if (r->outage_max_ms <= 0 || most_ms < r->outage_max_ms)
            r->outage_max_ms = most_ms;
        if (r->outage_min_ms > r->outage_max_ms)
            r->outage_min_ms = fmax((double)r->failed_ms - r->outage_start_ms, 0);
    }
    if (started_ms > r->served_ms)
        r->served_ms = started_ms;
    if (r->period_ms <= 0)
        return;
    double periods, phase_ms = phase_of(r, started_ms, &periods), bad = bad_ms(r);
    if (periods >= 1 && phase_ms > 0.25 * bad && phase_ms < 0.75 * bad && ++r->misses >= MISSES_MAX)
        r->period_ms = 0;
}

enum rhythm_phase rhythm_now(const struct rhythm *r, uint64_t now_ms)
{
    if (r->period_ms <= 0)
        return RHYTHM_NONE;
    double periods, phase_ms = phase_of(r, now_ms, &periods), bad = bad_ms(r);
    if (periods >= UNCONFIRMED_MAX)
        return RHYTHM_NONE;
    if (phase_ms > r->period_ms - MARGIN_MS - MARGIN_SHARE * r->period_ms || phase_ms <= bad + EDGE_MS)
        return RHYTHM_BAD;
    return (double)r->failed_ms < (double)now_ms - phase_ms + bad ? RHYTHM_GOOD : RHYTHM_NONE;
}
