/* Compares the canary's requests with the baseline's; see canary.h. */
#include "common/canary.h"
#include "common/mix.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STANDARD_ERRORS_MAX 3 /* a figure is worse if it exceeds its bound by more than these */

enum column { TTFT, LATENCY, ERROR, COST, QUALITY, COLUMNS };

/* The last `max_history` requests, a ring buffer per column. */
struct arm {
    float *values[COLUMNS];
    uint64_t *conversations;
    unsigned next, count;
    uint64_t requests;
};

struct canary {
    struct markov_settings settings;
    struct arm arms[CANARY_ARMS];
    float *sorted; /* room for one column */
    uint64_t *sorted_conversations;
    float *memory;                 /* all floats */
    uint64_t *conversation_memory; /* all conversations */
    char reason[192];              /* "": no rollback */
};

struct canary *canary_new(const struct markov_settings *s)
{
    struct canary *c = calloc(1, sizeof *c);
    size_t ring = s->max_history;
    if (!c)
        return NULL;
    c->memory = calloc(ring * (CANARY_ARMS * COLUMNS + 1), sizeof *c->memory);
    c->conversation_memory = calloc(ring * (CANARY_ARMS + 1), sizeof *c->conversation_memory);
    if (!c->memory || !c->conversation_memory) {
        canary_free(c);
        return NULL;
    }
    c->settings = *s;
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        c->arms[a].conversations = c->conversation_memory + ring * a;
        for (unsigned i = 0; i < COLUMNS; i++)
            c->arms[a].values[i] = c->memory + ring * (a * COLUMNS + i);
    }
    c->sorted = c->memory + ring * CANARY_ARMS * COLUMNS;
    c->sorted_conversations = c->conversation_memory + ring * CANARY_ARMS;
    return c;
}

void canary_free(struct canary *c)
{
    if (!c)
        return;
    free(c->memory);
    free(c->conversation_memory);
    free(c);
}

void canary_reset(struct canary *c)
{
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        c->arms[a].next = c->arms[a].count = 0;
        c->arms[a].requests = 0;
    }
    c->reason[0] = '\0';
}

void canary_carry(const struct canary *from, struct canary *to)
{
    const size_t ring = from->settings.max_history;
    if (!markov_settings_equal(&from->settings, &to->settings))
        return;
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        to->arms[a].next = from->arms[a].next;
        to->arms[a].count = from->arms[a].count;
        to->arms[a].requests = from->arms[a].requests;
    }
    memcpy(to->memory, from->memory, ring * (CANARY_ARMS * COLUMNS + 1) * sizeof *to->memory);
    memcpy(to->conversation_memory, from->conversation_memory,
           ring * (CANARY_ARMS + 1) * sizeof *to->conversation_memory);
    memcpy(to->reason, from->reason, sizeof to->reason);
}

bool canary_live(const struct canary *c, uint64_t conversation)
{
    const struct markov_settings *s = &c->settings;
    if (!s->enabled || s->shadow_mode || c->reason[0])
        return false;
    /* Other decisions depend on the same number; the constant makes this one independent. */
    return mix_uniform(conversation ^ 0x63616e617279u) < s->canary_share;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Sorts the known values of a column into c->sorted. Returns their number. */
static unsigned known_values(const struct canary *c, enum canary_arm arm, enum column column)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->arms[arm].count; i++)
        if (!isnan(c->arms[arm].values[column][i]))
            c->sorted[count++] = c->arms[arm].values[column][i];
    qsort(c->sorted, count, sizeof *c->sorted, by_value);
    return count;
}

/* Returns the quantile of a column by nearest rank; NAN: no value is known. */
static double quantile(const struct canary *c, enum canary_arm arm, enum column column, double share, unsigned *count)
{
    *count = known_values(c, arm, column);
    if (!*count)
        return NAN;
    unsigned rank = (unsigned)ceil(share * *count);
    return (double)c->sorted[rank ? rank - 1 : 0];
}

static int by_name(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Number of conversations among the arm's requests. */
static unsigned conversations_of(const struct canary *c, enum canary_arm which)
{
    const struct arm *arm = &c->arms[which];
    unsigned count = 0;
    memcpy(c->sorted_conversations, arm->conversations, arm->count * sizeof *arm->conversations);
    qsort(c->sorted_conversations, arm->count, sizeof *arm->conversations, by_name);
    for (unsigned i = 0; i < arm->count; i++)
        count += i == 0 || c->sorted_conversations[i] != c->sorted_conversations[i - 1];
    return count;
}

struct mean {
    unsigned count;
    double value, variance; /* of a single value */
};

static struct mean mean_of(const struct canary *c, enum canary_arm arm, enum column column)
{
    struct mean m = {.count = known_values(c, arm, column), .value = NAN};
    double sum = 0, squares = 0;
    for (unsigned i = 0; i < m.count; i++)
        sum += (double)c->sorted[i];
    if (!m.count)
        return m;
    m.value = sum / m.count;
    for (unsigned i = 0; i < m.count; i++)
        squares += ((double)c->sorted[i] - m.value) * ((double)c->sorted[i] - m.value);
    m.variance = m.count > 1 ? squares / (m.count - 1) : 0;
    return m;
}

static PRINTF_LIKE(2, 3) void roll_back(struct canary *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->reason, sizeof c->reason, format, args);
    va_end(args);
}

