/* Computes totals over runs and their requests. */
#include "cli/run/stats.h"

#include "cli/run/history.h"
#include "common/fast_hash.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A run, before its requests are added up. */
struct stats_run {
    uint64_t id;              /* hash of the run id; 0: empty slot */
    unsigned provider, alias; /* indices in struct stats */
    bool failed;
    double original, sent, estimated, savings;
    double input, output, actual; /* from the run log; used if the request log has no lines of the run */
    unsigned calls;
    bool observed, would_switch, applied;
    struct run_requests requests;
};

static uint64_t hash(struct slice text)
{
    uint64_t h = fast_hash_name(text);
    return h ? h : 1;
}

void stats_init(struct stats *s, double default_input_cost, double default_output_cost)
{
    *s = (struct stats){.default_input_cost = default_input_cost, .default_output_cost = default_output_cost};
}

void stats_free(struct stats *s)
{
    free(s->runs);
    *s = (struct stats){0};
}

/* The slot of this id, or the empty slot for it. */
static struct stats_run *find(struct stats_run *runs, size_t cap, uint64_t id)
{
    size_t at = (size_t)(id ^ id >> 31) & (cap - 1);
    while (runs[at].id && runs[at].id != id)
        at = (at + 1) & (cap - 1);
    return &runs[at];
}

static bool grow(struct stats *s)
{
    size_t cap = s->cap ? 2 * s->cap : 256;
    struct stats_run *runs = calloc(cap, sizeof *runs);
    if (!runs)
        return false;
    for (size_t i = 0; i < s->cap; i++)
        if (s->runs[i].id)
            *find(runs, cap, s->runs[i].id) = s->runs[i];
    free(s->runs);
    s->runs = runs;
    s->cap = cap;
    return true;
}

/* The index of the sum with this name. If the table is full, the last one is shared. */
static unsigned kind_of(struct stats_sum *kinds, unsigned *count, const struct json *j, const char *key)
{
    char name[sizeof kinds->name];
    struct buf text;
    unsigned i = 0;
    buf_init(&text, 4096);
    history_text(j, 0, key, &text);
    (void)snprintf(name, sizeof name, "%.*s", SLICE_ARGS(buf_slice(&text)));
    buf_free(&text);
    if (!*name)
        (void)snprintf(name, sizeof name, "none");
    while (i < *count && strcmp(kinds[i].name, name) != 0)
        i++;
    if (i == STATS_KINDS_MAX)
        return STATS_KINDS_MAX - 1;
    if (i == *count) {
        memcpy(kinds[i].name, name, sizeof name);
        ++*count;
    }
    return i;
}

static bool is_true(const struct json *j, uint32_t object, const char *key)
{
    return json_is(j, json_get(j, object, key), JSON_TRUE);
}

void stats_add_run(struct stats *s, const struct json *j)
{
    struct slice id = json_inner(j, json_get(j, 0, "run_id"));
    if (s->failed || (2 * (s->count + 1) > s->cap && !grow(s))) {
        s->failed = true;
        return;
    }
    /* A record without an id counts as its own run. */
    uint64_t key = id.len ? hash(id) : hash((struct slice){j->text, j->nodes[0].len}) ^ (uint64_t)s->count << 40;
    struct stats_run *run = find(s->runs, s->cap, key ? key : 1);
    uint32_t adaptive = json_get(j, 0, "adaptive_router");
    s->count += !run->id;
    *run = (struct stats_run){
        .id = key ? key : 1,
        .provider = kind_of(s->providers, &s->provider_count, j, "codex_provider"),
        .alias = kind_of(s->aliases, &s->alias_count, j, "model"),
        .failed = !is_true(j, 0, "success"),
        .original = history_number(j, 0, "original_input_tokens"),
        .sent = history_number(j, 0, "estimated_input_tokens"),
        .estimated = history_number(j, 0, "estimated_cost_usd"),
        .savings = history_number(j, 0, "estimated_savings_usd"),
        .input = history_number(j, 0, "input_tokens"),
        .output = history_number(j, 0, "output_tokens"),
        .actual = history_number(j, 0, "actual_cost_usd"),
        .observed = is_true(j, adaptive, "enabled"),
        .would_switch = is_true(j, adaptive, "would_switch"),
        .applied = is_true(j, adaptive, "applied"),
    };
    double calls = history_number(j, 0, "calls");
    run->calls = calls > 0 && calls < 1e6 ? (unsigned)calls : 0;
}

static void add_cache(struct stats_cache *c, const struct json *j)
{
    uint32_t cache = json_get(j, 0, "cache"), status = json_get(j, cache, "status");
    double saved = history_number(j, cache, "saved_usd");
    if (!json_is(j, cache, JSON_OBJECT))
        return;
    c->requests++;
    replies_add(c->replies, usage_reply_cache(j, cache), saved, history_number(j, cache, "age_s"));
    c->stored += json_string_is(j, status, "stored");
    c->saved_usd += isfinite(saved) ? saved : 0;
}

void stats_add_request(struct stats *s, const struct json *j)
{
    add_cache(&s->cache, j);
    struct slice id = json_inner(j, json_get(j, 0, "run_id"));
    struct stats_run *run = id.len && s->cap ? find(s->runs, s->cap, hash(id)) : NULL;
    if (run && run->id)
        request_log_add(&run->requests, j);
}

static double or_zero(double value)
{
    return isfinite(value) ? value : 0;
}

static void add(struct stats_sum *sum, const struct stats *s, const struct stats_run *run)
{
    double baseline = run->input * s->default_input_cost + run->output * s->default_output_cost;
    sum->runs++;
    sum->failures += run->failed;
    sum->calls += run->calls;
    sum->original_tokens += or_zero(run->original);
    sum->sent_tokens += or_zero(run->sent);
    sum->input_tokens += or_zero(run->input);
    sum->output_tokens += or_zero(run->output);
    sum->estimated_usd += or_zero(run->estimated);
    sum->savings_usd += or_zero(run->savings);
    sum->moved_usd += fabs(or_zero(run->savings)) + or_zero(run->estimated);
    sum->observed += run->observed;
    sum->would_switch += run->would_switch;
    sum->applied += run->applied;
    if (!isfinite(run->actual))
        return;
    sum->costed++;
    sum->actual_usd += run->actual;
    sum->baseline_usd += isfinite(baseline) ? baseline : run->actual;
}

static void finish(struct stats_sum *sum)
{
    sum->savings_usd = history_round_usd(sum->savings_usd, sum->moved_usd);
    sum->saved_usd = sum->costed ? history_round_usd(sum->baseline_usd - sum->actual_usd, sum->baseline_usd) : NAN;
}

bool stats_finish(struct stats *s)
{
    for (size_t i = 0; i < s->cap && !s->failed; i++) {
        struct stats_run *run = &s->runs[i];
        const struct run_requests *r = &run->requests;
        if (!run->id)
            continue;
        if (r->calls >= run->calls && r->calls) {
            run->calls = r->calls;
            run->input = (double)r->input_tokens;
            run->output = (double)r->output_tokens;
            run->actual = r->unpriced ? NAN : r->cost_usd;
        }
        add(&s->all, s, run);
        add(&s->providers[run->provider], s, run);
        add(&s->aliases[run->alias], s, run);
    }
    finish(&s->all);
    for (unsigned i = 0; i < s->provider_count; i++)
        finish(&s->providers[i]);
    for (unsigned i = 0; i < s->alias_count; i++)
        finish(&s->aliases[i]);
    return !s->failed;
}
