/* The view's parts, as HTML: a tile is a figure, and each chart is drawn by the page's script from its table. */
#include "cgi/usage/app.h"
#include "cgi/usage/tables.h"

#include "usage/text.h"

#include <inttypes.h>
#include <math.h>

#define FEW 10 /* requests: fewer are not much to look at */

/* What the slots are filled in from. */
struct view {
    const struct app *app;
    const struct figures *figures;
    const struct range *range;
    const struct usage_sums *all, *before; /* of the range, and of as many days before it; `before` may be empty */
    bool *failed;                          /* out of memory */
    /* of a conversation */
    uint64_t id;
    const struct turns *turns;
};

static void write_ranges(const struct view *view, struct buf *out)
{
    static const char *const RANGES[][2] = {{"today", "Today"}, {"7d", "7 days"}, {"30d", "30 days"}, {"all", "All"}};
    for (size_t i = 0; i < sizeof RANGES / sizeof *RANGES; i++) {
        bool current = view->range->name && slice_is(slice_of(view->range->name), RANGES[i][0]);
        buf_add_format(out, "<a href=\"usage?range=%s&amp;by=%s", RANGES[i][0], usage_by_name(view->range->by));
        filter_add_query(&view->range->filter, out);
        buf_add_format(out, "\"%s>%s</a>\n", current ? " aria-current=\"true\"" : "", RANGES[i][1]);
    }
}

static void write_day(int64_t day, struct buf *out)
{
    char name[12];
    dates_name_day((int)day, name);
    buf_add_text(out, day ? name : "");
}

static void write_since(const struct view *view, struct buf *out)
{
    write_day(view->range->name ? 0 : view->range->first, out);
}

static void write_until(const struct view *view, struct buf *out)
{
    write_day(view->range->name ? 0 : view->range->last, out);
}

static void write_dimensions(const struct view *view, struct buf *out)
{
    static const enum usage_by DIMENSIONS[] = {BY_MODEL, BY_PROVIDER,     BY_ALIAS, BY_CLIENT,
                                               BY_KEY,   BY_CONVERSATION, BY_DAY};
    for (size_t i = 0; i < sizeof DIMENSIONS / sizeof *DIMENSIONS; i++)
        buf_add_format(out, "<option value=\"%s\"%s>%s</option>\n", usage_by_name(DIMENSIONS[i]),
                       DIMENSIONS[i] == view->range->by ? " selected" : "", usage_by_name(DIMENSIONS[i]));
}

static void write_query(const struct view *view, struct buf *out)
{
    range_add_query(view->range, out);
    buf_add_format(out, "&amp;by=%s", usage_by_name(view->range->by));
}

static void write_filter_open(const struct view *view, struct buf *out)
{
    buf_add_text(out, usage_filter_is_on(&view->range->filter) ? " open" : "");
}

/* The names that the whole log has, as far as it was read. */
static const struct fold *fold_of_names(const struct view *view)
{
    return view->figures->sample.len ? &view->figures->times : &view->app->figures.times;
}

static void write_aliases(const struct view *view, struct buf *out)
{
    filter_add_names(fold_of_names(view), BY_ALIAS, view->range->filter.alias, out);
}

static void write_providers(const struct view *view, struct buf *out)
{
    filter_add_names(fold_of_names(view), BY_PROVIDER, view->range->filter.provider, out);
}

static void write_outcome_options(const struct view *view, struct buf *out)
{
    filter_add_outcomes(&view->range->filter, out);
}

static void write_min_cost(const struct view *view, struct buf *out)
{
    filter_add_cost(&view->range->filter, out);
}

static void write_by(const struct view *view, struct buf *out)
{
    buf_add_text(out, usage_by_name(view->range->by));
}

static void write_period(const struct view *view, struct buf *out)
{
    buf_add_text(out, view->range->first == view->range->last ? "hour" : "day");
}

