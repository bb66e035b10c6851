/* pure. Figures as tiles and tables, one row for each name. */
#include "cgi/usage/tables.h"

#include "cgi/usage/cells.h"
#include "usage/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define CONVERSATIONS 50 /* rows; those with the highest cost */
#define DEAREST 5        /* turns in the list of the most expensive */

/* "+12 %" against the period before; nothing if that one is unknown or 0. */
static void add_change(double now, double before, struct buf *out)
{
    double change = 100 * (now / before - 1);
    if (!isfinite(change) || !(before > 0))
        return;
    buf_add_format(out, "<small>%+.0f %% vs. before</small>", change);
}

static void add_tile(const char *name, double now, double before, const struct buf *text, struct buf *out)
{
    buf_add_format(out, "<li data-name=\"%s\"><span>%s</span><strong", name, name);
    cells_add_value(now, out);
    BUF_ADD(out, ">");
    buf_add_slice(out, buf_slice(text));
    BUF_ADD(out, "</strong>");
    add_change(now, before, out);
    BUF_ADD(out, "</li>\n");
}

static void add_figure_tile(const char *name, const struct usage_sums *all, const struct usage_sums *before,
                            enum usage_figure figure, struct buf *out)
{
    struct buf text;
    buf_init(&text, 64);
    text_add_sum(all, figure, &text);
    add_tile(name, sums_figure(all, figure), sums_figure(before, figure), &text, out);
    buf_free(&text);
}

static void add_count_tile(const char *name, uint64_t now, uint64_t before, struct buf *out)
{
    struct buf text;
    buf_init(&text, 64);
    text_add_count((double)now, &text);
    add_tile(name, (double)now, (double)before, &text, out);
    buf_free(&text);
}

static void add_ttft_tile(const struct usage_sums *all, const struct usage_sums *before, struct buf *out)
{
    struct buf text;
    buf_init(&text, 64);
    text_add_seconds(sketch_quantile(&all->ttft, .5), &text);
    if (all->ttft.count) {
        BUF_ADD(&text, " / ");
        text_add_seconds(sketch_quantile(&all->ttft, .9), &text);
        BUF_ADD(&text, " s");
    }
    add_tile("First token, p50 / p90", sketch_quantile(&all->ttft, .5), sketch_quantile(&before->ttft, .5), &text, out);
    buf_free(&text);
}

static void add_rate_tile(const struct usage_sums *all, const struct usage_sums *before, struct buf *out)
{
    struct buf text;
    double rate = 100 * sums_cache_rate(all);
    buf_init(&text, 64);
    if (isfinite(rate))
        buf_add_format(&text, "%.0f %%", rate);
    else
        BUF_ADD(&text, "-");
    add_tile("Prompt-cache rate", rate, 100 * sums_cache_rate(before), &text, out);
    buf_free(&text);
}

void tables_add_tiles(const struct usage_sums *all, const struct usage_sums *before, struct buf *out)
{
    add_figure_tile("Cost", all, before, FIGURE_COST, out);
    add_figure_tile("Saved against the baseline", all, before, FIGURE_SAVED, out);
    add_count_tile("Requests", all->requests, before->requests, out);
    add_figure_tile("Tokens in", all, before, FIGURE_INPUT, out);
    add_figure_tile("Tokens cached", all, before, FIGURE_CACHED, out);
    add_figure_tile("Tokens out", all, before, FIGURE_OUTPUT, out);
    add_rate_tile(all, before, out);
    add_count_tile("Failed", all->failed, before->failed, out);
    add_ttft_tile(all, before, out);
}

/* A column of a table of sums. */
struct sums_column {
    const char *head;
    void (*add)(const struct usage_sums *s, struct buf *out);
};

static void add_requests(const struct usage_sums *s, struct buf *out)
{
    cells_add_count((double)s->requests, out);
}

static void add_failed(const struct usage_sums *s, struct buf *out)
{
    cells_add_count((double)s->failed, out);
}

static void add_fallbacks(const struct usage_sums *s, struct buf *out)
{
    cells_add_count((double)s->fallbacks, out);
}

static void add_input(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_INPUT, out);
}

static void add_cached(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_CACHED, out);
}

static void add_output(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_OUTPUT, out);
}

static void add_cost(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_COST, out);
}

static void add_baseline(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_BASELINE, out);
}

static void add_saved(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_SAVED, out);
}

static void add_cache_saved(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_CACHE_SAVED, out);
}

static void add_prompt_cache_saved(const struct usage_sums *s, struct buf *out)
{
    cells_add_sum(s, FIGURE_PROMPT_CACHE_SAVED, out);
}

static void add_rate(const struct usage_sums *s, struct buf *out)
{
    cells_add_share(sums_cache_rate(s), out);
}

static void add_p50(const struct usage_sums *s, struct buf *out)
{
    cells_add_seconds(sketch_quantile(&s->ttft, .5), out);
}

