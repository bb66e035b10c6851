/* pointsman prices: prices, context windows and capabilities of models, and their source. */
#include "cli/command.h"
#include "cli/own_config.h"
#include "cli/price_update.h"
#include "cli/prices.h"
#include "cli/session_client.h"
#include "cli/table.h"

#include <math.h>
#include <stdlib.h>

enum { JSON, UPDATE, SOURCE, OUTPUT, RESET };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "print one JSON object"},
    [UPDATE] = {.name = "update",
                .value = "FILE",
                .hint = HINT_FILE,
                .summary = "use the prices of FILE, LiteLLM's list of models or a table of prices"},
    [SOURCE] = {.name = "source",
                .value = "TEXT",
                .summary = "with --update: the name of FILE's source in later output"},
    [OUTPUT] = {.name = "output",
                .value = "FILE",
                .hint = HINT_FILE,
                .summary = "with --update: write the table there, not to the one in use"},
    [RESET] = {.name = "reset", .summary = "use the prices included with pointsman again"},
    {0},
};

/* What a listing is made from, and how. */
struct listing {
    struct config *config; /* NULL: can't be loaded */
    struct price_table table;
    bool has_table, json;
    unsigned unknown; /* named models that nothing is known of */
    struct table text;
    struct container models;
};

static void add_amount(struct table *t, double usd_per_token)
{
    char text[32] = "";
    if (!isnan(usd_per_token))
        (void)snprintf(text, sizeof text, "%.4g", 1e6 * usd_per_token);
    table_add(t, STYLE_PLAIN, slice_of(text));
}

static void add_amounts(struct table *t, const struct price *p)
{
    add_amount(t, p->input);
    add_amount(t, p->output);
    add_amount(t, p->cached_input);
    add_amount(t, p->cache_write);
}

static void add_tier(struct table *t, const struct price_tier *tier)
{
    char above[48];
    (void)snprintf(above, sizeof above, "  above %.0f tokens", tier->above);
    table_add(t, STYLE_FAINT, slice_of(above));
    table_add(t, STYLE_PLAIN, slice_of(""));
    add_amounts(t, &tier->price);
    table_add(t, STYLE_PLAIN, slice_of(""));
    table_add(t, STYLE_PLAIN, slice_of(""));
}

static void add(struct listing *l, const struct price_view *v)
{
    struct buf source;
    char window[32] = "";
    if (l->json) {
        price_view_add(v, l->models);
        return;
    }
    buf_init(&source, 512);
    price_view_source(v, &source);
    if (v->max_input_tokens)
        (void)snprintf(window, sizeof window, "%lld", (long long)v->max_input_tokens);
    table_add(&l->text, STYLE_BOLD, v->name);
    table_add(&l->text, STYLE_PLAIN, v->deployment ? v->model : slice_of(""));
    add_amounts(&l->text, &v->price);
    table_add(&l->text, STYLE_PLAIN, slice_of(window));
    table_add_text(&l->text, STYLE_PLAIN, &source);
    for (unsigned i = 0; i < v->tier_count; i++)
        add_tier(&l->text, &v->tiers[i]);
    buf_free(&source);
}

static void add_deployment(struct listing *l, const struct deployment *d)
{
    struct price_view view;
    price_view_deployment(&view, d, l->has_table ? &l->table : NULL);
    add(l, &view);
}

/* Deployments with this alias, id or model. */
static bool add_configured(struct listing *l, const char *name)
{
    bool any = false;
    for (unsigned i = 0; l->config && i < l->config->deployment_count; i++) {
        const struct deployment *d = &l->config->deployments[i];
        if (strcmp(d->alias, name) != 0 && strcmp(d->id, name) != 0 && strcmp(d->model, name) != 0)
            continue;
        add_deployment(l, d);
        any = true;
    }
    return any;
}

static bool add_known(struct listing *l, const char *name)
{
    const struct provider *provider;
    struct price_row row;
    struct price_view view;
    struct buf rest;
    buf_init(&rest, PRICE_KEY_MAX);
    bool found = l->has_table && provider_resolve(name, &provider, &rest) &&
                 price_table_model(&l->table, provider, buf_slice(&rest), &row);
    buf_free(&rest);
    if (found) {
        price_view_row(&view, &row);
        add(l, &view);
    }
    return found;
}

/* The configuration of the running session, else the one that a start would use. */
static void load_config(struct listing *l, bool needed)
{
    struct session_client session;
    struct session_status status = {0};
    struct buf errors;
    char *path = NULL;
    buf_init(&errors, 64u << 10);
    if (session_client_try(&session, &status))
        path = json_strdup(&status.json, json_get(&status.json, 0, "config"));
    l->config = path ? own_config_load_file(path, &errors) : own_config_load(&errors);
    if (!l->config && needed)
        (void)complain(EXIT_FAULT, "%s", buf_message(&errors));
    session_status_free(&status);
    session_client_close(&session);
    free(path);
    buf_free(&errors);
}