static void write_filter_note(const struct view *view, struct buf *out)
{
    const struct range *range = view->range;
    struct range plain = *range;
    if (!usage_filter_is_on(&range->filter))
        return;
    plain.filter = (struct usage_filter){0};
    BUF_ADD(out, "<p class=\"note\" id=\"filtered\">Only requests with ");
    filter_add_words(&range->filter, out);
    BUF_ADD(out, ". <a href=\"usage?");
    range_add_query(&plain, out);
    buf_add_format(out, "&amp;by=%s\">All requests</a>.", usage_by_name(range->by));
    if (view->figures->times.sums_outside)
        buf_add_format(out, " Not searched, because only their sums are left: %" PRIu64 " old requests.",
                       view->figures->times.sums_outside);
    BUF_ADD(out, "</p>\n");
}

static const char *why_nothing(const struct view *view)
{
    if (usage_filter_is_on(&view->range->filter))
        return "No request in this range passes the filter.";
    return view->figures->times.cell_count
               ? "No request in this range. <a href=\"usage?range=all\">All</a> has other ones."
               : "No request yet. Start the proxy in the view <a href=\"/\">Session</a>, then use "
                 "Codex or any client of the proxy: its requests appear here.";
}

/* What is special about the range. */
static void write_notes(const struct view *view, struct buf *out)
{
    const struct usage_sums *all = view->all;
    const struct fold *f = &view->figures->times;
    write_filter_note(view, out);
    if (view->figures->sample.len)
        BUF_ADD(out, "<p class=\"note\" id=\"sample\">A made-up week: nothing here was measured. "
                     "<a href=\"/usage\">Your figures</a> are in the view Usage.</p>\n");
    if (view->figures->follow.behind)
        buf_add_format(out,
                       "<p class=\"note\" data-behind>The log is being read, so the figures are not complete: %" PRId64
                       " MB are left. Reload the page for the next part.</p>\n",
                       1 + view->figures->follow.behind / 1000000);
    else if (!all->requests)
        buf_add_format(out, "<p class=\"note\" id=\"nothing\">%s</p>\n", why_nothing(view));
    if (!view->figures->sample.len && !usage_filter_is_on(&view->range->filter) && all->requests < FEW)
        BUF_ADD(out, "<p class=\"note\"><a href=\"/sample/usage\">A made-up week</a> shows how this view looks with "
                     "more requests.</p>\n");
    if (all->figures[FIGURE_COST].unknown)
        buf_add_format(out,
                       "<p class=\"note\">+ marks sums that miss something. Requests of unknown cost: %u. "
                       "<code>pointsman prices</code> shows which models have no price.</p>\n",
                       all->figures[FIGURE_COST].unknown);
    if (all->estimated)
        buf_add_format(out,
                       "<p class=\"note\">~ marks sums with estimates. Replies that did not say how many tokens they "
                       "used: %" PRIu64 ".</p>\n",
                       all->estimated);
    if (f->torn || f->foreign)
        buf_add_format(out,
                       "<p class=\"note\">Skipped lines of the log: incomplete %" PRIu64 ", not a request %" PRIu64
                       ".</p>\n",
                       f->torn, f->foreign);
}

static void write_tiles(const struct view *view, struct buf *out)
{
    tables_add_tiles(view->all, view->before, out);
}

static void make(const struct view *view, enum usage_by by, enum usage_by then, struct buf *out,
                 void (*add)(const struct report *report, const struct range *range, struct buf *out))
{
    struct report r;
    if (figures_report(view->figures, view->range, by, then, &r))
        add(&r, view->range, out);
    else
        *view->failed = true;
    report_free(&r);
}

static enum usage_by period(const struct view *view)
{
    return view->range->first == view->range->last ? BY_HOUR : BY_DAY;
}

static void write_costs(const struct view *view, struct buf *out)
{
    make(view, period(view), BY_MODEL, out, tables_add_costs);
}

static void write_tokens(const struct view *view, struct buf *out)
{
    make(view, period(view), BY_NONE, out, tables_add_tokens);
}

static void write_latencies(const struct view *view, struct buf *out)
{
    make(view, period(view), BY_NONE, out, tables_add_latencies);
}