static void add_p90(const struct usage_sums *s, struct buf *out)
{
    cells_add_seconds(sketch_quantile(&s->ttft, .9), out);
}

static void add_speed(const struct usage_sums *s, struct buf *out)
{
    cells_add_count(sums_speed(s), out);
}

static void begin_row(const struct report_row *row, bool link, struct buf *out)
{
    if (link && *row->name && row->name[0] != '(')
        cells_begin_linked_row(row->name, out);
    else
        cells_begin_row(row->name, out);
}

/* `link`: rows lead to their conversation. */
static void add_table(const struct report *report, const char *chart, const char *head,
                      const struct sums_column *columns, size_t count, bool link, struct buf *out)
{
    cells_begin_table(chart, head, out);
    for (size_t i = 0; i < count; i++)
        cells_add_head(columns[i].head, out);
    cells_begin_body(out);
    for (uint32_t i = 0; i < report->count; i++) {
        begin_row(&report->rows[i], link, out);
        for (size_t c = 0; c < count; c++)
            columns[c].add(&report->rows[i].sums, out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

#define ADD_TABLE(report, chart, head, columns, link, out) \
    add_table(report, chart, head, columns, sizeof columns / sizeof *columns, link, out)

void tables_add_speeds(const struct report *by_model, const struct range *range, struct buf *out)
{
    static const struct sums_column COLUMNS[] = {{"First token p50, s", add_p50},
                                                 {"p90, s", add_p90},
                                                 {"Tokens per second", add_speed},
                                                 {"Requests", add_requests}};
    (void)range;
    ADD_TABLE(by_model, "spans", "Model", COLUMNS, false, out);
}

void tables_add_savings(const struct report *by_alias, const struct range *range, struct buf *out)
{
    static const struct sums_column COLUMNS[] = {{"Cost", add_cost},
                                                 {"At the baseline", add_baseline},
                                                 {"Saved by other deployments", add_saved},
                                                 {"Saved by prompt caches", add_prompt_cache_saved},
                                                 {"Saved by the reply cache", add_cache_saved}};
    (void)range;
    ADD_TABLE(by_alias, "pairs", "Alias", COLUMNS, false, out);
}

void tables_add_replies(const struct usage_sums *all, struct buf *out)
{
    uint64_t requests = 0;
    for (unsigned i = 0; i < REPLY_CACHES; i++)
        requests += all->replies[i].requests;
    if (!requests)
        return;
    cells_begin_table("replies", "Reply cache", out);
    cells_add_head("Requests", out);
    cells_add_head("Share", out);
    cells_add_head("Saved", out);
    cells_add_head("Mean age, s", out);
    cells_begin_body(out);
    for (unsigned i = 0; i < REPLY_CACHES; i++) {
        const struct reply_sum *s = &all->replies[i];
        const char *text = reply_cache_text((enum reply_cache)i);
        if (!s->requests)
            continue;
        cells_begin_row(text ? text : reply_cache_name((enum reply_cache)i), out);
        cells_add_count((double)s->requests, out);
        cells_add_share((double)s->requests / (double)requests, out);
        cells_add_money(text ? s->saved_usd : NAN, out);
        cells_add_count(round(reply_age(s, (enum reply_cache)i)), out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

/* The number of requests, whose costs are the bars of the chart. */
static void add_bars(const struct report_row *row, const struct turn_bars *bars, struct buf *out)
{
    double costs[TURN_BARS], most = NAN;
    uint64_t conversation = 0;
    (void)usage_conversation_read(slice_of(row->name), &conversation);
    unsigned count = turn_bars_get(bars, conversation, costs);
    BUF_ADD(out, "<td data-bars=\"");
    for (unsigned i = 0; i < count; i++) {
        most = fmax(most, costs[i]);
        if (isfinite(costs[i]))
            buf_add_format(out, "%.6g ", costs[i]);
        else
            BUF_ADD(out, "- ");
    }
    BUF_ADD(out, "\"");
    if (isfinite(most))
        buf_add_format(out, " data-value=\"%.6g\"", most);
    BUF_ADD(out, ">");
    text_add_money(most, out);
    BUF_ADD(out, "</td>");
}

void tables_add_conversations(const struct report *by_conversation, const struct turn_bars *bars, struct buf *out)
{
    static const struct sums_column COLUMNS[] = {{"Cost", add_cost},         {"Requests", add_requests},
                                                 {"Tokens in", add_input},   {"Cache rate", add_rate},
                                                 {"Tokens out", add_output}, {"Failed", add_failed}};
    cells_begin_table("talks", "Conversation", out);
    for (size_t i = 0; i < sizeof COLUMNS / sizeof *COLUMNS; i++)
        cells_add_head(COLUMNS[i].head, out);
    cells_add_head("Most expensive of the latest", out);
    cells_begin_body(out);
    for (uint32_t i = 0; i < by_conversation->count && i < CONVERSATIONS; i++) {
        begin_row(&by_conversation->rows[i], true, out);
        for (size_t c = 0; c < sizeof COLUMNS / sizeof *COLUMNS; c++)
            COLUMNS[c].add(&by_conversation->rows[i].sums, out);
        add_bars(&by_conversation->rows[i], bars, out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

void tables_add_outcomes(const struct report *by_provider_and_outcome, const struct range *range, struct buf *out)
{
    (void)range;
    if (!by_provider_and_outcome->count)
        return;
    cells_begin_table("outcomes", "Provider", out);
    cells_add_head("Outcome", out);
    cells_add_head("Attempts", out);
    cells_begin_body(out);
    for (uint32_t i = 0; i < by_provider_and_outcome->count; i++) {
        const struct report_row *row = &by_provider_and_outcome->rows[i];
        cells_begin_row(row->name, out);
        cells_add_text(row->then, out);
        cells_add_count((double)row->sums.requests, out);
        cells_end_row(out);
    }
    cells_end_table(out);
}

void tables_add_groups(const struct report *report, const struct range *range, struct buf *out)
{
    static const struct sums_column COLUMNS[] = {{"Cost", add_cost},           {"Saved", add_saved},
                                                 {"Requests", add_requests},   {"Tokens in", add_input},
                                                 {"Cached", add_cached},       {"Cache rate", add_rate},
                                                 {"Tokens out", add_output},   {"Failed", add_failed},
                                                 {"Fallbacks", add_fallbacks}, {"First token p50, s", add_p50},
                                                 {"p90, s", add_p90},          {"Tokens per second", add_speed}};
    (void)range;
    ADD_TABLE(report, "bars", usage_by_name(report->by), COLUMNS, report->by == BY_CONVERSATION, out);
}

void tables_add_turns(const struct turns *turns, struct buf *out)
{
    static const char *const HEADS[] = {"Time", "In", "Cached", "Out", "Cost", "First token, s", "Why", "Deployment"};
    cells_begin_table("turns", "Turn", out);
    for (size_t i = 0; i < sizeof HEADS / sizeof *HEADS; i++)
        cells_add_head(HEADS[i], out);
    for (unsigned s = 0; s < TURN_SEGMENTS; s++)
        cells_add_head(turns_segments[s], out);
    cells_begin_body(out);
    for (size_t i = 0; i < turns->count; i++) {
        const struct turn *t = turns_at(turns, i);
        char name[24] = "-", clock[32] = "";
        time_t second = (time_t)(t->time_ms / 1000);
        struct tm local;
        struct buf why;
        if (t->number)
            (void)snprintf(name, sizeof name, "%" PRId64, t->number);
        if (localtime_r(&second, &local))
            (void)strftime(clock, sizeof clock, "%Y-%m-%d %H:%M:%S", &local);
        buf_init(&why, 256);
        turns_add_reason(t, &why);
        cells_begin_row(name, out);
        cells_add_text(clock, out);
        cells_add_tokens(t->figures[FIGURE_INPUT], t->estimated, out);
        cells_add_tokens(t->figures[FIGURE_CACHED], t->estimated, out);
        cells_add_tokens(t->figures[FIGURE_OUTPUT], t->estimated, out);
        cells_add_money(t->figures[FIGURE_COST], out);
        cells_add_seconds(t->ttft_ms, out);
        cells_add_text(buf_text(&why), out);
        cells_add_text(t->deployment, out);
        for (unsigned s = 0; s < TURN_SEGMENTS; s++)
            cells_add_tokens(t->segments[s], true, out);
        cells_end_row(out);
        buf_free(&why);
    }
    cells_end_table(out);
}

/* The turn with the highest cost below that of `last`, or with the same cost behind it. NULL: none. */
static const struct turn *next_dearest(const struct turns *turns, const struct turn *last)
{
    const struct turn *found = NULL;
    bool behind = false;
    for (size_t i = 0; i < turns->count; i++) {
        const struct turn *t = turns_at(turns, i);
        double cost = t->figures[FIGURE_COST], limit = last ? last->figures[FIGURE_COST] : INFINITY;
        behind = behind || t == last;
        if ((cost < limit || (cost == limit && behind && t != last)) && (!found || cost > found->figures[FIGURE_COST]))
            found = t;
    }
    return found;
}

void tables_add_dearest(const struct turns *turns, struct buf *out)
{
    const struct turn *t = NULL;
    for (unsigned i = 0; i < DEAREST && (t = next_dearest(turns, t)) && t->figures[FIGURE_COST] > 0; i++) {
        BUF_ADD(out, "<li>");
        if (t->number)
            buf_add_format(out, "Turn %" PRId64 ": ", t->number);
        BUF_ADD(out, "<strong>");
        text_add_money(t->figures[FIGURE_COST], out);
        BUF_ADD(out, "</strong>");
        if (t->why) {
            BUF_ADD(out, ", ");
            turns_add_reason(t, out);
        }
        BUF_ADD(out, "</li>\n");
    }
}
