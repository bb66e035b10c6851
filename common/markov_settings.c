/* The keys of the block `adaptive_router:`, one row each: what reads them, what their errors say and their reference.
 */
#include "common/markov.h"
#include "common/yaml_scalar.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define DAY 86400.0

enum type { BOOL, COUNT, NUMBER };

static const struct key {
    const char *name;
    enum type type;
    size_t offset;
    double min, max, initial[MARKOV_USES];
    const char *doc;
} KEYS[] = {
#define KEY2(NAME, TYPE, MIN, MAX, CALLS, RUNS, DOC) \
    {#NAME, TYPE, offsetof(struct markov_settings, NAME), MIN, MAX, {[MARKOV_CALLS] = CALLS, [MARKOV_RUNS] = RUNS}, DOC}
#define KEY(NAME, TYPE, MIN, MAX, INITIAL, DOC) KEY2(NAME, TYPE, MIN, MAX, INITIAL, INITIAL, DOC)
    KEY(enabled, BOOL, 0, 1, false, "Whether the model watches and suggests at all."),
    KEY(shadow_mode, BOOL, 0, 1, true, "Suggestions are logged and change nothing."),
    KEY(min_confidence_delta, NUMBER, 0, 1, .15, "By how much a suggestion's confidence must pass the baseline's."),
    KEY(cost_guard_enabled, BOOL, 0, 1, true,
        "No switch to a much dearer provider unless the baseline's risk is critical."),
    KEY(max_cost_multiplier, NUMBER, 1, 1e6, 2, "What is much dearer: cost against the baseline's."),
    KEY(critical_risk_threshold, NUMBER, 0, 1, .65,
        "From this risk of the baseline on, the guard lets every switch pass."),
    KEY(overload_penalty, NUMBER, 0, 1, .35, "What the risk takes from the reliability a second time."),
    KEY(cold_start_penalty, NUMBER, 0, 1, .5, "What being untried takes from the reliability; the baseline is spared."),
    KEY(performance_weight, NUMBER, 0, 1, .35,
        "Share of speed, cost, quality and success in the "
        "confidence; the rest is reliability."),
    KEY(min_performance_observations, COUNT, 0, 1000, 2, "Calls after which a provider is no longer untried."),
    KEY(decay, NUMBER, 0, .999, .65, "What an average keeps of itself at the next call; a new value weighs the rest."),
    KEY(max_history, COUNT, 10, 10000, 200, "The latest calls that count; in each arm of the canary, too."),
    KEY(canary_share, NUMBER, 0, 1, 1,
        "Once `shadow_mode` is false: share of conversations that take the suggested order; "
        "below 1 the others are the baseline that they are compared with."),
    KEY2(canary_min_requests, COUNT, 10, 10000, 50, 20,
         "Calls of each arm before the canary is judged, and between judgements."),
    KEY(canary_tolerance, NUMBER, 0, 10, .25,
        "How much worse than the baseline is too much, as a share of it; "
        "then all goes back to the shadow."),
    KEY2(recovery_time, NUMBER, 1, DAY, 300, 1800,
         "Seconds that a provider stays in a state, on average, while no call tells more."),
    KEY2(memory_time, NUMBER, 1, 365 * DAY, 3600, DAY,
         "Seconds after which what was averaged counts for a third; about then "
         "a baseline that was left for being slow or dear is tried again."),
    KEY(slow_ttft_ms, NUMBER, 1, 1e9, 6000, "Time to the first token that counts as fully slow."),
    KEY2(slow_latency_ms, NUMBER, 1, 1e9, 45000, 900000, "Time of a whole call that counts as fully slow."),
#undef KEY
#undef KEY2
};

#define KEY_COUNT (sizeof KEYS / sizeof *KEYS)

static void store(const struct key *key, struct markov_settings *s, double value)
{
    void *field = (char *)s + key->offset;
    if (key->type == BOOL)
        *(bool *)field = value != 0;
    else if (key->type == COUNT)
        *(unsigned *)field = (unsigned)value;
    else
        *(double *)field = value;
}

static double load(const struct key *key, const struct markov_settings *s)
{
    const void *field = (const char *)s + key->offset;
    return key->type == BOOL    ? *(const bool *)field
           : key->type == COUNT ? *(const unsigned *)field
                                : *(const double *)field;
}

bool markov_settings_equal(const struct markov_settings *a, const struct markov_settings *b)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (load(&KEYS[i], a) != load(&KEYS[i], b))
            return false;
    return true;
}

