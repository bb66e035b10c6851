/* Compares the canary's requests with the baseline's; see canary.h. */
#include "common/canary.h"
#include "common/mix.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGMAS 3

enum column { TTFT, LATENCY, ERROR, COST, QUALITY, COLUMNS };

/* The last `max_history` requests, a ring per figure. */
struct arm {
    float *values[COLUMNS];
    uint64_t *conversations;
    unsigned next, held;
    uint64_t requests;
};

struct canary {
    struct markov_settings settings;
    struct arm arms[CANARY_ARMS];
    float *sorted; /* room for one column */
    uint64_t *sorted_conversations;
    float *memory;         /* what the floats point into */
    uint64_t *more_memory; /* and the conversations */
    char why[192];         /* empty: not stepped back */
};

struct canary *canary_new(const struct markov_settings *s)
{
    struct canary *c = calloc(1, sizeof *c);
    size_t ring = s->max_history;
    if (!c)
        return NULL;
    c->memory = calloc(ring * (CANARY_ARMS * COLUMNS + 1), sizeof *c->memory);
    c->more_memory = calloc(ring * (CANARY_ARMS + 1), sizeof *c->more_memory);
    if (!c->memory || !c->more_memory) {
        canary_free(c);
        return NULL;
    }
    c->settings = *s;
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        c->arms[a].conversations = c->more_memory + ring * a;
        for (unsigned i = 0; i < COLUMNS; i++)
            c->arms[a].values[i] = c->memory + ring * (a * COLUMNS + i);
    }
    c->sorted = c->memory + ring * CANARY_ARMS * COLUMNS;
    c->sorted_conversations = c->more_memory + ring * CANARY_ARMS;
    return c;
}

void canary_free(struct canary *c)
{
    if (!c)
        return;
    free(c->memory);
    free(c->more_memory);
    free(c);
}

void canary_reset(struct canary *c)
{
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        c->arms[a].next = c->arms[a].held = 0;
        c->arms[a].requests = 0;
    }
    c->why[0] = '\0';
}

void canary_carry(const struct canary *from, struct canary *to)
{
    const size_t ring = from->settings.max_history;
    if (!markov_settings_equal(&from->settings, &to->settings))
        return;
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        to->arms[a].next = from->arms[a].next;
        to->arms[a].held = from->arms[a].held;
        to->arms[a].requests = from->arms[a].requests;
    }
    memcpy(to->memory, from->memory, ring * (CANARY_ARMS * COLUMNS + 1) * sizeof *to->memory);
    memcpy(to->more_memory, from->more_memory, ring * (CANARY_ARMS + 1) * sizeof *to->more_memory);
    memcpy(to->why, from->why, sizeof to->why);
}

bool canary_live(const struct canary *c, uint64_t conversation)
{
    const struct markov_settings *s = &c->settings;
    if (!s->enabled || s->shadow_mode || c->why[0])
        return false;
    /* Other draws hang on the same number; this one must not go together with them. */
    return mix_uniform(conversation ^ 0x63616e617279u) < s->canary_share;
}

static int by_value(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The known values of a column, sorted, in c->sorted; returns how many. */
static unsigned known_values(const struct canary *c, enum canary_arm arm, enum column column)
{
    unsigned count = 0;
    for (unsigned i = 0; i < c->arms[arm].held; i++)
        if (!isnan(c->arms[arm].values[column][i]))
            c->sorted[count++] = c->arms[arm].values[column][i];
    qsort(c->sorted, count, sizeof *c->sorted, by_value);
    return count;
}

/* The nearest-rank quantile of a column; NAN when nothing is known. */
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

/* How many conversations the arm's requests belong to. */
static unsigned conversations_of(const struct canary *c, enum canary_arm which)
{
    const struct arm *arm = &c->arms[which];
    unsigned count = 0;
    memcpy(c->sorted_conversations, arm->conversations, arm->held * sizeof *arm->conversations);
    qsort(c->sorted_conversations, arm->held, sizeof *arm->conversations, by_name);
    for (unsigned i = 0; i < arm->held; i++)
        count += i == 0 || c->sorted_conversations[i] != c->sorted_conversations[i - 1];
    return count;
}

struct mean {
    unsigned count;
    double value, variance; /* of one value */
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

static PRINTF_LIKE(2, 3) void step_back(struct canary *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
}

/* Of the canary's requests, 1 - share at most should lie above the bound, whatever the distribution is. */
static void judge_quantile(struct canary *c, enum column column, double share, const char *what)
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
    if ((double)above / count > 1 - share + SIGMAS * chance)
        step_back(c, "%s of %.0f ms passes the bound of %.0f ms, the baseline's and %.0f %%", what, figure, bound,
                  100 * c->settings.canary_tolerance);
}

/* `sign` 1: more is worse; -1: less is. `slack` is how much worse may be, as a share of the baseline's. */
static void judge_mean(struct canary *c, enum column column, double sign, double slack, double unit, const char *what)
{
    struct mean b = mean_of(c, CANARY_BASELINE, column), m = mean_of(c, CANARY_SUGGESTED, column);
    if (b.count < c->settings.canary_min_requests || m.count < c->settings.canary_min_requests)
        return;
    double bound = b.value * (1 + sign * slack);
    bool alike = column != ERROR;
    double chance = sqrt(b.variance / (alike ? conversations_of(c, CANARY_BASELINE) : b.count) +
                         m.variance / (alike ? conversations_of(c, CANARY_SUGGESTED) : m.count));
    if (sign * (m.value - bound) > SIGMAS * chance)
        step_back(c, "%s of %.4g passes the bound of %.4g, the baseline's %s %.0f %%", what, unit * m.value,
                  unit * bound, sign > 0 ? "and" : "less", 100 * slack);
}

static void judge(struct canary *c)
{
    double slack = c->settings.canary_tolerance;
    judge_quantile(c, TTFT, .5, "a p50 TTFT");
    judge_quantile(c, LATENCY, .95, "a p95 latency");
    judge_mean(c, COST, 1, slack, 1000, "a cost per 1,000 requests in USD");
    judge_mean(c, QUALITY, -1, fmin(slack / 5, 1), 1, "a quality");
    judge_mean(c, ERROR, 1, slack, 1, "an error rate");
}

bool canary_add(struct canary *c, enum canary_arm which, const struct canary_sample *sample)
{
    struct arm *arm = &c->arms[which];
    if (c->why[0])
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
    if (arm->held < c->settings.max_history)
        arm->held++;
    arm->requests++;
    if (which != CANARY_SUGGESTED || arm->requests % c->settings.canary_min_requests != 0)
        return false;
    judge(c);
    return c->why[0] != '\0';
}

const char *canary_rollback_reason(const struct canary *c)
{
    return c->why[0] ? c->why : NULL;
}

void canary_report(const struct canary *c, struct canary_report *out)
{
    for (unsigned a = 0; a < CANARY_ARMS; a++) {
        enum canary_arm arm = (enum canary_arm)a;
        unsigned count;
        out->arm[a] = (struct canary_figures){
            .requests = c->arms[a].requests,
            .counted = c->arms[a].held,
            .ttft_p50_ms = quantile(c, arm, TTFT, .5, &count),
            .latency_p95_ms = quantile(c, arm, LATENCY, .95, &count),
            .error_rate = mean_of(c, arm, ERROR).value,
            .cost_per_1000_usd = 1000 * mean_of(c, arm, COST).value,
            .quality = mean_of(c, arm, QUALITY).value,
        };
    }
    out->stepped_back = canary_rollback_reason(c);
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
    document_add_text(in, "stepped_back", report.stepped_back);
}
