/* The adaptive router's decisions and statistics as JSON. */
#include "common/markov.h"

#include <math.h>
#include <string.h>

#define STATE_DIGITS 12 /* significant digits */

const char *markov_state_name(enum markov_state state)
{
    static const char *const NAMES[MARKOV_STATES] = {"healthy", "warming", "overloaded", "failing", "cooldown"};
    return NAMES[state];
}

static void add_number(struct buf *out, double value, int digits)
{
    if (isfinite(value))
        buf_add_format(out, "%.*f", digits, value);
    else
        BUF_ADD(out, "null");
}

static void add_field(struct buf *out, const char *key, double value, int digits)
{
    json_add_key(out, key);
    add_number(out, value, digits);
}

static void add_flag(struct buf *out, const char *key, bool value)
{
    json_add_key(out, key);
    buf_add_text(out, value ? "true" : "false");
}

static void add_name(struct buf *out, const char *key, const struct markov_decision *d, unsigned index)
{
    json_add_key(out, key);
    if (index < d->count)
        json_add_string(out, slice_of(d->name[index]));
    else
        BUF_ADD(out, "null");
}

bool markov_write_health(const struct markov_health *h, struct buf *out)
{
    BUF_ADD(out, "{");
    json_add_key(out, "state");
    json_add_string(out, slice_of(markov_state_name(h->state)));
    add_field(out, "risk", h->risk, 4);
    add_field(out, "performance", h->performance, 4);
    add_field(out, "confidence", h->confidence, 4);
    add_field(out, "ttft_ms", h->ttft_ms, 0);
    add_field(out, "latency_ms", h->total_ms, 0);
    add_field(out, "cost_usd", h->cost_usd, 8);
    add_field(out, "error_rate", h->error_rate, 4);
    json_add_key(out, "observations");
    buf_add_number(out, (int64_t)h->observations);
    return BUF_ADD(out, "}") && !out->failed;
}

bool markov_write(const struct markov_decision *d, struct buf *out)
{
    BUF_ADD(out, "{");
    add_flag(out, "enabled", d->enabled);
    add_flag(out, "shadow_mode", d->shadow_mode);
    add_name(out, "baseline_provider", d, 0);
    add_name(out, "suggested_provider", d, d->suggested);
    add_flag(out, "would_switch", d->would_switch);
    add_flag(out, "applied", d->applied);
    add_flag(out, "cost_guard_blocked", d->cost_guard_blocked);
    add_field(out, "confidence_delta", d->confidence_delta, 4);
    add_field(out, "cost_multiplier", d->cost_multiplier, 4);
    add_field(out, "max_cost_multiplier", d->max_cost_multiplier, 4);
    add_name(out, "blocked_provider", d, d->blocked);
    add_field(out, "blocked_cost_multiplier", d->blocked_multiplier, 4);
    json_add_key(out, "health");
    BUF_ADD(out, "{");
    for (unsigned i = 0; i < d->count; i++) {
        json_add_key(out, d->name[i]);
        markov_write_health(&d->health[i], out);
    }
    return BUF_ADD(out, "}}") && !out->failed;
}

/* With enough digits to read nearly the same value again. */
static void add_numbers(struct container in, const double *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        document_add_number(in, NULL, values[i], STATE_DIGITS);
}

void markov_describe_state(const struct markov_provider *p, struct container in)
{
    document_add_count(in, "count", (int64_t)p->count);
    document_add_count(in, "seen_ms", p->seen_ms);
    document_add_number(in, "weight", p->weight, STATE_DIGITS);
    add_numbers(document_add_array(in, "belief"), p->belief, MARKOV_STATES);
    struct container averages = document_add_array(in, "averages");
    for (unsigned i = 0; i < MARKOV_METRICS; i++) {
        const struct markov_average *a = &p->average[i];
        add_numbers(document_add_array(averages, NULL), (const double[]){a->value, a->goodness, a->weight}, 3);
    }
}

/* Reads exactly `count` numbers; none may be negative. */
static bool read_numbers(const struct json *j, uint32_t node, double *values, unsigned count)
{
    if (!json_is(j, node, JSON_ARRAY))
        return false;
    uint32_t n = json_first(j, node);
    for (unsigned i = 0; i < count; i++, n = json_next(j, n))
        if (!n || !json_double(j, n, &values[i]) || !isfinite(values[i]) || values[i] < 0)
            return false;
    return n == JSON_NONE;
}

static bool read_averages(const struct json *j, uint32_t node, struct markov_provider *p)
{
    if (!json_is(j, node, JSON_ARRAY))
        return false;
    uint32_t n = json_first(j, node);
    for (unsigned i = 0; i < MARKOV_METRICS; i++, n = json_next(j, n)) {
        double values[3];
        if (!n || !read_numbers(j, n, values, 3) || values[1] > 1)
            return false;
        p->average[i] = (struct markov_average){values[0], values[1], values[2]};
    }
    return n == JSON_NONE;
}

/* The probabilities must sum to 1. */
static bool read_belief(const struct json *j, uint32_t node, struct markov_provider *p)
{
    double sum = 0;
    if (!read_numbers(j, node, p->belief, MARKOV_STATES))
        return false;
    for (unsigned i = 0; i < MARKOV_STATES; i++)
        sum += p->belief[i];
    return fabs(sum - 1) < 1e-6;
}

bool markov_read_state(const struct json *j, uint32_t node, struct markov_provider *p)
{
    struct markov_provider read = {0};
    int64_t count;
    *p = read;
    if (!j->count || json_type(j, node) != JSON_OBJECT)
        return false;
    if (!json_int64(j, json_get(j, node, "count"), &count) || count < 0 ||
        !json_int64(j, json_get(j, node, "seen_ms"), &read.seen_ms) ||
        !json_double(j, json_get(j, node, "weight"), &read.weight) || !(read.weight >= 0 && read.weight < 1e9) ||
        !read_averages(j, json_get(j, node, "averages"), &read))
        return false;
    if (count > 0 && !read_belief(j, json_get(j, node, "belief"), &read))
        return false;
    read.count = (uint64_t)count;
    *p = read;
    return true;
}