/* Whatever the distribution, at most 1 - share of the canary's requests should exceed the bound. */
static void compare_quantile(struct canary *c, enum column column, double share, const char *what)
{
    unsigned baseline_count, count, above = 0;
    double bound = quantile(c, CANARY_BASELINE, column, share, &baseline_count) * (1 + c->settings.canary_tolerance);
    double figure = quantile(c, CANARY_SUGGESTED, column, share, &count);
    if (baseline_count < c->settings.canary_min_requests || count < c->settings.canary_min_requests)
        return;
    for (unsigned i = 0; i < count; i++)
        above += (double)c->sorted[i] > bound;
    double chance = sqrt(share * (1 - share) *
                         (1.0 / conversations_of(c, CANARY_BASELINE) + 1.0 / conversations_of(c, CANARY_SUGGESTED)));
    if ((double)above / count > 1 - share + STANDARD_ERRORS_MAX * chance)
        roll_back(c, "%s of %.0f ms is above the bound of %.0f ms, the baseline plus %.0f %%", what, figure, bound,
                  100 * c->settings.canary_tolerance);
}

/* `sign` 1: more is worse; -1: less is worse. `slack`: tolerance, as a share of the baseline's value. */
static void compare_mean(struct canary *c, enum column column, double sign, double slack, double unit, const char *what)
{
    struct mean b = mean_of(c, CANARY_BASELINE, column), m = mean_of(c, CANARY_SUGGESTED, column);
    if (b.count < c->settings.canary_min_requests || m.count < c->settings.canary_min_requests)
        return;
    double bound = b.value * (1 + sign * slack);
    bool alike = column != ERROR;
    double chance = sqrt(b.variance / (alike ? conversations_of(c, CANARY_BASELINE) : b.count) +
                         m.variance / (alike ? conversations_of(c, CANARY_SUGGESTED) : m.count));
    if (sign * (m.value - bound) > STANDARD_ERRORS_MAX * chance)
        roll_back(c, "%s of %.4g is %s the bound of %.4g, the baseline %s %.0f %%", what, unit * m.value,
                  sign > 0 ? "above" : "below", unit * bound, sign > 0 ? "plus" : "minus", 100 * slack);
}

static void compare(struct canary *c)
{
    double slack = c->settings.canary_tolerance;
    compare_quantile(c, TTFT, .5, "a p50 TTFT");
    compare_quantile(c, LATENCY, .95, "a p95 latency");
    compare_mean(c, COST, 1, slack, 1000, "a cost per 1,000 requests in USD");
    compare_mean(c, QUALITY, -1, fmin(slack / 5, 1), 1, "a quality");
    compare_mean(c, ERROR, 1, slack, 1, "an error rate");
}

bool canary_add(struct canary *c, enum canary_arm which, const struct canary_sample *sample)
{
    struct arm *arm = &c->arms[which];
    if (c->reason[0])
        return false;
    double values[COLUMNS] = {[TTFT] = sample->error ? (double)NAN : sample->ttft_ms,
                              [LATENCY] = sample->error ? (double)NAN : sample->total_ms,
                              [ERROR] = sample->error,
                              [COST] = sample->cost_usd,
                              [QUALITY] = sample->quality};
    for (unsigned i = 0; i < COLUMNS; i++)
        arm->values[i][arm->next] = (float)values[i];
    arm->conversations[arm->next] = sample->conversation;
    arm->next = (arm->next + 1) % c->settings.max_history;
    if (arm->count < c->settings.max_history)
        arm->count++;
    arm->requests++;
    if (which != CANARY_SUGGESTED || arm->requests % c->settings.canary_min_requests != 0)
        return false;
    compare(c);
    return c->reason[0] != '\0';
}

const char *canary_rollback_reason(const struct canary *c)
{
    return c->reason[0] ? c->reason : NULL;
}

void canary_report(const struct canary *c, struct canary_report *out)
{
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        enum canary_arm arm = (enum canary_arm)a;
        unsigned count;
        out->arm[a] = (struct canary_figures){
            .requests = c->arms[a].requests,
            .counted = c->arms[a].count,
            .ttft_p50_ms = quantile(c, arm, TTFT, .5, &count),
            .latency_p95_ms = quantile(c, arm, LATENCY, .95, &count),
            .error_rate = mean_of(c, arm, ERROR).value,
            .cost_per_1000_usd = 1000 * mean_of(c, arm, COST).value,
            .quality = mean_of(c, arm, QUALITY).value,
        };
    }
    out->rollback_reason = canary_rollback_reason(c);
}

void canary_describe(const struct canary *c, struct container in)
{
    static const char *const NAMES[CANARY_ARMS] = {"baseline", "canary"};
    struct canary_report report;
    canary_report(c, &report);
    document_add_number(in, "share", c->settings.canary_share, 6);
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        const struct canary_figures *f = &report.arm[a];
        struct container arm = document_add_object(in, NAMES[a]);
        document_add_count(arm, "requests", (int64_t)f->requests);
        document_add_number(arm, "ttft_p50_ms", f->ttft_p50_ms, 6);
        document_add_number(arm, "latency_p95_ms", f->latency_p95_ms, 6);
        document_add_number(arm, "error_rate", f->error_rate, 6);
        document_add_number(arm, "cost_per_1000_usd", f->cost_per_1000_usd, 6);
        document_add_number(arm, "quality", f->quality, 6);
    }
    document_add_text(in, "stepped_back", report.rollback_reason);
}
