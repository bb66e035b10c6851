/* pointsman keys: makes, limits and lists virtual keys, over the proxy's administration (doc/virtual-keys.md). */
#include "cli/command.h"
#include "cli/gateway.h"
#include "cli/keys_table.h"
#include "cli/terminal.h"
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define BODY_MAX (64u << 10)   /* bytes */
#define IMPORT_MAX (32u << 20) /* bytes of a file */

enum {
    ALIAS,
    MODELS,
    MAX_BUDGET,
    BUDGET_DURATION,
    SOFT_BUDGET,
    RPM,
    TPM,
    PARALLEL,
    EXPIRES,
    TEAM,
    USER,
    BUDGET,
    TAGS,
    TYPE,
    GRACE,
    SECRET,
    JSON
};

static const struct command_option options[] = {
    [ALIAS] = {.name = "alias", .value = "NAME", .summary = "name the key"},
    [MODELS] = {.name = "models",
                .value = "LIST",
                .summary = "allow these aliases or models, separated by commas; a '*' may end one"},
    [MAX_BUDGET] = {.name = "max-budget", .value = "USD", .summary = "limit what the key may spend"},
    [BUDGET_DURATION] = {.name = "budget-duration",
                         .value = "TIME",
                         .summary = "per period: 1h, 1d, 7d, 30d (default: for ever)"},
    [SOFT_BUDGET] = {.name = "soft-budget", .value = "USD", .summary = "note a lower amount, which refuses nothing"},
    [RPM] = {.name = "rpm", .value = "N", .summary = "limit requests per minute"},
    [TPM] = {.name = "tpm", .value = "N", .summary = "limit tokens per minute"},
    [PARALLEL] = {.name = "parallel", .value = "N", .summary = "limit requests at once"},
    [EXPIRES] = {.name = "expires", .value = "TIME", .summary = "let the key expire after 30d, 24h, …"},
    [TEAM] = {.name = "team", .value = "ID", .summary = "put the key in a team"},
    [USER] = {.name = "user", .value = "ID", .summary = "give the key to a user"},
    [BUDGET] = {.name = "budget", .value = "ID", .summary = "share the limits of this budget"},
    [TAGS] = {.name = "tags", .value = "LIST", .summary = "tag the key, with commas between tags"},
    [TYPE] = {.name = "type",
              .value = "TYPE",
              .choices = "default llm_api management read_only",
              .summary = "allow these kinds of paths (default: models)"},
    [GRACE] = {.name = "grace", .value = "TIME", .summary = "rotate: let the old secret work for so long"},
    [SECRET] = {.name = "secret", .value = "NAME", .summary = "new, rotate: print a Kubernetes Secret of this name"},
    [JSON] = {.name = "json", .summary = "print the proxy's answer"},
    {0},
};

/* Options that are fields of a key. */
static const struct {
    unsigned option;
    const char *field;
    enum { A_TEXT, A_NUMBER, A_LIST } type;
} fields[] = {
    {ALIAS, "key_alias", A_TEXT},
    {MODELS, "models", A_LIST},
    {MAX_BUDGET, "max_budget", A_NUMBER},
    {BUDGET_DURATION, "budget_duration", A_TEXT},
    {SOFT_BUDGET, "soft_budget", A_NUMBER},
    {RPM, "rpm_limit", A_NUMBER},
    {TPM, "tpm_limit", A_NUMBER},
    {PARALLEL, "max_parallel_requests", A_NUMBER},
    {EXPIRES, "duration", A_TEXT},
    {TEAM, "team_id", A_TEXT},
    {USER, "user_id", A_TEXT},
    {BUDGET, "budget_id", A_TEXT},
    {TAGS, "tags", A_LIST},
    {TYPE, "key_type", A_TEXT},
    {GRACE, "grace_period", A_TEXT},
};

static void add_list(struct container in, const char *field, const char *text)
{
    struct container list = document_add_array(in, field);
    while (*text) {
        size_t len = strcspn(text, ",");
        if (len)
            document_add_slice(list, NULL, (struct slice){text, len});
        text += len + (text[len] == ',');
    }
}

