/* pure. Which requests of the log are counted. */
#include "usage/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const OUTCOME_NAMES[OUTCOMES] = {
    [OUTCOME_ANY] = "",
    [OUTCOME_OK] = "ok",
    [OUTCOME_FAILED] = "failed",
    [OUTCOME_CANCELLED] = "cancelled",
    [OUTCOME_FALLBACK] = "fallback",
    [OUTCOME_CACHED] = "cached",
};

const char *usage_outcome_name(enum usage_outcome outcome)
{
    return OUTCOME_NAMES[outcome];
}

static bool set_name(char to[LINE_NAME_MAX + 1], const char *name, struct slice value, struct buf *error)
{
    if (value.len > LINE_NAME_MAX) {
        buf_add_format(error, "%s: at most %d bytes", name, LINE_NAME_MAX);
        return false;
    }
    (void)snprintf(to, LINE_NAME_MAX + 1, "%.*s", SLICE_ARGS(value));
    return true;
}

static bool set_outcome(struct usage_filter *f, struct slice value, struct buf *error)
{
    unsigned i = 0;
    while (i < OUTCOMES && !slice_is(value, OUTCOME_NAMES[i]))
        i++;
    if (i == OUTCOMES)
        BUF_ADD(error, "outcome: expected ok, failed, cancelled, fallback or cached");
    else
        f->outcome = (enum usage_outcome)i;
    return i < OUTCOMES;
}

static bool set_cost(struct usage_filter *f, struct slice value, struct buf *error)
{
    char text[32] = "", *end = text;
    if (value.len < sizeof text)
        (void)snprintf(text, sizeof text, "%.*s", SLICE_ARGS(value));
    double usd = strtod(text, &end);
    bool ok = value.len < sizeof text && !*end && isfinite(usd) && usd >= 0;
    if (!ok)
        BUF_ADD(error, "min_cost: expected USD, such as 0.05");
    f->min_cost_usd = ok ? usd : 0;
    return ok;
}

bool usage_filter_set(struct usage_filter *f, const char *name, struct slice value, struct buf *error)
{
    if (strcmp(name, "alias") == 0)
        return set_name(f->alias, name, value, error);
    if (strcmp(name, "provider") == 0)
        return set_name(f->provider, name, value, error);
    return strcmp(name, "outcome") == 0 ? set_outcome(f, value, error) : set_cost(f, value, error);
}

bool usage_filter_equal(const struct usage_filter *a, const struct usage_filter *b)
{
    return strcmp(a->alias, b->alias) == 0 && strcmp(a->provider, b->provider) == 0 && a->outcome == b->outcome &&
           a->min_cost_usd == b->min_cost_usd;
}

bool usage_filter_is_on(const struct usage_filter *f)
{
    return !usage_filter_equal(f, &(struct usage_filter){0});
}

static bool has_provider(const struct usage_request *r, const char *provider)
{
    if (r->provider.len)
        return slice_is(r->provider, provider);
    for (unsigned i = 0; i < r->failed_provider_count; i++)
        if (slice_is(r->failed_providers[i], provider))
            return true;
    return false;
}

static bool has_outcome(const struct usage_request *r, enum usage_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_OK: return !r->failed && !r->cancelled;
    case OUTCOME_FAILED: return r->failed;
    case OUTCOME_CANCELLED: return r->cancelled;
    case OUTCOME_FALLBACK: return r->fallback;
    case OUTCOME_CACHED: return r->cache_hit;
    default: return true;
    }
}

bool usage_filter_admits(const struct usage_filter *f, const struct usage_request *r)
{
    return (!*f->alias || slice_is(r->alias, f->alias)) && (!*f->provider || has_provider(r, f->provider)) &&
           has_outcome(r, f->outcome) && (!(f->min_cost_usd > 0) || r->figures[FIGURE_COST] >= f->min_cost_usd);
}

bool usage_filter_admits_sums(const struct usage_filter *f, struct slice alias, struct slice provider, bool *unknown)
{
    bool named = (!*f->alias || slice_is(alias, f->alias)) && (!*f->provider || slice_is(provider, f->provider));
    *unknown = named && (f->outcome != OUTCOME_ANY || f->min_cost_usd > 0);
    return named && !*unknown;
}
