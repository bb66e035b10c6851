/* pointsman test: the aliases, checked without a paid call, or one with a small one. */
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
    [MODEL] = {.name = "model", .letter = 'm', .value = "ALIAS", .hint = HINT_ALIAS, .summary = "this one alone"},
    [CALL] = {.name = "call", .summary = "make one small real call, which costs: to the first that is ready"},
    {0},
};

/* One alias, as GET /health has its deployments. */
struct alias {
    struct buf name, ready,
        faults; /* names of ready deployments and reasons of the others, as JSON strings, commas between */
    bool is_ready;
};

static void alias_init(struct alias *alias)
{
    *alias = (struct alias){0};
    buf_init(&alias->name, 4096);
    buf_init(&alias->ready, 64u << 10);
    buf_init(&alias->faults, 64u << 10);
}

static void alias_free(struct alias *alias)
{
    buf_free(&alias->name);
    buf_free(&alias->ready);
    buf_free(&alias->faults);
}

/* Gathers what a list of /health says of the alias. */
static void gather(const struct json *health, const char *list, const char *member, struct slice name, struct buf *out)
{
    uint32_t entry = json_first(health, json_get(health, 0, list));
    for (; entry != JSON_NONE; entry = json_next(health, entry)) {
        struct buf of;
        buf_init(&of, 4096);
        if (json_unescape(health, json_get(health, entry, "model_name"), &of) && slice_equal(buf_slice(&of), name)) {
            struct slice raw = json_raw(health, json_get(health, entry, member));
            buf_add_format(out, "%s%.*s", out->len ? "," : "", SLICE_ARGS(raw));
        }
        buf_free(&of);
    }
}

/* The alias of /v1/models' entry; false when it is not asked for. */
static bool read_alias(const struct json *models, uint32_t entry, const struct json *health, const char *only,
                       struct alias *alias)
{
    if (!json_unescape(models, json_get(models, entry, "id"), &alias->name) ||
        (only && !slice_is(buf_slice(&alias->name), only)))
        return false;
    gather(health, "healthy_endpoints", "model", buf_slice(&alias->name), &alias->ready);
    gather(health, "unhealthy_endpoints", "error", buf_slice(&alias->name), &alias->faults);
    alias->is_ready = alias->ready.len > 0;
    return true;
}

static void write_alias(const struct alias *alias, bool first, struct buf *out)
{
    buf_add_format(out, "%s{\"model\":", first ? "" : ",");
    json_add_string(out, buf_slice(&alias->name));
    buf_add_format(out, ",\"ready\":%s,\"served_by\":[%.*s],\"not_ready\":[%.*s]}", alias->is_ready ? "true" : "false",
                   SLICE_ARGS(buf_slice(&alias->ready)), SLICE_ARGS(buf_slice(&alias->faults)));
}

/* Checks the aliases, `only` one or all. Returns how many were looked at; `ready` gets the first that is. */
static unsigned check(const struct json *models, const struct json *health, const char *only, struct buf *ready,
                      struct buf *out)
{
    unsigned count = 0;
    uint32_t entry = json_first(models, json_get(models, 0, "data"));
    for (; entry != JSON_NONE; entry = json_next(models, entry)) {
        struct alias alias;
        alias_init(&alias);
        if (read_alias(models, entry, health, only, &alias)) {
            write_alias(&alias, count++ == 0, out);
            if (alias.is_ready && !ready->len)
                buf_add_slice(ready, buf_slice(&alias.name));
        }
        alias_free(&alias);
    }
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
    buf_add_format(error, "%s%s answers with status %d%s", gateway->base_url, path, reply->status,
                   reply->status == 401 ? ": the key is another session's" : "");
    return false;
}

/* The text of a Responses reply: its first output_text. */
static void add_answer(const struct json *json, struct buf *out)
{
    uint32_t item = json_first(json, json_get(json, 0, "output"));
    for (; item != JSON_NONE; item = json_next(json, item)) {
        uint32_t part = json_first(json, json_get(json, item, "content"));
        uint32_t text = part != JSON_NONE ? json_get(json, part, "text") : JSON_NONE;
        if (text != JSON_NONE) {
            BUF_ADD(out, ",\"text\":");
            buf_add_slice(out, json_raw(json, text));
            return;
        }
    }
}