/* Adds the options as fields; "none" removes one. false: an error is printed. */
static bool add_fields(const struct arguments *a, struct container in)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *text = a->values[fields[i].option];
        char *end;
        if (!text)
            continue;
        double number = strtod(text, &end);
        if (strcmp(text, "none") == 0)
            document_add_null(in, fields[i].field);
        else if (fields[i].type == A_TEXT)
            document_add_text(in, fields[i].field, text);
        else if (fields[i].type == A_LIST)
            add_list(in, fields[i].field, text);
        else if (*text && !*end)
            document_add_number(in, fields[i].field, number, 15);
        else {
            (void)complain(EXIT_USAGE, "--%s: expected a number or none, found '%s'", options[fields[i].option].name,
                           text);
            return false;
        }
    }
    return true;
}

/* A key or its hash; else the name is an alias. */
static bool is_key(const char *name)
{
    return strncmp(name, "sk-", 3) == 0 || (strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64);
}

/* The message of an error reply. */
static void print_error(const struct local_http_reply *reply)
{
    struct json j = {0};
    struct buf message;
    buf_init(&message, BODY_MAX);
    bool read = json_parse(&j, reply->body.data ? reply->body.data : "", reply->body.len) &&
                json_unescape(&j, json_get(&j, json_get(&j, 0, "error"), "message"), &message);
    (void)complain(EXIT_FAULT, "%s", read ? buf_text(&message) : "the proxy has no virtual keys, or another version");
    json_free(&j);
    buf_free(&message);
}

/* Asks the proxy. `body` empty: GET. false: an error is printed. */
static bool ask(const char *path, struct slice body, struct local_http_reply *reply)
{
    struct gateway gateway;
    struct buf error;
    buf_init(&error, 4096);
    bool ok = gateway_find(&gateway, &error) && gateway_call(&gateway, path, body, TIMEOUT_MS, reply, &error);
    if (!ok)
        (void)complain(EXIT_FAULT, "%s", buf_message(&error));
    else if (reply->status != 200)
        print_error(reply);
    ok = ok && reply->status == 200;
    gateway_free(&gateway);
    buf_free(&error);
    return ok;
}

/* Posts a document. false: an error is printed. */
static bool post(const char *path, struct document *d, struct local_http_reply *reply)
{
    struct buf body;
    buf_init(&body, BODY_MAX);
    bool ok = document_print(d, &body);
    ok = ok ? ask(path, buf_slice(&body), reply) : (complain(EXIT_FAULT, "out of memory"), false);
    buf_free(&body);
    return ok;
}

static bool print_body(const struct local_http_reply *reply)
{
    return printf("%.*s\n", SLICE_ARGS(buf_slice(&reply->body))) > 0;
}

/* Prints the new secret: alone for a script, with the lines to use it for a person. */
static bool print_secret(const struct arguments *a, const struct local_http_reply *reply)
{
    struct json j = {0};
    struct buf key;
    buf_init(&key, 4096);
    bool ok = json_parse(&j, reply->body.data, reply->body.len) && json_unescape(&j, json_get(&j, 0, "key"), &key);
    if (a->values[JSON])
        ok = print_body(reply);
    else if (ok && a->values[SECRET])
        ok = printf("apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\ntype: Opaque\nstringData:\n"
                    "  LITELLM_API_KEY: %s\n",
                    a->values[SECRET], buf_text(&key)) > 0;
    else if (ok)
        ok = printf("%s\n", buf_text(&key)) > 0;
    if (ok && !a->values[JSON] && !a->values[SECRET] && terminal_is(stdout))
        say("This key is not shown again. For Codex, with the profile of pointsman enable:\n"
            "  LITELLM_API_KEY=%s codex --profile cost-routing",
            buf_text(&key));
    json_free(&j);
    buf_wipe(&key);
    return ok;
}

