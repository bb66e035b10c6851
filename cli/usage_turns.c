/* The requests of one conversation. */
#include "cli/usage_turns.h"

#include "cli/columns.h"
#include "cli/usage_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SEGMENTS 5

static const char *const SEGMENT_NAMES[SEGMENTS] = {"instructions", "tools", "environment", "history", "tool_output"};

struct turn {
    int64_t time_ms, number;                                        /* Unix time; 0: unknown */
    double figures[FIGURES], ttft_ms, total_ms, segments[SEGMENTS]; /* NAN: unknown */
    bool estimated;
    char id[LINE_NAME_MAX + 1], deployment[LINE_NAME_MAX + 1], end[16], prefix_changed[16];
    const char *why; /* static; NULL: nothing to say */
    bool changed;    /* `why` follows the segment in prefix_changed */
};

static void copy(char *out, size_t size, struct slice text)
{
    (void)snprintf(out, size, "%.*s", SLICE_ARGS(text));
}

/* What explains the cost of the request. The first that applies. */
static const char *reason(const struct usage_turns *turns, const struct usage_request *r)
{
    double cached = r->figures[FIGURE_CACHED], input = r->figures[FIGURE_INPUT];
    if (r->cache_hit)
        return "reply from the cache";
    if (!slice_is(r->end, "completed") && (r->failed || r->cancelled))
        return slice_is(r->end, "cut")         ? "truncated"
               : slice_is(r->end, "cancelled") ? "canceled"
               : slice_is(r->end, "refused")   ? "refused"
                                               : "failed";
    if (r->prefix_changed.len)
        return "changed";
    if (r->deployment.len && *turns->last_deployment && !slice_is(r->deployment, turns->last_deployment))
        return "other deployment";
    if (r->turn == 1 || turns->seen == 0)
        return "first turn";
    if (!isfinite(cached))
        return "cached tokens unknown";
    return input > 0 && cached == 0 ? "nothing cached" : NULL;
}

/* The place for the next request. NULL: out of memory. */
static struct turn *place(struct usage_turns *turns)
{
    if (turns->count == USAGE_TURNS_MAX)
        return &turns->turns[turns->seen % USAGE_TURNS_MAX];
    if (turns->count == turns->cap) {
        size_t cap = turns->cap ? 2 * turns->cap : 64;
        struct turn *more = realloc(turns->turns, cap * sizeof *more);
        if (!more)
            return NULL;
        turns->turns = more;
        turns->cap = cap;
    }
    return &turns->turns[turns->count++];
}

static void read_segments(struct turn *t, struct slice text)
{
    struct json j = {0};
    bool parsed = text.len && json_parse(&j, text.ptr, text.len);
    for (unsigned i = 0; i < SEGMENTS; i++)
        if (!parsed || !json_double(&j, json_get(&j, 0, SEGMENT_NAMES[i]), &t->segments[i]))
            t->segments[i] = NAN;
    json_free(&j);
}

void usage_turns_add(void *context, const struct usage_request *r)
{
    struct usage_turns *turns = context;
    struct turn *t = place(turns);
    if (!t) {
        turns->failed = true;
        return;
    }
    *t = (struct turn){.time_ms = r->time_ms,
                       .number = r->turn,
                       .ttft_ms = r->ttft_ms,
                       .total_ms = r->total_ms,
                       .estimated = r->estimated,
                       .why = reason(turns, r),
                       .changed = r->prefix_changed.len};
    memcpy(t->figures, r->figures, sizeof t->figures);
    copy(t->id, sizeof t->id, r->id);
    copy(t->deployment, sizeof t->deployment, r->deployment);
    copy(t->end, sizeof t->end, r->end);
    copy(t->prefix_changed, sizeof t->prefix_changed, r->prefix_changed);
    t->changed = t->why && strcmp(t->why, "changed") == 0;
    read_segments(t, r->segments);
    if (r->deployment.len)
        copy(turns->last_deployment, sizeof turns->last_deployment, r->deployment);
    turns->seen++;
}

static void write_time(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    time_t second = (time_t)(t->time_ms / 1000);
    struct tm local;
    char text[32] = "";
    (void)context;
    if (localtime_r(&second, &local) && strftime(text, sizeof text, "%m-%d %H:%M:%S", &local))
        buf_add_text(out, text);
}

static void write_turn(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    (void)context;
    usage_add_count(t->number ? (double)t->number : NAN, out);
}

static void add_tokens(const struct turn *t, enum usage_figure figure, struct buf *out)
{
    if (t->estimated && isfinite(t->figures[figure]))
        BUF_ADD(out, "~");
    usage_add_count(t->figures[figure], out);
}

static void write_input(const void *row, const void *context, struct buf *out)
{
    (void)context;
    add_tokens(row, FIGURE_INPUT, out);
}

static void write_cached(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    double rate = t->figures[FIGURE_CACHED] / t->figures[FIGURE_INPUT];
    (void)context;
    add_tokens(t, FIGURE_CACHED, out);
    if (isfinite(rate))
        buf_add_format(out, " %.0f%%", 100 * rate);
}

