/* pointsman usage: tokens, costs and speed of all requests, from the request log. */
#include "cli/command.h"
#include "cli/run/history.h"
#include "cli/run/request_log.h"
#include "cli/terminal.h"
#include "cli/usage_table.h"
#include "cli/usage_turns.h"
#include "usage/log.h"
#include "usage/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAYS "7d"      /* the default range */
#define CELLS_MAX 4095 /* rows of a report; the rest becomes one row */

enum { SINCE, UNTIL, BY, ALIAS, PROVIDER, OUTCOME, MIN_COST, JSON, CSV };

static const struct command_option options[] = {
    [SINCE] = {.name = "since",
               .value = "TIME",
               .summary = "count requests from then on (default " DAYS "; for a conversation: all)"},
    [UNTIL] = {.name = "until", .value = "TIME", .summary = "count requests before then; a date includes its day"},
    [BY] = {.name = "by",
            .value = "WHAT",
            .choices = "day hour model provider alias conversation client key",
            .summary = "one row per day, hour, model, … (default day)"},
    [ALIAS] = {.name = "alias", .value = "NAME", .summary = "count only requests for this alias"},
    [PROVIDER] = {.name = "provider",
                  .value = "NAME",
                  .summary = "only those that this provider answered, or that failed there"},
    [OUTCOME] = {.name = "outcome",
                 .value = "WHAT",
                 .choices = "ok failed cancelled fallback cached",
                 .summary = "only those with this outcome"},
    [MIN_COST] = {.name = "min-cost", .value = "USD", .summary = "only those that cost at least so much"},
    [JSON] = {.name = "json", .summary = "print one JSON object"},
    [CSV] = {.name = "csv", .summary = "print comma-separated values with a header"},
    {0},
};

static bool read_time(const struct arguments *a, unsigned row, const char *otherwise, int64_t *time_ms)
{
    const char *text = a->values[row] ? a->values[row] : otherwise;
    struct timespec now;
    if (!text)
        return true;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (dates_read_option(text, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, row == UNTIL, time_ms))
        return true;
    (void)complain(EXIT_USAGE, "--%s: expected 7d, 24h, 2026-11-01 or RFC 3339, found '%s'", options[row].name, text);
    return false;
}

static enum usage_by by_of(const char *name)
{
    unsigned by = 0;
    while (name && by < BYS && strcmp(usage_by_name((enum usage_by)by), name) != 0)
        by++;
    return (enum usage_by)by;
}

/* Reads the request log. false: an error is printed. */
static bool read_log(struct fold *f)
{
    struct buf error;
    buf_init(&error, 4096);
    char *path = history_path(REQUEST_LOG_FILE);
    bool ok = path && usage_log_feed(f, path, &error);
    if (!ok)
        (void)complain(EXIT_FAULT, "%s", path ? buf_message(&error) : "neither CODEX_HOME nor HOME is set");
    free(path);
    buf_free(&error);
    return ok;
}

/* By what costs were saved. */
static void print_savings(const struct usage_sums *all)
{
    static const struct {
        enum usage_figure figure;
        const char *by;
    } CAUSES[] = {{FIGURE_SAVED, "other deployments than the baseline"},
                  {FIGURE_PROMPT_CACHE_SAVED, "the providers' prompt caches"},
                  {FIGURE_CACHE_SAVED, "the reply cache"}};
    struct buf text;
    buf_init(&text, 512);
    for (size_t i = 0; i < sizeof CAUSES / sizeof *CAUSES; i++) {
        if (!all->figures[CAUSES[i].figure].known)
            continue;
        buf_add_text(&text, text.len ? ", " : "saved: ");
        text_add_money(sums_figure(all, CAUSES[i].figure), &text);
        buf_add_format(&text, " by %s", CAUSES[i].by);
    }
    if (text.len)
        say("%s", buf_text(&text));
    buf_free(&text);
}

/* What the figures lack. */
static void print_notes(const struct fold *f, const struct usage_sums *all)
{
    if (!all->requests)
        say("no request in this range");
    if (all->figures[FIGURE_COST].unknown)
        say("+: without %u requests of unknown cost (pointsman prices)", all->figures[FIGURE_COST].unknown);
    struct buf replies;
    buf_init(&replies, 1024);
    replies_describe(all->replies, &replies);
    if (replies.len)
        say("reply cache: %s", buf_text(&replies));
    buf_free(&replies);
    if (all->estimated)
        say("~: the tokens of %llu requests are estimates", (unsigned long long)all->estimated);
    if (f->sums_outside)
        say("not searched, because only their sums are left: %llu old requests", (unsigned long long)f->sums_outside);
    if (f->torn || f->foreign)
        say("skipped: %llu incomplete lines, %llu that are not requests", (unsigned long long)f->torn,
            (unsigned long long)f->foreign);
}

static int report(struct fold *f, const struct arguments *a, enum usage_by by)
{
    struct report r;
    bool ok = report_make(&r, f, &(struct report_query){.by = by, .then = BY_NONE});
    if (!ok)
        (void)complain(EXIT_FAULT, "out of memory");
    else if (a->values[JSON])
        ok = usage_print_json(&r, f);
    else if (a->values[CSV])
        ok = usage_print_csv(&r);
    else {
        usage_print_table(&r);
        print_savings(&r.all);
        print_notes(f, &r.all);
    }
    report_free(&r);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static bool print_turns_json(const struct turns *turns, const struct usage_sums *all, const char *id)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "conversation", id);
    report_describe(all, document_add_object(root, "total"));
    turns_describe(turns, document_add_array(root, "turns"));
    return print_document(&d, stdout);
}