static void write_speeds(const struct view *view, struct buf *out)
{
    make(view, BY_MODEL, BY_NONE, out, tables_add_speeds);
}

static void write_failures(const struct view *view, struct buf *out)
{
    make(view, period(view), BY_PROVIDER, out, tables_add_failures);
}

static void write_savings(const struct view *view, struct buf *out)
{
    make(view, BY_ALIAS, BY_NONE, out, tables_add_savings);
}

static void write_conversations(const struct view *view, struct buf *out)
{
    struct report r;
    if (figures_report(view->figures, view->range, BY_CONVERSATION, BY_NONE, &r))
        tables_add_conversations(&r, &view->figures->bars, out);
    else
        *view->failed = true;
    report_free(&r);
}

static void write_replies(const struct view *view, struct buf *out)
{
    tables_add_replies(view->all, out);
}

static void write_outcomes(const struct view *view, struct buf *out)
{
    const struct range *range = view->range;
    struct report r;
    if (report_make(&r, &view->figures->failures,
                    &(struct report_query){BY_PROVIDER, BY_ALIAS, range->first, range->last}))
        tables_add_outcomes(&r, range, out);
    else
        *view->failed = true;
    report_free(&r);
}

static void write_dearest(const struct view *view, struct buf *out)
{
    tables_add_dearest(view->turns, out);
}

static void write_groups(const struct view *view, struct buf *out)
{
    make(view, view->range->by, BY_NONE, out, tables_add_groups);
}

static void write_id(const struct view *view, struct buf *out)
{
    buf_add_format(out, "%016" PRIx64, view->id);
}

static void write_turns(const struct view *view, struct buf *out)
{
    tables_add_turns(view->turns, out);
}

static const struct template_slot view_slots[] = {
    {"ranges", write_ranges},
    {"since", write_since},
    {"until", write_until},
    {"dimensions", write_dimensions},
    {"query", write_query},
    {"by", write_by},
    {"period", write_period},
    {"notes", write_notes},
    {"tiles", write_tiles},
    {"costs", write_costs},
    {"tokens", write_tokens},
    {"speeds", write_speeds},
    {"failures", write_failures},
    {"savings", write_savings},
    {"replies", write_replies},
    {"conversations", write_conversations},
    {"filter_open", write_filter_open},
    {"aliases", write_aliases},
    {"providers", write_providers},
    {"outcome_options", write_outcome_options},
    {"min_cost", write_min_cost},
    {"groups", write_groups},
    {"latencies", write_latencies},
    {"outcomes", write_outcomes},
};

static const struct template_slot conversation_slots[] = {
    {"id", write_id},
    {"tiles", write_tiles},
    {"dearest", write_dearest},
    {"turns", write_turns},
};

bool view_load(struct app *app, const char *www, struct buf *error)
{
    return template_load(&app->view, www, "usage.html", view_slots, sizeof view_slots / sizeof *view_slots, error) &&
           template_load(&app->conversation, www, "conversation.html", conversation_slots,
                         sizeof conversation_slots / sizeof *conversation_slots, error);
}

bool view_write(const struct app *app, const struct figures *figures, const struct range *range, struct buf *out)
{
    struct report r, before = {0};
    struct range earlier = range_before(range);
    bool failed = false;
    bool ok = figures_report(figures, range, BY_DAY, BY_NONE, &r) &&
              (!earlier.last || figures_report(figures, &earlier, BY_DAY, BY_NONE, &before));
    struct view view = {
        .app = app, .figures = figures, .range = range, .all = &r.all, .before = &before.all, .failed = &failed};
    if (ok)
        template_write(&app->view, &view, out);
    report_free(&r);
    report_free(&before);
    return ok && !failed;
}

void view_write_conversation(const struct app *app, uint64_t id, const struct turns *turns,
                             const struct usage_sums *sums, struct buf *out)
{
    const struct usage_sums none = {0};
    struct view view = {.all = sums, .before = &none, .id = id, .turns = turns};
    template_write(&app->conversation, &view, out);
}
