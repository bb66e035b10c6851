/* pure. Sums of requests. */
#include "usage/sums.h"

/* Which figures every request has that a model worked for, so that an absent one is unknown. The others belong to
 * features that may be off. */
static bool belongs(enum usage_figure figure)
{
    return figure <= FIGURE_COST;
}

static void add_figures(struct usage_sums *s, const struct usage_request *r)
{
    for (unsigned i = 0; i < FIGURES; i++) {
        bool known = isfinite(r->figures[i]);
        s->figures[i].total += known ? r->figures[i] : 0;
        s->figures[i].known += known;
        s->figures[i].unknown += !known && r->used && belongs((enum usage_figure)i);
    }
    if (isfinite(r->figures[FIGURE_CACHED]) && isfinite(r->figures[FIGURE_INPUT]))
        s->rated_input += r->figures[FIGURE_INPUT];
}

bool sums_add(struct usage_sums *s, const struct usage_request *r)
{
    if (!s->requests || r->time_ms < s->first_ms)
        s->first_ms = r->time_ms;
    if (!s->requests || r->time_ms > s->last_ms)
        s->last_ms = r->time_ms;
    s->requests++;
    s->failed += r->failed;
    s->cancelled += r->cancelled;
    s->fallbacks += r->fallback;
    s->attempts_failed += r->attempts_failed;
    s->cache_hits += r->cache_hit;
    s->estimated += r->estimated;
    add_figures(s, r);
    if (r->stream && !r->cache_hit && r->total_ms > r->ttft_ms && isfinite(r->figures[FIGURE_OUTPUT])) {
        s->streamed_tokens += r->figures[FIGURE_OUTPUT];
        s->stream_s += (r->total_ms - r->ttft_ms) / 1000;
    }
    return !isfinite(r->ttft_ms) || sketch_add(&s->ttft, r->ttft_ms);
}

bool sums_merge(struct usage_sums *s, const struct usage_sums *more)
{
    if (more->requests && (!s->requests || more->first_ms < s->first_ms))
        s->first_ms = more->first_ms;
    if (more->requests && (!s->requests || more->last_ms > s->last_ms))
        s->last_ms = more->last_ms;
    s->requests += more->requests;
    s->failed += more->failed;
    s->cancelled += more->cancelled;
    s->fallbacks += more->fallbacks;
    s->attempts_failed += more->attempts_failed;
    s->cache_hits += more->cache_hits;
    s->estimated += more->estimated;
    for (unsigned i = 0; i < FIGURES; i++) {
        s->figures[i].total += more->figures[i].total;
        s->figures[i].known += more->figures[i].known;
        s->figures[i].unknown += more->figures[i].unknown;
    }
    s->rated_input += more->rated_input;
    s->streamed_tokens += more->streamed_tokens;
    s->stream_s += more->stream_s;
    return sketch_merge(&s->ttft, &more->ttft);
}

double sums_figure(const struct usage_sums *s, enum usage_figure figure)
{
    return s->figures[figure].known ? s->figures[figure].total : NAN;
}

double sums_cache_rate(const struct usage_sums *s)
{
    return s->rated_input > 0 ? fmin(1, s->figures[FIGURE_CACHED].total / s->rated_input) : NAN;
}

double sums_speed(const struct usage_sums *s)
{
    return s->stream_s > 0 ? s->streamed_tokens / s->stream_s : NAN;
}

void sums_free(struct usage_sums *s)
{
    sketch_free(&s->ttft);
}
