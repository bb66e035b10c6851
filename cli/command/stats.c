/* pointsman stats: totals over all routed runs. */
#include "cli/command.h"
#include "cli/own_config.h"
#include "cli/run/models.h"
#include "cli/run/history.h"
#include "cli/run/run_log.h"
#include "cli/run/stats.h"
#include "cli/table.h"
#include "cli/terminal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define LABEL "%-26s: "

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "print one JSON object"},
    {0},
};

static void read_all(const char *file, struct stats *s, void (*add)(struct stats *s, const struct json *line))
{
    struct lines lines;
    struct slice line;
    struct json json = {0};
    char *path = history_path(file);
    if (path) {
        lines_open(&lines, path, false);
        while (history_next(&lines, &json, &line))
            add(s, &json);
        lines_close(&lines);
    }
    json_free(&json);
    free(path);
}

/* The prices of codex-default, the baseline for savings: USD per token; NAN: unknown. */
static void default_prices(double *input, double *output)
{
    struct models models;
    struct alias_view view;
    struct buf errors;
    buf_init(&errors, 64u << 10);
    struct config *config = own_config_load(&errors);
    *input = *output = NAN;
    if (models_init(&models, config)) {
        models_view(&models, "codex-default", 0, &view);
        *input = view.input_cost;
        *output = view.output_cost;
    }
    models_free(&models);
    config_free(config);
    buf_free(&errors);
}

static double percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : 0;
}

static void print_money(const char *label, double usd, const char *more)
{
    struct buf text;
    buf_init(&text, 64);
    history_money(usd, &text);
    printf(LABEL "%s%s\n", label, buf_text(&text), more);
    buf_free(&text);
}

static void print_table(const char *title, const struct stats_sum *kinds, unsigned count, const struct stats_sum *all)
{
    struct table table;
    struct buf text;
    buf_init(&text, 256);
    const char *const titles[] = {title, "runs", "share", "failed", "tokens in", "tokens out", "estimated", "actual"};
    table_begin(&table, titles, 8);
    for (unsigned i = 1; i < 8; i++)
        table.right[i] = true;
    for (unsigned i = 0; i < count; i++) {
        const struct stats_sum *k = &kinds[i];
        table_add(&table, STYLE_PLAIN, slice_of(k->name));
        for (unsigned column = 1; column < 8; column++) {
            buf_clear(&text);
            switch (column) {
            case 1: buf_add_format(&text, "%" PRIu64, k->runs); break;
            case 2: buf_add_format(&text, "%.0f %%", percent((double)k->runs, (double)all->runs)); break;
            case 3: buf_add_format(&text, "%" PRIu64, k->failures); break;
            case 4: buf_add_format(&text, "%.0f", k->input_tokens); break;
            case 5: buf_add_format(&text, "%.0f", k->output_tokens); break;
            case 6: history_money(k->estimated_usd, &text); break;
            default: history_money(k->costed ? k->actual_usd : NAN, &text); break;
            }
            table_add_text(&table, k->failures && column == 3 ? STYLE_BAD : STYLE_PLAIN, &text);
        }
    }
    buf_free(&text);
    puts("");
    table_print(&table, stdout);
}

static void print_cache(const struct stats_cache *c)
{
    char of[128];
    struct buf replies;
    if (!c->requests)
        return;
    buf_init(&replies, 1024);
    replies_describe(c->replies, &replies);
    printf(LABEL "%s\n", "Reply cache", buf_text(&replies));
    buf_free(&replies);
    (void)snprintf(of, sizeof of, " (%" PRIu64 " replies kept)", c->stored);
    print_money("Saved by the cache", c->saved_usd, of);
}

static void print_stats(const struct stats *s)
{
    const struct stats_sum *all = &s->all;
    char of[96];
    printf(LABEL "%" PRIu64 "\n", "Requests routed", all->runs);
    printf(LABEL "%" PRIu64 " (%.1f %%)\n", "Failed", all->failures, percent((double)all->failures, (double)all->runs));
    printf(LABEL "%.0f\n", "Original input tokens", all->original_tokens);
    printf(LABEL "%.0f\n", "Optimized input tokens", all->sent_tokens);
    printf(LABEL "%.0f\n", "Tokens removed", all->original_tokens - all->sent_tokens);
    print_money("Estimated routed cost", all->estimated_usd, " (first requests)");
    print_money("Estimated savings", all->savings_usd, " (compared with codex-default)");
    (void)snprintf(of, sizeof of, " (%" PRIu64 " runs of known cost, %" PRIu64 " requests)", all->costed, all->calls);
    print_money("Actual cost", all->costed ? all->actual_usd : NAN, of);
    print_money("Actual savings", isfinite(s->default_input_cost) ? all->saved_usd : NAN,
                " (compared with codex-default)");
    printf(LABEL "%" PRIu64 " observed, %" PRIu64 " would switch, %" PRIu64 " applied\n", "Adaptive router",
           all->observed, all->would_switch, all->applied);
    print_cache(&s->cache);
    print_table("by", s->providers, s->provider_count, all);
    print_table("alias", s->aliases, s->alias_count, all);
    puts("\nCosts are estimates from the configured prices. Your provider's bill is authoritative.");
}