static void open_table(struct listing *l)
{
    struct buf error;
    buf_init(&error, 1024);
    char *path = price_table_path();
    l->has_table = path && price_table_open(&l->table, path, &error);
    if (!l->has_table)
        warn("no table of prices: %s: run pointsman prices --reset", buf_message(&error));
    if (path && !l->has_table)
        price_table_close(&l->table);
    free(path);
    buf_free(&error);
}

static void describe_table(const struct listing *l, struct container root)
{
    if (!l->has_table) {
        document_add_null(root, "table");
        return;
    }
    struct container t = document_add_object(root, "table");
    document_add_text(t, "path", l->table.path);
    document_add_slice(t, "source", l->table.source);
    document_add_slice(t, "date", l->table.date);
    document_add_count(t, "models", l->table.count);
}

static void list(struct listing *l, const struct arguments *arguments)
{
    for (unsigned i = 0; arguments->operand_count == 0 && l->config && i < l->config->deployment_count; i++)
        add_deployment(l, &l->config->deployments[i]);
    for (unsigned i = 0; i < arguments->operand_count; i++) {
        if (add_configured(l, arguments->operands[i]) || add_known(l, arguments->operands[i]))
            continue;
        l->unknown++;
        warn("%s: unknown: neither in the configuration nor in the table", arguments->operands[i]);
    }
}

static bool print(struct listing *l, const struct arguments *arguments)
{
    static const char *const TITLES[] = {"model", "", "input", "output", "cached", "written", "window", "from"};
    struct document d;
    if (l->json) {
        struct container root = document_object(&d);
        describe_table(l, root);
        l->models = document_add_array(root, "models");
        list(l, arguments);
        return print_document(&d, stdout);
    }
    table_begin(&l->text, TITLES, sizeof TITLES / sizeof *TITLES);
    for (unsigned column = 2; column < 7; column++)
        l->text.right[column] = true;
    list(l, arguments);
    table_print(&l->text, stdout);
    if (l->has_table)
        say("USD per million tokens. Table: %.*s, %.*s: %s", SLICE_ARGS(l->table.source), SLICE_ARGS(l->table.date),
            l->table.path);
    return true;
}

static int show(const struct arguments *arguments)
{
    struct listing l = {.json = arguments->values[JSON] != NULL};
    load_config(&l, arguments->operand_count == 0);
    open_table(&l);
    bool ok = print(&l, arguments) && !l.unknown && (l.config || arguments->operand_count);
    config_free(l.config);
    if (l.has_table)
        price_table_close(&l.table);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static int change(const struct arguments *arguments)
{
    const char *file = arguments->values[UPDATE], *output = arguments->values[OUTPUT];
    struct buf done, error;
    buf_init(&done, 4096);
    buf_init(&error, 4096);
    bool ok = file ? price_update(file, output, arguments->values[SOURCE], &done, &error)
                   : price_update_reset(&done, &error);
    if (!ok)
        (void)complain(EXIT_FAULT, "%s", buf_message(&error));
    else
        say("%s%s", buf_text(&done), output ? "" : "; a running proxy uses them after: pointsman restart");
    buf_free(&done);
    buf_free(&error);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static int run(const struct arguments *arguments)
{
    bool update = arguments->values[UPDATE], reset = arguments->values[RESET];
    if (!update && (arguments->values[SOURCE] || arguments->values[OUTPUT]))
        return complain(EXIT_USAGE, "--source and --output need --update FILE");
    if (update && reset)
        return complain(EXIT_USAGE, "--update and --reset exclude each other");
    if ((update || reset) && arguments->operand_count)
        return complain(EXIT_USAGE, "--update and --reset take no MODEL");
    return update || reset ? change(arguments) : show(arguments);
}

const struct command command_prices = {
    .name = "prices",
    .summary = "Show prices and context windows of models, and their source",
    .operands = "[MODEL...]",
    .operand_hint = HINT_ALIAS,
    .most = COMMAND_ANY_OPERANDS,
    .about =
        "MODEL is an alias, a deployment, or a model such as openai/gpt-5.5. Without MODEL, shows each deployment of\n"
        "the configuration in force. Prices are in USD per million tokens: of input, of output, and of input tokens\n"
        "read from or written to the provider's cache. The column \"from\" shows the source: the configuration\n"
        "(model_info), the table of known models, or unknown. Exits with 1 if a MODEL is unknown. --update checks\n"
        "the whole FILE, and changes nothing if it is damaged.",
    .examples = "pointsman prices\n"
                "pointsman prices codex-default openai/gpt-5.5\n"
                "pointsman prices --json | jq -r '.models[] | select(.row == null) | .model'\n"
                "pointsman prices --update model_prices_and_context_window.json\n",
    .options = options,
    .run = run,
};
