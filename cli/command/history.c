/* pointsman history: the latest routed runs. */
#include "cli/command.h"
#include "cli/run/history.h"
#include "cli/run/run_log.h"
#include "cli/table.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>

enum { LIMIT, JSON };

static const struct command_option options[] = {
    [LIMIT] = {.name = "limit", .letter = 'n', .value = "N", .summary = "list N runs (10)"},
    [JSON] = {.name = "json", .summary = "print the records as a JSON array, newest first"},
    {0},
};

static void add_cell(struct table *table, struct buf *text)
{
    table_add_text(table, STYLE_PLAIN, text);
    buf_clear(text);
}

static void add_row(struct table *table, const struct json *json, struct buf *text)
{
    bool success = json_is(json, json_get(json, 0, "success"), JSON_TRUE);
    double tokens = history_number(json, 0, "input_tokens"), code = history_number(json, 0, "exit_code");
    history_time(json, text);
    add_cell(table, text);
    history_text(json, 0, "model", text);
    add_cell(table, text);
    history_text(json, 0, "codex_provider", text);
    add_cell(table, text);
    if (!isfinite(tokens))
        tokens = history_number(json, 0, "estimated_input_tokens");
    buf_add_format(text, "%.0f", isfinite(tokens) ? tokens : 0);
    add_cell(table, text);
    history_money(history_number(json, 0, "estimated_cost_usd"), text);
    add_cell(table, text);
    history_money(history_number(json, 0, "actual_cost_usd"), text);
    add_cell(table, text);
    if (success)
        table_add(table, STYLE_GOOD, SLICE("ok"));
    else {
        buf_add_format(text, "exit %.0f", isfinite(code) ? code : -1);
        table_add_text(table, STYLE_BAD, text);
        buf_clear(text);
    }
    history_text(json, 0, "run_id", text);
    add_cell(table, text);
}

static int run(const struct arguments *arguments)
{
    static const char *const TITLES[] = {"when", "alias", "by", "tokens in", "estimated", "actual", "end", "run"};
    struct lines lines;
    struct slice line;
    struct json json = {0};
    struct table table;
    struct buf text;
    long limit;
    bool as_json = arguments->values[JSON];
    if (!arguments_number(arguments, LIMIT, 1, 1000000, 10, &limit))
        return EXIT_USAGE;
    char *path = history_path(RUN_LOG_FILE);
    if (!path)
        return complain(EXIT_FAULT, "neither CODEX_HOME nor HOME is set");
    buf_init(&text, LINES_MAX);
    table_begin(&table, TITLES, sizeof TITLES / sizeof *TITLES);
    table.right[3] = table.right[4] = table.right[5] = true;
    struct document d;
    struct container runs = document_array(&d);
    lines_open(&lines, path, true);
    long count = 0;
    while (count < limit && history_next(&lines, &json, &line)) {
        if (as_json)
            document_add_raw(runs, NULL, line);
        else
            add_row(&table, &json, &text);
        count++;
    }
    bool printed = !as_json || print_document(&d, stdout);
    document_free(&d);
    table_print(&table, stdout);
    if (!count)
        say("%s: no run is recorded yet", path);
    lines_close(&lines);
    json_free(&json);
    buf_free(&text);
    free(path);
    return printed ? EXIT_OK : EXIT_FAULT;
}

const struct command command_history = {
    .name = "history",
    .summary = "List the latest routed runs",
    .about =
        "Reads $CODEX_HOME/logs/cost_router.jsonl. Actual costs come from the proxy's request log; a run that did not\n"
        "use the proxy has none. All costs are estimates from configured prices: your provider's bill is authoritative.",
    .examples = "pointsman history --limit 20\n"
                "pointsman history --json | jq '.[] | select(.success | not) | .run_id'\n",
    .options = options,
    .run = run,
};
