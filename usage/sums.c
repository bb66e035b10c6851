/* pure. Sums of requests. */
#include "usage/sums.h"

#include "usage/text.h"

#include <inttypes.h>

/* Which figures every request has that a model worked for, so that an absent one is unknown. The others belong to
 * features that may be off. */
static bool belongs(enum usage_figure figure)
{
    return figure <= FIGURE_COST;
}

static const struct {
    const char *name, *text;
    bool has_age;
} REPLIES[REPLY_CACHES] = {
    [REPLY_MEMORY] = {"memory", "memory", true},
    [REPLY_REDIS] = {"redis", "Redis", true},
    [REPLY_SEMANTIC] = {"semantic", "a similar question", true},
    [REPLY_COLLAPSED] = {"collapsed", "an equal request in flight", false},
    [REPLY_MISSED] = {"missed", NULL, false},
    [REPLY_BYPASSED] = {"bypassed", NULL, false},
};

void replies_add(struct reply_sum replies[REPLY_CACHES], enum reply_cache result, double saved_usd, double age_s)
{
    if (result == REPLY_CACHES)
        return;
    replies[result].requests++;
    replies[result].saved_usd += isfinite(saved_usd) ? saved_usd : 0;
    replies[result].age_s += isfinite(age_s) ? age_s : 0;
}

const char *reply_cache_name(enum reply_cache result)
{
    return REPLIES[result].name;
}

const char *reply_cache_text(enum reply_cache result)
{
    return REPLIES[result].text;
}

double reply_age(const struct reply_sum *s, enum reply_cache result)
{
    return s->requests && REPLIES[result].has_age ? s->age_s / (double)s->requests : NAN;
}

void replies_describe(const struct reply_sum replies[REPLY_CACHES], struct buf *out)
{
    size_t start = out->len;
    for (unsigned i = 0; i < REPLY_CACHES; i++) {
        const struct reply_sum *s = &replies[i];
        double age = reply_age(s, (enum reply_cache)i);
        if (!s->requests)
            continue;
        buf_add_format(out, "%s%" PRIu64 " %s", out->len > start ? ", " : "", s->requests,
                       REPLIES[i].text ? "from " : REPLIES[i].name);
        if (!REPLIES[i].text)
            continue;
        buf_add_text(out, REPLIES[i].text);
        BUF_ADD(out, " (saved ");
        text_add_money(s->saved_usd, out);
        if (isfinite(age))
            buf_add_format(out, ", mean age %.0f s", age);
        BUF_ADD(out, ")");
    }
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
    replies_add(s->replies, r->reply_cache, r->figures[FIGURE_CACHE_SAVED], r->cache_age_s);
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
    for (unsigned i = 0; i < REPLY_CACHES; i++) {
        s->replies[i].requests += more->replies[i].requests;
        s->replies[i].saved_usd += more->replies[i].saved_usd;
        s->replies[i].age_s += more->replies[i].age_s;
    }
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
