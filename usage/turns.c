/* pure. The requests of one conversation. */
#include "usage/turns.h"

#include "usage/dates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const turns_segments[TURN_SEGMENTS] = {"instructions", "tools", "environment", "history", "tool_output"};

static void copy(char *out, size_t size, struct slice text)
{
    (void)snprintf(out, size, "%.*s", SLICE_ARGS(text));
}

/* What explains the cost of the request. The first that applies. */
static const char *reason(const struct turns *turns, const struct usage_request *r)
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
static struct turn *place(struct turns *turns)
{
    if (turns->count == TURNS_MAX)
        return &turns->turns[turns->seen % TURNS_MAX];
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
    for (unsigned i = 0; i < TURN_SEGMENTS; i++)
        if (!parsed || !json_double(&j, json_get(&j, 0, turns_segments[i]), &t->segments[i]))
            t->segments[i] = NAN;
    json_free(&j);
}

void turns_add(void *context, const struct usage_request *r)
{
    struct turns *turns = context;
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

const struct turn *turns_at(const struct turns *turns, size_t i)
{
    return &turns->turns[(turns->seen - turns->count + i) % TURNS_MAX];
}

void turns_add_reason(const struct turn *t, struct buf *out)
{
    if (t->changed) {
        buf_add_text(out, t->prefix_changed);
        BUF_ADD(out, " ");
    }
    buf_add_text(out, t->why ? t->why : "");
}

void turns_describe(const struct turns *turns, struct container array)
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
        const struct turn *t = turns_at(turns, i);
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
        for (unsigned s = 0; s < TURN_SEGMENTS; s++)
            document_add_number(segments, turns_segments[s], t->segments[s], 17);
        document_add_name(in, "prefix_changed", t->prefix_changed);
        buf_init(&why, 256);
        turns_add_reason(t, &why);
        document_add_name(in, "why", buf_text(&why));
        buf_free(&why);
    }
}

void turns_free(struct turns *turns)
{
    free(turns->turns);
}