static void write_output(const void *row, const void *context, struct buf *out)
{
    (void)context;
    add_tokens(row, FIGURE_OUTPUT, out);
}

static void write_cost(const void *row, const void *context, struct buf *out)
{
    (void)context;
    usage_add_money(((const struct turn *)row)->figures[FIGURE_COST], out);
}

static void add_why(const struct turn *t, struct buf *out)
{
    if (t->changed) {
        buf_add_text(out, t->prefix_changed);
        BUF_ADD(out, " ");
    }
    buf_add_text(out, t->why ? t->why : "");
}

static void write_why(const void *row, const void *context, struct buf *out)
{
    (void)context;
    add_why(row, out);
}

static void write_deployment(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    (void)context;
    buf_add_text(out, *t->deployment ? t->deployment : "-");
}

static void write_ttft(const void *row, const void *context, struct buf *out)
{
    (void)context;
    usage_add_seconds(((const struct turn *)row)->ttft_ms, out);
}

static void write_segments(const void *row, const void *context, struct buf *out)
{
    const struct turn *t = row;
    (void)context;
    for (unsigned i = 0; i < SEGMENTS; i++) {
        if (i)
            BUF_ADD(out, "/");
        usage_add_count(t->segments[i], out);
    }
}

static const struct turn *turn_at(const struct usage_turns *turns, size_t i)
{
    return &turns->turns[(turns->seen - turns->count + i) % USAGE_TURNS_MAX];
}

void usage_turns_print(const struct usage_turns *turns, const struct usage_sums *sums)
{
    static const struct column COLUMNS[] = {
        {"time", 0, false, false, write_time},
        {"turn", 0, true, false, write_turn},
        {"in", 0, true, false, write_input},
        {"cached", 0, true, false, write_cached},
        {"out", 0, true, false, write_output},
        {"cost", 0, true, false, write_cost},
        {"ttft s", 4, true, false, write_ttft},
        {"why", 1, false, false, write_why},
        {"instr/tools/env/history/output", 3, false, false, write_segments},
        {"deployment", 2, false, false, write_deployment},
    };
    struct buf text;
    const void **rows = calloc(turns->count + 1, sizeof *rows);
    if (!rows) {
        (void)complain(1, "out of memory");
        return;
    }
    for (size_t i = 0; i < turns->count; i++)
        rows[i] = turn_at(turns, i);
    columns_print(COLUMNS, sizeof COLUMNS / sizeof *COLUMNS, rows, turns->count, false, NULL);
    free(rows);
    buf_init(&text, 512);
    usage_add_money(sums_figure(sums, FIGURE_COST), &text);
    if (sums->figures[FIGURE_COST].unknown)
        buf_add_format(&text, " and %u of unknown cost", sums->figures[FIGURE_COST].unknown);
    if (turns->seen > turns->count)
        buf_add_format(&text, "; the latest %zu are shown", turns->count);
    say("%llu requests, %s", (unsigned long long)sums->requests, buf_text(&text));
    buf_free(&text);
}

void usage_turns_describe(const struct usage_turns *turns, struct container array)
{
    static const struct {
        const char *name;
        enum usage_figure figure;
        int digits;
    } MEMBERS[] = {
        {"input_tokens", FIGURE_INPUT, 17},
        {"cached_tokens", FIGURE_CACHED, 17},
        {"cache_write_tokens", FIGURE_CACHE_WRITE, 17},
        {"output_tokens", FIGURE_OUTPUT, 17},
        {"reasoning_tokens", FIGURE_REASONING, 17},
        {"cost_usd", FIGURE_COST, 9},
        {"baseline_usd", FIGURE_BASELINE, 9},
    };
    for (size_t i = 0; i < turns->count; i++) {
        const struct turn *t = turn_at(turns, i);
        struct container in = document_add_object(array, NULL);
        struct buf why;
        char when[40];
        dates_write(t->time_ms, when);
        document_add_text(in, "timestamp", when);
        document_add_name(in, "request_id", t->id);
        if (t->number)
            document_add_count(in, "turn", t->number);
        else
            document_add_null(in, "turn");
        document_add_name(in, "deployment", t->deployment);
        document_add_text(in, "end", t->end);
        for (size_t m = 0; m < sizeof MEMBERS / sizeof *MEMBERS; m++)
            document_add_number(in, MEMBERS[m].name, t->figures[MEMBERS[m].figure], MEMBERS[m].digits);
        document_add_bool(in, "estimated", t->estimated);
        document_add_number(in, "ttft_ms", t->ttft_ms, 9);
        document_add_number(in, "total_ms", t->total_ms, 9);
        struct container segments = document_add_object(in, "segments");
        for (unsigned s = 0; s < SEGMENTS; s++)
            document_add_number(segments, SEGMENT_NAMES[s], t->segments[s], 17);
        document_add_name(in, "prefix_changed", t->prefix_changed);
        buf_init(&why, 256);
        add_why(t, &why);
        document_add_name(in, "why", buf_text(&why));
        buf_free(&why);
    }
}

void usage_turns_free(struct usage_turns *turns)
{
    free(turns->turns);
}
