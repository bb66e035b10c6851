/* tally: sums, quantiles and paired intervals. */
#include "bench/routing/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Student's t, two-sided 95 %, by degrees of freedom from 1. */
static const double T95[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                             2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                             2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};

static bool make_room(struct tally *t, size_t more)
{
    if (t->samples + more <= t->room)
        return true;
    size_t room = 2 * t->room + more;
    float *latencies = reallocarray(t->latencies, room, sizeof *latencies);
    if (latencies)
        t->latencies = latencies;
    float *ttfts = reallocarray(t->ttfts, room, sizeof *ttfts);
    if (ttfts)
        t->ttfts = ttfts;
    if (!latencies || !ttfts)
        return false;
    t->room = room;
    return true;
}

static void add_success(struct tally *t, const struct scenario *s, const struct served *r)
{
    t->good++;
    t->quality += s->backends[r->last].quality;
    t->latency_s += r->latency_s;
    t->ttft_s += r->ttft_s;
    t->latencies[t->samples] = (float)r->latency_s;
    t->ttfts[t->samples++] = (float)r->ttft_s;
}

bool tally_add(struct tally *t, const struct scenario *s, const struct served *served, unsigned count, double warmup_s,
               unsigned seed_index, unsigned seeds)
{
    if (!t->seed_j)
        t->seed_j = calloc(seeds, sizeof *t->seed_j);
    if (!t->seed_j || !make_room(t, count))
        return false;
    t->seeds = seeds;
    double sum = 0, counted = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct served *r = &served[i];
        if (r->arrival_s < warmup_s)
            continue;
        counted++;
        sum += r->j;
        t->cost_usd += r->cost_usd;
        t->attempts += r->attempts;
        t->firsts[r->first]++;
        if (r->good)
            add_success(t, s, r);
    }
    t->requests += counted;
    t->j += sum;
    t->seed_j[seed_index] = counted > 0 ? sum / counted : 0;
    return true;
}

bool tally_pool(struct tally *t, const struct tally *from)
{
    if (!t->seed_j)
        t->seed_j = calloc(from->seeds, sizeof *t->seed_j);
    if (!t->seed_j || !make_room(t, from->samples))
        return false;
    t->seeds = from->seeds;
    t->scenarios++;
    for (unsigned i = 0; i < t->seeds; i++)
        t->seed_j[i] += from->seed_j[i];
    t->requests += from->requests;
    t->good += from->good;
    t->j += from->j;
    t->cost_usd += from->cost_usd;
    t->quality += from->quality;
    t->latency_s += from->latency_s;
    t->ttft_s += from->ttft_s;
    t->attempts += from->attempts;
    for (unsigned i = 0; i < BACKENDS_MAX; i++)
        t->firsts[i] += from->firsts[i];
    memcpy(t->latencies + t->samples, from->latencies, from->samples * sizeof *t->latencies);
    memcpy(t->ttfts + t->samples, from->ttfts, from->samples * sizeof *t->ttfts);
    t->samples += from->samples;
    return true;
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

void tally_sort(struct tally *t)
{
    if (!t->samples)
        return;
    qsort(t->latencies, t->samples, sizeof *t->latencies, compare);
    qsort(t->ttfts, t->samples, sizeof *t->ttfts, compare);
}

void tally_free(struct tally *t)
{
    free(t->seed_j);
    free(t->latencies);
    free(t->ttfts);
    *t = (struct tally){0};
}

double tally_quantile(const float *sorted, size_t count, double share)
{
    if (!count)
        return NAN;
    double at = share * (double)(count - 1);
    size_t low = (size_t)at;
    double high = low + 1 < count ? (double)sorted[low + 1] : (double)sorted[low];
    return (double)sorted[low] + (at - (double)low) * (high - (double)sorted[low]);
}

struct interval tally_gain(const struct tally *t, const struct tally *reference)
{
    double sum = 0, squares = 0, base = 0, n = t->seeds;
    for (unsigned i = 0; i < t->seeds; i++) {
        double gain = reference->seed_j[i] - t->seed_j[i];
        sum += gain;
        squares += gain * gain;
        base += reference->seed_j[i];
    }
    if (base <= 0)
        return (struct interval){0, 0, 0};
    double mean = sum / n, variance = t->seeds > 1 ? fmax(0, (squares - n * mean * mean) / (n - 1)) : 0;
    unsigned freedom = t->seeds > 1 ? t->seeds - 1 : 1;
    double student = freedom <= sizeof T95 / sizeof *T95 ? T95[freedom - 1] : 1.96 + 2.4 / freedom;
    double half = student * sqrt(variance / n), percent = 100 * n / base;
    return (struct interval){mean * percent, (mean - half) * percent, (mean + half) * percent};
}
