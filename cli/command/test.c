/* pointsman test: checks the aliases without a paid request, or one alias with a small one. */
#include "cli/command.h"
#include "cli/gateway.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/json.h"
#include "common/secret.h"

#include <string.h>

#define CHECK_MS 10000
#define CALL_MS 120000

enum { MODEL, CALL };

static const struct command_option options[] = {
    [MODEL] =
        {.name = "model", .letter = 'm', .value = "ALIAS", .hint = HINT_ALIAS, .summary = "check only this alias"},
    [CALL] = {.name = "call", .summary = "make one small paid request (first ready alias)"},
    {0},
};

/* The alias's first deployment in a /health list, starting at `entry`; JSON_NONE: none. */
static uint32_t find_of(const struct json *health, uint32_t entry, struct slice alias)
{
    while (entry != JSON_NONE && !json_string_equals(health, json_get(health, entry, "model_name"), alias))
        entry = json_next(health, entry);
    return entry;
}

static void add_each(const struct json *health, uint32_t entry, const char *member, struct slice alias,
                     struct container in)
{
    for (; (entry = find_of(health, entry, alias)) != JSON_NONE; entry = json_next(health, entry))
        document_add_raw(in, NULL, json_raw(health, json_get(health, entry, member)));
}

/* Checks all aliases, or `only` one. Returns the number checked; the first ready one is added to `ready`. */
static unsigned check(const struct json *models, const struct json *health, const char *only, struct buf *ready,
                      struct container in)
{
    unsigned count = 0;
    struct buf name;
    buf_init(&name, 4096);
    uint32_t healthy = json_first(health, json_get(health, 0, "healthy_endpoints"));
    uint32_t unhealthy = json_first(health, json_get(health, 0, "unhealthy_endpoints"));
    uint32_t entry = json_first(models, json_get(models, 0, "data"));
    for (; entry != JSON_NONE; entry = json_next(models, entry)) {
        buf_clear(&name);
        if (!json_unescape(models, json_get(models, entry, "id"), &name) || (only && !slice_is(buf_slice(&name), only)))
            continue;
        struct slice alias = buf_slice(&name);
        struct container model = document_add_object(in, NULL);
        document_add_slice(model, "model", alias);
        bool is_ready = find_of(health, healthy, alias) != JSON_NONE;
        document_add_bool(model, "ready", is_ready);
        add_each(health, healthy, "model", alias, document_add_array(model, "served_by"));
        add_each(health, unhealthy, "error", alias, document_add_array(model, "not_ready"));
        if (is_ready && !ready->len)
            buf_add_slice(ready, alias);
        count++;
    }
    buf_free(&name);
    return count;
}

static bool fetch(const struct gateway *gateway, const char *path, struct local_http_reply *reply, struct json *json,
                  struct buf *error)
{
    if (!gateway_call(gateway, path, (struct slice){"", 0}, CHECK_MS, reply, error))
        return false;
    struct slice body = buf_slice(&reply->body);
    if (reply->status == 200 && json_parse(json, body.ptr ? body.ptr : "", body.len))
        return true;
    buf_add_format(error, "%s%s: status %d%s", gateway->base_url, path, reply->status,
                   reply->status == 401 ? ": the key is from another session: run pointsman key" : "");
    return false;
}

/* Adds the first text of a Responses reply. */
static void add_answer(const struct json *json, struct container in)
{
    uint32_t item = json_first(json, json_get(json, 0, "output"));
    for (; item != JSON_NONE; item = json_next(json, item)) {
        uint32_t part = json_first(json, json_get(json, item, "content"));
        uint32_t text = part != JSON_NONE ? json_get(json, part, "text") : JSON_NONE;
        if (text != JSON_NONE) {
            document_add_raw(in, "text", json_raw(json, text));
            return;
        }
    }
}

static void add_usage(const struct json *json, struct container in)
{
    static const char *const KEYS[] = {"input_tokens", "output_tokens"};
    int64_t tokens;
    uint32_t usage = json_get(json, 0, "usage");
    for (size_t i = 0; usage != JSON_NONE && i < 2; i++)
        if (json_int64(json, json_get(json, usage, KEYS[i]), &tokens))
            document_add_count(in, KEYS[i], tokens);
}

static void write_question(const char *model, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "model", model);
    document_add_text(root, "input", "Reply with the word OK.");
    document_add_count(root, "max_output_tokens", 256);
    document_add_bool(root, "store", false);
    (void)document_print(&d, out);
}