void markov_settings_init(struct markov_settings *s, enum markov_use use)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        store(&KEYS[i], s, KEYS[i].initial[use]);
}

/* "a whole number from 0 to 1000", "true or false". */
static void expects(const struct key *key, char *out, size_t size)
{
    if (key->type == BOOL)
        snprintf(out, size, "true or false");
    else
        snprintf(out, size, "a %snumber from %.10g to %.10g", key->type == COUNT ? "whole " : "", key->min, key->max);
}

/* Where the faults go. */
struct report {
    const char *file;
    struct buf *errors;
    unsigned count;
};

static PRINTF_LIKE(3, 4) void fault(struct report *r, unsigned line, const char *format, ...)
{
    char what[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    r->count++;
    buf_add_format(r->errors, "%s%s:%u: adaptive_router%s", r->errors->len ? "\n" : "", r->file, line, what);
}

static bool value_of(const struct key *key, const struct yaml_node *n, double *value)
{
    if (key->type == BOOL) {
        *value = yaml_is_true(n);
        return yaml_is_true(n) || yaml_is_false(n);
    }
    return yaml_is_number(n) && yaml_parse_number(n->scalar, value) && *value >= key->min && *value <= key->max &&
           (key->type != COUNT || *value == floor(*value));
}

static const struct key *find(const char *name)
{
    for (unsigned i = 0; i < KEY_COUNT; i++)
        if (strcmp(KEYS[i].name, name) == 0)
            return &KEYS[i];
    return NULL;
}

static void unknown_key(struct report *r, const struct yaml_node *n)
{
    char known[768];
    size_t len = 0;
    for (unsigned i = 0; i < KEY_COUNT && len < sizeof known; i++)
        len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", i ? ", " : "", KEYS[i].name);
    bool clean = yaml_is_clean(n->key);
    fault(r, n->key_line, ".%.64s: this key is not known; there are %s", clean ? n->key : "?", known);
}

static void read_key(struct report *r, const struct yaml_node *n, struct markov_settings *s)
{
    double value;
    const struct key *key = find(n->key);
    if (!key) {
        unknown_key(r, n);
    } else if (yaml_is_null(n)) {
        return;
    } else if (value_of(key, n, &value)) {
        store(key, s, value);
    } else {
        char expected[96], found[64];
        expects(key, expected, sizeof expected);
        yaml_describe(n, false, found, sizeof found);
        fault(r, n->line, ".%s: expected %s, found %s", key->name, expected, found);
    }
}

unsigned markov_settings_read(const char *file, const struct yaml_node *block, struct markov_settings *s,
                              struct buf *errors)
{
    struct report r = {.file = file, .errors = errors};
    if (!block || yaml_is_null(block))
        return 0;
    if (block->kind != YAML_MAPPING) {
        char found[64];
        yaml_describe(block, false, found, sizeof found);
        fault(&r, block->line, ": expected a mapping, found %s", found);
        return r.count;
    }
    for (const struct yaml_node *n = block->children; n; n = n->next)
        read_key(&r, n, s);
    if (s->canary_min_requests > s->max_history)
        fault(&r, block->key_line ? block->key_line : block->line,
              ".canary_min_requests: %u calls don't fit into max_history, %u: raise max_history",
              s->canary_min_requests, s->max_history);
    return r.count;
}

static void add_initial(const struct key *key, enum markov_use use, struct buf *out)
{
    if (key->type == BOOL)
        buf_add_text(out, key->initial[use] != 0 ? "true" : "false");
    else
        buf_add_format(out, "%.10g", key->initial[use]);
}

bool markov_settings_reference(enum markov_use use, struct buf *out)
{
    for (unsigned i = 0; i < KEY_COUNT; i++) {
        char expected[96];
        expects(&KEYS[i], expected, sizeof expected);
        buf_add_format(out, "| `%s` | %s | ", KEYS[i].name, expected);
        add_initial(&KEYS[i], use, out);
        buf_add_format(out, " | %s |\n", KEYS[i].doc);
    }
    return !out->failed;
}