static bool print_named(const struct arguments *a, const struct local_http_reply *reply)
{
    return a->values[JSON] ? print_body(reply) : keys_table_show(buf_slice(&reply->body));
}

/* new, update, block, unblock, rotate, delete: one request, and what is printed of its answer. */
static int change(const struct arguments *a, const char *path, bool named,
                  bool (*print)(const struct arguments *a, const struct local_http_reply *reply))
{
    struct local_http_reply reply = {0};
    struct document d;
    struct container root = document_object(&d);
    const char *name = named ? a->operands[1] : NULL;
    bool delete = strcmp(path, "/key/delete") == 0;
    if (!add_fields(a, root)) {
        document_free(&d);
        return EXIT_USAGE;
    }
    if (delete)
        add_list(root, is_key(name) ? "keys" : "key_aliases", name);
    else if (name)
        document_add_text(root, is_key(name) ? "key" : "key_alias", name);
    bool ok = post(path, &d, &reply) && (!print || print(a, &reply));
    if (ok && delete)
        say("%s is deleted", name);
    local_http_free(&reply);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static int new_key(const struct arguments *a)
{
    return change(a, "/key/generate", false, print_secret);
}

static int update(const struct arguments *a)
{
    return change(a, "/key/update", true, print_named);
}

static int block(const struct arguments *a)
{
    return change(a, "/key/block", true, print_named);
}

static int unblock(const struct arguments *a)
{
    return change(a, "/key/unblock", true, print_named);
}

static int rotate(const struct arguments *a)
{
    return change(a, "/key/regenerate", true, print_secret);
}

static int delete_key(const struct arguments *a)
{
    return change(a, "/key/delete", true, NULL);
}

/* Reads the list page by page. `name`: only this alias or hash; NULL: all. */
static int list(const struct arguments *a, const char *name)
{
    struct keys_table table;
    bool ok = true;
    keys_table_begin(&table);
    for (unsigned page = 1, pages = 1; ok && page <= pages; page++) {
        struct local_http_reply reply = {0};
        struct buf path;
        buf_init(&path, 4096);
        buf_add_format(&path, "/key/list?return_full_object=true&size=100&page=%u", page);
        if (name)
            buf_add_format(&path, "&%s=%s", is_key(name) ? "key_hash" : "key_alias", name);
        ok = ask(buf_text(&path), (struct slice){NULL, 0}, &reply);
        if (ok && a->values[JSON])
            ok = print_body(&reply);
        else if (ok && !(ok = keys_table_add(&table, buf_slice(&reply.body), &pages)))
            (void)complain(EXIT_FAULT, "the proxy's list of keys can't be read");
        local_http_free(&reply);
        buf_free(&path);
    }
    unsigned count = table.count;
    keys_table_print(&table, !ok || a->values[JSON]);
    if (ok && !count && !a->values[JSON])
        say(name ? "there is no such key" : "there are no virtual keys: pointsman keys new makes one");
    return !ok ? EXIT_FAULT : name && !count && !a->values[JSON] ? EXIT_ABSENT : EXIT_OK;
}

static int list_all(const struct arguments *a)
{
    return list(a, NULL);
}

static int show(const struct arguments *a)
{
    struct local_http_reply reply = {0};
    struct buf path;
    if (!is_key(a->operands[1]))
        return list(a, a->operands[1]);
    buf_init(&path, 4096);
    buf_add_format(&path, "/key/info?key=%s", a->operands[1]);
    bool ok = ask(buf_text(&path), (struct slice){NULL, 0}, &reply) && print_named(a, &reply);
    local_http_free(&reply);
    buf_free(&path);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static int backup(const struct arguments *a)
{
    struct local_http_reply reply = {0};
    struct document d;
    document_add_text(document_object(&d), "path", a->operands[1]);
    bool ok = post("/key_store/backup", &d, &reply);
    if (ok)
        say("the key store is copied to %s", a->operands[1]);
    local_http_free(&reply);
    return ok ? EXIT_OK : EXIT_FAULT;
}

/* Sends the file's rows, a JSON array, as they are. */
static int import(const struct arguments *a)
{
    struct local_http_reply reply = {0};
    struct json j = {0};
    struct buf text, body;
    double imported = 0, known = 0;
    buf_init(&text, IMPORT_MAX);
    buf_init(&body, IMPORT_MAX + 64);
    bool ok = file_read(AT_FDCWD, a->operands[1], 0, IMPORT_MAX - 1, &text);
    if (!ok)
        (void)complain(EXIT_FAULT, "%s: can't read: %s", a->operands[1], file_reason(errno));
    else if (!json_parse(&j, text.data ? text.data : "", text.len) || json_type(&j, 0) != JSON_ARRAY)
        ok = (complain(EXIT_FAULT, "%s: expected a JSON array of LiteLLM's rows", a->operands[1]), false);
    BUF_ADD(&body, "{\"keys\":");
    buf_add_slice(&body, buf_slice(&text));
    BUF_ADD(&body, "}");
    ok = ok && !body.failed && ask("/key/import", buf_slice(&body), &reply);
    json_free(&j);
    if (ok && json_parse(&j, reply.body.data, reply.body.len) &&
        json_double(&j, json_get(&j, 0, "imported"), &imported) && json_double(&j, json_get(&j, 0, "known"), &known))
        say("imported: %.0f keys; known already: %.0f", imported, known);
    json_free(&j);
    local_http_free(&reply);
    buf_wipe(&text);
    buf_wipe(&body);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static int check(const struct arguments *a)
{
    struct local_http_reply reply = {0};
    struct document d;
    (void)a;
    (void)document_object(&d);
    bool ok = post("/key_store/check", &d, &reply);
    if (ok)
        say("the key store is in order");
    local_http_free(&reply);
    return ok ? EXIT_OK : EXIT_FAULT;
}

static const struct {
    const char *name, *operand; /* NULL: none */
    int (*run)(const struct arguments *a);
} actions[] = {
    {"new", NULL, new_key},     {"list", NULL, list_all},    {"show", "KEY", show},     {"update", "KEY", update},
    {"block", "KEY", block},    {"unblock", "KEY", unblock}, {"rotate", "KEY", rotate}, {"delete", "KEY", delete_key},
    {"backup", "FILE", backup}, {"import", "FILE", import},  {"check", NULL, check},
};

static int run(const struct arguments *a)
{
    size_t i = 0;
    while (strcmp(actions[i].name, a->operands[0]) != 0)
        i++; /* operand_choices has the same names */
    if (actions[i].operand && a->operand_count < 2)
        return complain(EXIT_USAGE, "%s is missing: pointsman keys %s %s", actions[i].operand, actions[i].name,
                        actions[i].operand);
    if (!actions[i].operand && a->operand_count > 1)
        return complain(EXIT_USAGE, "pointsman keys %s takes no further word; options begin with --", actions[i].name);
    return actions[i].run(a);
}

const struct command command_keys = {
    .name = "keys",
    .summary = "Make, limit and list virtual keys: one for each agent, person or team",
    .operands = "new|list|show|update|block|unblock|rotate|delete|import|backup|check [KEY|FILE]",
    .operand_choices = "new list show update block unblock rotate delete import backup check",
    .least = 1,
    .most = 2,
    .about = "Needs a running proxy whose configuration has general_settings.key_store. KEY is a key, its hash or its\n"
             "alias. The secret of a new or rotated key is printed once. update changes what is given; none removes a\n"
             "limit. A blocked or deleted key is refused at once. backup copies the key store while it is used.",
    .examples = "pointsman keys new --alias agent-7 --max-budget 5 --budget-duration 1d --rpm 60\n"
                "pointsman keys list\n"
                "pointsman keys update agent-7 --max-budget 10 --rpm none\n"
                "pointsman keys rotate agent-7 --grace 24h\n"
                "pointsman keys new --alias pod-1 --secret pod-1-litellm-key | kubectl apply -f -\n",
    .options = options,
    .run = run,
};