/* Makes one real request with the Responses API, which the proxy translates if the provider needs it. */
static bool call(const struct gateway *gateway, const char *model, struct buf *out, struct buf *error)
{
    struct local_http_reply reply = {0};
    struct json json = {0};
    struct buf body;
    uint64_t start = clock_monotonic_ms();
    buf_init(&body, 16384);
    write_question(model, &body);
    bool done = !body.failed && gateway_call(gateway, "/responses", buf_slice(&body), CALL_MS, &reply, error);
    if (done) {
        struct document d;
        struct container root = document_object(&d);
        struct slice text = buf_slice(&reply.body);
        bool parsed = json_parse(&json, text.ptr ? text.ptr : "", text.len);
        uint32_t fault = parsed ? json_get(&json, 0, "error") : JSON_NONE;
        done = reply.status == 200 && parsed;
        document_add_text(root, "model", model);
        document_add_count(root, "status", reply.status);
        document_add_count(root, "ms", (int64_t)(clock_monotonic_ms() - start));
        if (done) {
            add_usage(&json, root);
            add_answer(&json, root);
        } else if (fault != JSON_NONE && json_get(&json, fault, "message") != JSON_NONE) {
            document_add_raw(root, "error", json_raw(&json, json_get(&json, fault, "message")));
        }
        (void)document_print(&d, out);
    }
    json_free(&json);
    local_http_free(&reply);
    buf_free(&body);
    return done;
}

/* Prints the result with anything that could be a key redacted. false: it could not be printed. */
static bool print(const struct gateway *gateway, bool good, const struct buf *aliases, const struct buf *called)
{
    struct document d;
    struct container root = document_object(&d);
    struct buf text, shown;
    buf_init(&text, 8u << 20);
    buf_init(&shown, 16u << 20);
    document_add_bool(root, "ok", good);
    document_add_text(root, "base_url", gateway->base_url);
    document_add_json(root, "models", aliases);
    if (called->len || called->failed)
        document_add_json(root, "call", called);
    char *key = document_print(&d, &text) && secret_init() ? secret_keep(gateway_key(gateway)) : NULL;
    bool printed = key && secret_redact(&shown, buf_slice(&text)) && puts(buf_text(&shown)) >= 0;
    secret_free(key);
    buf_free(&text);
    buf_free(&shown);
    return printed || complain(false, "out of memory");
}

static int test(const struct gateway *gateway, const char *only, bool with_call, struct buf *error)
{
    struct local_http_reply listed = {0}, looked = {0};
    struct json models = {0}, health = {0};
    struct buf ready, aliases, called;
    buf_init(&ready, 4096);
    buf_init(&aliases, 4u << 20);
    buf_init(&called, 2u << 20);
    int code = EXIT_NOT_READY;
    bool fetched = fetch(gateway, "/models", &listed, &models, error) &&
                   fetch(gateway, "/health", &looked, &health, error);
    struct document d;
    unsigned count = fetched ? check(&models, &health, only, &ready, document_array(&d)) : 0;
    if (fetched)
        (void)document_print(&d, &aliases);
    if (fetched && !count)
        buf_add_format(error, "no such alias: '%s': run pointsman status", only ? only : "");
    else if (fetched) {
        bool good = ready.len > 0;
        if (good && with_call)
            good = call(gateway, buf_text(&ready), &called, error);
        bool printed = print(gateway, good, &aliases, &called);
        code = !printed ? EXIT_FAULT : good ? EXIT_OK : EXIT_NOT_READY;
    }
    json_free(&models);
    json_free(&health);
    local_http_free(&listed);
    local_http_free(&looked);
    buf_free(&ready);
    buf_free(&aliases);
    buf_free(&called);
    return code;
}

static int run(const struct arguments *arguments)
{
    struct gateway gateway;
    struct buf error;
    buf_init(&error, 8192);
    int code = gateway_find(&gateway, &error)
                   ? test(&gateway, arguments->values[MODEL], arguments->values[CALL] != NULL, &error)
                   : EXIT_ABSENT;
    if (code == EXIT_ABSENT)
        say("%s", buf_message(&error));
    else if (error.len)
        (void)complain(code, "%s", buf_text(&error));
    gateway_free(&gateway);
    buf_free(&error);
    return code;
}

const struct command command_test = {
    .name = "test",
    .summary = "Check the proxy's aliases; with --call, make one paid request",
    .about =
        "Prints one JSON object: for each alias, whether it is ready, which models can answer, and why others can't.\n"
        "--call adds the status, tokens and text of one small request. No key is ever printed. Exits with 0 if the\n"
        "alias (or any alias) is ready and the request succeeded, with 3 if no proxy runs, else with 4.",
    .examples = "pointsman test | jq -r '.models[] | select(.ready) | .model'\n"
                "pointsman test --model codex-qwen-local --call\n",
    .options = options,
    .run = run,
};
