/* The keys of the block `adaptive_router:`. */
#include "common/markov.h"
#include "common/schema.h"

#include <stddef.h>

static const struct schema_row KEYS[] = {
#define KEY2(NAME, TYPE, MIN, MAX, CALLS, RUNS, DOC)            \
    {.type = SCHEMA_##TYPE,                                     \
     .name = #NAME,                                             \
     .min = MIN,                                                \
     .max = MAX,                                                \
     .offset = offsetof(struct markov_settings, NAME),          \
     .initial = {[MARKOV_CALLS] = CALLS, [MARKOV_RUNS] = RUNS}, \
     .doc = DOC}
#define KEY(NAME, TYPE, MIN, MAX, INITIAL, DOC) KEY2(NAME, TYPE, MIN, MAX, INITIAL, NULL, DOC)
    KEY(enabled, BOOL, 0, 0, "false", "Whether the model observes and suggests."),
    KEY(shadow_mode, BOOL, 0, 0, "true", "Suggestions are logged and change nothing."),
    KEY(min_confidence_delta, NUMBER, 0, 1, "0.15", "Confidence gain over the baseline that a suggestion needs."),
    KEY(cost_guard_enabled, BOOL, 0, 0, "true",
        "No switch to a much more expensive provider unless the baseline's risk is critical."),
    KEY(max_cost_multiplier, NUMBER, 1, 1e6, "2",
        "Cost over the baseline's cost above which a provider is much more expensive."),
    KEY(critical_risk_threshold, NUMBER, 0, 1, "0.65",
        "Risk of the baseline from which the cost guard allows every switch."),
    KEY(overload_penalty, NUMBER, 0, 1, "0.35", "Share of the risk that lowers the reliability a second time."),
    KEY(cold_start_penalty, NUMBER, 0, 1, "0.5",
        "How much the reliability of an untried provider is lowered; not the baseline's."),
    KEY(performance_weight, NUMBER, 0, 1, "0.35",
        "Share of speed, cost, quality and success in the confidence; the rest is reliability."),
    KEY(min_performance_observations, INT, 0, 1000, "2", "Calls after which a provider is no longer untried."),
    KEY(decay, NUMBER, 0, .999, "0.65", "Weight of an average at the next call; the new value has the rest."),
    KEY(max_history, INT, 10, 10000, "200", "The latest calls that count; in each arm of the canary, too."),
    KEY(canary_share, NUMBER, 0, 1, "1",
        "If `shadow_mode` is false: share of the conversations that follow suggestions; if below 1, the others are the "
        "baseline for comparison."),
    KEY2(canary_min_requests, INT, 10, 10000, "50", "20",
         "Calls in each arm before the arms are compared, and between comparisons."),
    KEY(canary_tolerance, NUMBER, 0, 10, "0.25",
        "How much worse than the baseline the canary may be, as a share of it; beyond that the router rolls back to "
        "shadow mode."),
    KEY2(recovery_time, NUMBER, 1, 86400, "300", "1800",
         "Seconds that a provider stays in a state, on average, without a call."),
    KEY2(memory_time, NUMBER, 1, 31536000, "3600", "86400",
         "Seconds after which an average counts for a third; after about this time a baseline that was left for "
         "being slow or expensive is tried again."),
    KEY(slow_ttft_ms, NUMBER, 1, 1e9, "6000", "Time to the first token in ms that counts as fully slow."),
    KEY2(slow_latency_ms, NUMBER, 1, 1e9, "45000", "900000", "Duration of a call in ms that counts as fully slow."),
#undef KEY
#undef KEY2
    {0},
};

static const struct schema_section SECTIONS[] = {{"adaptive_router", KEYS}};
static const struct schema SCHEMAS[MARKOV_USES] = {
    [MARKOV_CALLS] = {SECTIONS, MARKOV_CALLS},
    [MARKOV_RUNS] = {SECTIONS, MARKOV_RUNS},
};

void markov_settings_init(struct markov_settings *s, enum markov_use use)
{
    schema_init(&SCHEMAS[use], 0, s);
}

static double load(const struct schema_row *row, const struct markov_settings *s)
{
    const void *field = (const char *)s + row->offset;
    return row->type == SCHEMA_BOOL  ? *(const bool *)field
           : row->type == SCHEMA_INT ? *(const unsigned *)field
                                     : *(const double *)field;
}

bool markov_settings_equal(const struct markov_settings *a, const struct markov_settings *b)
{
    for (const struct schema_row *row = KEYS; row->name; row++)
        if (load(row, a) != load(row, b))
            return false;
    return true;
}

unsigned markov_settings_read(const char *file, const struct yaml_node *block, struct markov_settings *s,
                              struct buf *errors)
{
    struct schema_reader r = {.file = file, .errors = errors};
    schema_read(&r, &SCHEMAS[MARKOV_CALLS], 0, block, s);
    if (block && s->canary_min_requests > s->max_history)
        schema_error(&r, block->key_line ? block->key_line : block->line,
                     "adaptive_router.canary_min_requests: %u exceeds max_history, %u: raise max_history",
                     s->canary_min_requests, s->max_history);
    return r.error_count;
}

bool markov_settings_reference(enum markov_use use, struct buf *out)
{
    schema_reference(&SCHEMAS[use], 0, out);
    return !out->failed;
}