static void describe_sum(const struct stats_sum *k, struct container in)
{
    document_add_count(in, "runs", (int64_t)k->runs);
    document_add_count(in, "failures", (int64_t)k->failures);
    document_add_count(in, "calls", (int64_t)k->calls);
    document_add_fixed(in, "original_input_tokens", k->original_tokens, 0);
    document_add_fixed(in, "estimated_input_tokens", k->sent_tokens, 0);
    document_add_fixed(in, "input_tokens", k->input_tokens, 0);
    document_add_fixed(in, "output_tokens", k->output_tokens, 0);
    document_add_number(in, "estimated_cost_usd", k->estimated_usd, RUN_LOG_DIGITS);
    document_add_number(in, "estimated_savings_usd", k->savings_usd, RUN_LOG_DIGITS);
    document_add_count(in, "runs_of_known_cost", (int64_t)k->costed);
    document_add_number(in, "actual_cost_usd", k->costed ? k->actual_usd : NAN, RUN_LOG_DIGITS);
    document_add_number(in, "actual_savings_usd", k->saved_usd, RUN_LOG_DIGITS);
}

static void describe_kinds(const struct stats_sum *kinds, unsigned count, struct container in)
{
    for (unsigned i = 0; i < count; i++)
        describe_sum(&kinds[i], document_add_object(in, kinds[i].name));
}

static bool print_json(const struct stats *s)
{
    struct document d;
    struct container root = document_object(&d);
    describe_sum(&s->all, root);
    struct container adaptive = document_add_object(root, "adaptive");
    document_add_count(adaptive, "observations", (int64_t)s->all.observed);
    document_add_count(adaptive, "would_switch", (int64_t)s->all.would_switch);
    document_add_count(adaptive, "applied", (int64_t)s->all.applied);
    struct container cache = document_add_object(root, "cache");
    document_add_count(cache, "requests", (int64_t)s->cache.requests);
    document_add_count(cache, "memory_hits", (int64_t)s->cache.replies[REPLY_MEMORY].requests);
    document_add_count(cache, "redis_hits", (int64_t)s->cache.replies[REPLY_REDIS].requests);
    document_add_count(cache, "semantic_hits", (int64_t)s->cache.replies[REPLY_SEMANTIC].requests);
    document_add_count(cache, "collapsed", (int64_t)s->cache.replies[REPLY_COLLAPSED].requests);
    document_add_count(cache, "missed", (int64_t)s->cache.replies[REPLY_MISSED].requests);
    document_add_count(cache, "bypassed", (int64_t)s->cache.replies[REPLY_BYPASSED].requests);
    document_add_count(cache, "stored", (int64_t)s->cache.stored);
    document_add_number(cache, "saved_usd", s->cache.saved_usd, RUN_LOG_DIGITS);
    describe_kinds(s->providers, s->provider_count, document_add_object(root, "providers"));
    describe_kinds(s->aliases, s->alias_count, document_add_object(root, "aliases"));
    document_add_text(root, "note", "Costs are estimates. Your provider's bill is authoritative.");
    return print_document(&d, stdout);
}

static int run(const struct arguments *arguments)
{
    struct stats stats;
    double input, output;
    int code = EXIT_OK;
    default_prices(&input, &output);
    stats_init(&stats, input, output);
    read_all(RUN_LOG_FILE, &stats, stats_add_run);
    read_all(REQUEST_LOG_FILE, &stats, stats_add_request);
    if (!stats_finish(&stats))
        code = complain(EXIT_FAULT, "out of memory: too many runs");
    else if (!arguments->values[JSON])
        print_stats(&stats);
    else if (!print_json(&stats))
        code = EXIT_FAULT;
    stats_free(&stats);
    return code;
}

const struct command command_stats = {
    .name = "stats",
    .summary = "Summarize the routed runs: tokens, costs, savings, failures",
    .about = "Estimates come from the run log, actual figures from the proxy's request log. Savings are relative to\n"
             "codex-default at the configured prices. All costs are estimates: your provider's bill is authoritative.",
    .examples = "pointsman stats\n"
                "pointsman stats --json | jq .providers\n",
    .options = options,
    .run = run,
};