static void add_usage(const struct json *json, struct buf *out)
{
    int64_t tokens;
    uint32_t usage = json_get(json, 0, "usage");
    if (usage == JSON_NONE)
        return;
    if (json_int64(json, json_get(json, usage, "input_tokens"), &tokens))
        buf_add_format(out, ",\"input_tokens\":%lld", (long long)tokens);
    if (json_int64(json, json_get(json, usage, "output_tokens"), &tokens))
        buf_add_format(out, ",\"output_tokens\":%lld", (long long)tokens);
}

/* One real call, by the Responses API, which is bridged to whatever the provider speaks. */
static bool call(const struct gateway *gateway, const char *model, struct buf *out, struct buf *error)
{
    struct local_http_reply reply;
    struct json json = {0};
    struct buf body;
    uint64_t start = clock_monotonic_ms();
    buf_init(&body, 16384);
    BUF_ADD(&body, "{\"model\":");
    json_add_string(&body, slice_of(model));
    BUF_ADD(&body, ",\"input\":\"Reply with the word OK.\",\"max_output_tokens\":256,\"store\":false}");
    bool done = gateway_call(gateway, "/responses", buf_slice(&body), CALL_MS, &reply, error);
    if (done) {
        struct slice text = buf_slice(&reply.body);
        bool parsed = json_parse(&json, text.ptr ? text.ptr : "", text.len);
        uint32_t fault = parsed ? json_get(&json, 0, "error") : JSON_NONE;
        done = reply.status == 200 && parsed;
        BUF_ADD(out, ",\"call\":{\"model\":");
        json_add_string(out, slice_of(model));
        buf_add_format(out, ",\"status\":%d,\"ms\":%llu", reply.status,
                       (unsigned long long)(clock_monotonic_ms() - start));
        if (done) {
            add_usage(&json, out);
            add_answer(&json, out);
        } else if (fault != JSON_NONE && json_get(&json, fault, "message") != JSON_NONE) {
            buf_add_format(out, ",\"error\":%.*s", SLICE_ARGS(json_raw(&json, json_get(&json, fault, "message"))));
        }
        BUF_ADD(out, "}");
    }
    json_free(&json);
    local_http_free(&reply);
    buf_free(&body);
    return done;
}

/* What was found, with whatever could be a key blotted out. */
static void print(const struct gateway *gateway, bool good, const struct buf *aliases, const struct buf *called)
{
    struct buf text, shown;
    buf_init(&text, 8u << 20);
    buf_init(&shown, 16u << 20);
    buf_add_format(&text, "{\"ok\":%s,\"base_url\":", good ? "true" : "false");
    json_add_string(&text, slice_of(gateway->base_url));
    buf_add_format(&text, ",\"models\":[%.*s]%.*s}", SLICE_ARGS(buf_slice(aliases)), SLICE_ARGS(buf_slice(called)));
    char *kept = secret_init() ? secret_keep(gateway_key(gateway)) : NULL;
    if (kept && secret_redact(&shown, buf_slice(&text)))
        puts(buf_text(&shown));
    secret_free(kept);
    buf_free(&text);
    buf_free(&shown);
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
    if (fetched && check(&models, &health, only, &ready, &aliases) == 0)
        buf_add_format(error, "there is no model '%s'", only ? only : "");
    else if (fetched) {
        bool good = ready.len > 0;
        if (good && with_call)
            good = call(gateway, buf_text(&ready), &called, error);
        print(gateway, good, &aliases, &called);
        code = good ? EXIT_OK : EXIT_NOT_READY;
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
    .summary = "Check the proxy's aliases, without a paid call or with one",
    .about =
        "Prints one JSON object: per alias whether it is ready, which models can serve it, and why others can't. With\n"
        "--call it makes one small real call and adds its status, tokens and text. No key is ever printed. Ends with 0\n"
        "when the alias (or any) is ready and the call worked, with 3 when no proxy runs, and with 4 else.",
    .examples = "pointsman test | jq -r '.models[] | select(.ready) | .model'\n"
                "pointsman test --model codex-qwen-local --call\n",
    .options = options,
    .run = run,
};