static int show_conversation(const struct arguments *a, struct fold_settings *settings)
{
    struct turns turns = {0};
    struct fold f;
    struct report r = {0};
    const char *id = a->operands[1];
    int code = EXIT_FAULT;
    if (!usage_conversation_read(slice_of(id), &settings->conversation))
        return complain(EXIT_USAGE, "'%s' is not a conversation: expected 16 hexadecimal digits, see --by conversation",
                        id);
    settings->on_request = turns_add;
    settings->context = &turns;
    fold_init(&f, settings);
    if (read_log(&f)) {
        if (!report_make(&r, &f, &(struct report_query){.by = BY_CONVERSATION, .then = BY_NONE}) || turns.failed)
            (void)complain(EXIT_FAULT, "out of memory");
        else if (!r.all.requests)
            (void)complain(EXIT_FAULT, "no request of conversation %s is recorded in this range", id);
        else if (!a->values[JSON]) {
            usage_turns_print(&turns, &r.all);
            code = EXIT_OK;
        } else if (print_turns_json(&turns, &r.all, id))
            code = EXIT_OK;
        report_free(&r);
    }
    fold_free(&f);
    turns_free(&turns);
    return code;
}

static bool read_filter(const struct arguments *a, struct usage_filter *filter)
{
    static const struct {
        unsigned row;
        const char *name;
    } CONDITIONS[] = {{ALIAS, "alias"}, {PROVIDER, "provider"}, {OUTCOME, "outcome"}, {MIN_COST, "min_cost"}};
    for (size_t i = 0; i < sizeof CONDITIONS / sizeof *CONDITIONS; i++) {
        const char *value = a->values[CONDITIONS[i].row];
        struct buf error;
        buf_init(&error, 256);
        bool ok = !value || usage_filter_set(filter, CONDITIONS[i].name, slice_of(value), &error);
        if (!ok)
            (void)complain(EXIT_USAGE, "--%s: %s", options[CONDITIONS[i].row].name, strchr(buf_text(&error), ':') + 2);
        buf_free(&error);
        if (!ok)
            return false;
    }
    return true;
}

static int run(const struct arguments *a)
{
    struct fold_settings settings = {.until_ms = INT64_MAX, .cells_max = CELLS_MAX};
    bool conversation = a->operand_count > 0;
    enum usage_by by = by_of(a->values[BY]);
    struct fold f;
    if (a->operand_count == 1)
        return complain(EXIT_USAGE, "ID is missing: pointsman usage conversation ID");
    if (a->values[JSON] && a->values[CSV])
        return complain(EXIT_USAGE, "--json and --csv exclude each other");
    if (conversation && (a->values[BY] || a->values[CSV]))
        return complain(EXIT_USAGE, "--by and --csv are not for a conversation");
    if (!read_time(a, SINCE, conversation ? NULL : DAYS, &settings.since_ms) ||
        !read_time(a, UNTIL, NULL, &settings.until_ms))
        return EXIT_USAGE;
    if (!read_filter(a, &settings.filter))
        return EXIT_USAGE;
    if (settings.since_ms >= settings.until_ms)
        return complain(EXIT_USAGE, "--since is not before --until");
    if (conversation)
        return show_conversation(a, &settings);
    settings.apart = 1u << by | (by == BY_HOUR ? 1u << BY_DAY : 0);
    fold_init(&f, &settings);
    int code = read_log(&f) ? report(&f, a, by) : EXIT_FAULT;
    fold_free(&f);
    return code;
}

const struct command command_usage = {
    .name = "usage",
    .summary = "Show tokens, costs, cache rate and speed of all requests, by day, model or conversation",
    .operands = "[conversation ID]",
    .operand_choices = "conversation",
    .most = 2,
    .about =
        "Reads the proxy's request log, rotated files included. With \"conversation ID\": lists the requests of one\n"
        "conversation, the cost of each, and the reason for it. TIME is 7d (today and the six days before), 24h, 90m,\n"
        "a date such as 2026-11-01, or RFC 3339. Days are those of the local time zone. \"-\" means unknown; \"+\" marks\n"
        "a sum without the requests whose cost or tokens are unknown; \"~\" marks a sum with estimated tokens.\n"
        "\"cached\" is the number of tokens read from the providers' prompt caches, and their share of the input.\n"
        "\"ttft s\" is the time to the first token, as median and 90th percentile, with an error of at most 2 %.\n"
        "Costs are estimates: your provider's bill is authoritative.",
    .examples = "pointsman usage\n"
                "pointsman usage --since 30d --by model\n"
                "pointsman usage --by conversation --since 24h\n"
                "pointsman usage --alias codex-deep --outcome failed --by provider\n"
                "pointsman usage conversation 5d2f0c8a91e4b376\n"
                "pointsman usage --since 2026-11-01 --until 2026-11-30 --csv >november.csv\n",
    .options = options,
    .run = run,
};
