/* pointsman status: what is running, and which aliases are ready. */
#include "cli/command.h"
#include "cli/profile.h"
#include "cli/session_client.h"
#include "cli/unresponsive.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "common/url.h"

#include <inttypes.h>

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "print one JSON object: the fields of doc/session-api.md, and the profile"},
    {0},
};

static void print_uptime(int64_t seconds)
{
    if (seconds >= 3600)
        printf("%" PRId64 " h %" PRId64 " min", seconds / 3600, seconds / 60 % 60);
    else if (seconds >= 60)
        printf("%" PRId64 " min", seconds / 60);
    else
        printf("%" PRId64 " s", seconds);
}

static void print_aliases(const struct json *json)
{
    struct table table;
    struct buf text;
    buf_init(&text, 4096);
    table_begin(&table, (const char *const[]){"alias", "state", "why"}, 3);
    uint32_t alias = json_first(json, json_get(json, 0, "aliases"));
    for (; alias != JSON_NONE; alias = json_next(json, alias)) {
        bool ready = json_is(json, json_get(json, alias, "ready"), JSON_TRUE);
        buf_clear(&text);
        (void)json_unescape(json, json_get(json, alias, "name"), &text);
        table_add_text(&table, STYLE_PLAIN, &text);
        table_add(&table, ready ? STYLE_GOOD : STYLE_BAD, slice_of(ready ? "ready" : "not ready"));
        buf_clear(&text);
        (void)json_unescape(json, json_get(json, alias, "reason"), &text);
        table_add_text(&table, STYLE_PLAIN, &text);
    }
    table_print(&table, stdout);
    buf_free(&text);
}

/* The key-page server answers, but its proxy does not. */
static void print_hung(void)
{
    struct unresponsive silent;
    struct buf text;
    unresponsive_inspect(&silent);
    buf_init(&text, 256);
    if (silent.proxy)
        process_describe(silent.proxy, &text);
    printf("Proxy:   %s%s%s", terminal_style(stdout, STYLE_BAD), silent.proxy ? buf_text(&text) : "does not answer",
           terminal_style(stdout, STYLE_PLAIN));
    buf_free(&text);
    unresponsive_free(&silent);
}

static void print_proxy(const struct session_status *status)
{
    const struct json *json = &status->json;
    int64_t uptime = 0;
    struct buf text;
    buf_init(&text, 4096);
    (void)json_unescape(json, json_get(json, 0, "state"), &text);
    (void)json_int64(json, json_get(json, 0, "uptime_s"), &uptime);
    printf("Proxy:   %s%s%s", terminal_style(stdout, status->running ? STYLE_GOOD : STYLE_BAD), buf_text(&text),
           terminal_style(stdout, STYLE_PLAIN));
    buf_clear(&text);
    if (status->running) {
        (void)json_unescape(json, json_get(json, 0, "version"), &text);
        printf(", version %s, for ", buf_text(&text));
        print_uptime(uptime);
        printf(", %s", status->base_url);
    } else {
        (void)json_unescape(json, json_get(json, 0, "reason"), &text);
        printf("%s%s", text.len ? ": " : "", buf_text(&text));
    }
    buf_free(&text);
}

static void print_status(const struct session_client *session, const struct session_status *status, bool answers)
{
    const struct json *json = &status->json;
    struct buf text;
    buf_init(&text, 4096);
    if (status->running && !answers)
        print_hung();
    else
        print_proxy(status);
    if (json_unescape(json, json_get(json, 0, "risk_url"), &text))
        printf("\nRisk:    %s", buf_text(&text));
    printf("\nPage:    %s/\n", session->url);
    int64_t dropped = 0;
    if (json_int64(json, json_get(json, 0, "log_dropped"), &dropped) && dropped > 0)
        printf("Log:     %slines lost: %" PRId64 "%s; the reason is in the log of the proxy\n",
               terminal_style(stdout, STYLE_BAD), dropped, terminal_style(stdout, STYLE_PLAIN));
    buf_free(&text);
}

static struct profile_status look_at_profile(void)
{
    struct buf why;
    buf_init(&why, 1024);
    struct profile_status profile = profile_look(&why);
    buf_free(&why);
    return profile;
}

static void print_profile(struct profile_status profile)
{
    printf("Profile: %s%s\n", profile_state_name(profile.state), profile.is_default ? ", Codex's default" : "");
    if (profile.state == PROFILE_INTERRUPTED)
        say("A command was killed while it changed Codex's files. To restore them: pointsman disable");
}

/* For a key-page server that does not answer: what /proc and the proxy itself show. */
static void print_silent(struct unresponsive *silent)
{
    struct buf text;
    buf_init(&text, 256);
    printf("Proxy:   %s", terminal_style(stdout, silent->serves ? STYLE_GOOD : STYLE_BAD));
    if (silent->proxy && !silent->serves)
        process_describe(silent->proxy, &text);
    else
        BUF_ADD(&text, silent->serves ? "running" : "stopped");
    printf("%s%s", buf_text(&text), terminal_style(stdout, STYLE_PLAIN));
    if (silent->serves)
        printf(", pid %d, http://127.0.0.1:%u/v1", silent->proxy->pid, silent->port);
    if (silent->found.count)
        printf("\nPage:    %sno answer%s: %s", terminal_style(stdout, STYLE_BAD), terminal_style(stdout, STYLE_PLAIN),
               buf_text(&silent->reason));
    puts("");
    buf_free(&text);
}

static struct container add_profile(struct document *d)
{
    struct profile_status profile = look_at_profile();
    struct container root = document_object(d);
    document_add_text(root, "profile", profile_state_name(profile.state));
    document_add_bool(root, "profile_is_default", profile.is_default);
    return root;
}

/* The command's own members, then those of GET /api/status. */
static bool print_json(const struct session_status *status, bool answers)
{
    struct document d;
    struct container root = add_profile(&d);
    struct buf key;
    buf_init(&key, 4096);
    document_add_bool(root, "answers", answers);
    for (uint32_t k = json_first(&status->json, 0); k; k = json_next(&status->json, k)) {
        buf_clear(&key);
        (void)json_unescape(&status->json, k, &key);
        document_add_raw(root, buf_text(&key), json_raw(&status->json, json_value(k)));
    }
    buf_free(&key);
    return print_document(&d, stdout);
}

static bool print_silent_json(const struct unresponsive *silent)
{
    struct document d;
    struct container root = add_profile(&d);
    document_add_text(root, "state", silent->serves ? "running" : silent->proxy ? "unresponsive" : "stopped");
    if (silent->found.count) {
        document_add_bool(root, "answers", silent->serves);
        document_add_buf(root, "reason", &silent->reason);
        (void)document_add_array(root, "aliases");
    }
    if (silent->proxy)
        document_add_count(root, "pid", silent->proxy->pid);
    if (silent->port) {
        char base[64];
        (void)snprintf(base, sizeof base, "http://127.0.0.1:%u/v1", silent->port);
        document_add_text(root, "base_url", base);
    }
    return print_document(&d, stdout);
}

static int show_running(const struct session_client *session, const struct session_status *status, bool as_json)
{
    bool answers = status->running && proxy_answers(url_port(status->base_url)), printed = true;
    if (as_json) {
        printed = print_json(status, answers);
    } else {
        print_status(session, status, answers);
        print_profile(look_at_profile());
        print_aliases(&status->json);
    }
    if (!answers)
        say("%s", status->running ? "To replace the proxy: pointsman restart" : "To start the proxy: pointsman start");
    return !printed ? EXIT_FAULT : answers ? EXIT_OK : EXIT_ABSENT;
}

static int show_silent(const char *error, bool as_json)
{
    struct unresponsive silent;
    bool printed = true;
    unresponsive_inspect(&silent);
    if (as_json) {
        printed = print_silent_json(&silent);
    } else {
        print_silent(&silent);
        print_profile(look_at_profile());
    }
    say("%s", silent.found.count ? "To end the processes: pointsman stop" : error);
    int code = !printed ? EXIT_FAULT : silent.serves ? EXIT_OK : EXIT_ABSENT;
    unresponsive_free(&silent);
    return code;
}

static int run(const struct arguments *arguments)
{
    struct session_client session;
    struct session_status status = {0};
    struct buf error;
    bool as_json = arguments->values[JSON];
    buf_init(&error, 4096);
    bool there = session_client_find(&session, &error) && session_client_status(&session, &status, &error);
    int code = there ? show_running(&session, &status, as_json) : show_silent(buf_message(&error), as_json);
    session_status_free(&status);
    session_client_close(&session);
    buf_free(&error);
    return code;
}

const struct command command_status = {
    .name = "status",
    .summary = "Show the proxy's state, the aliases that are ready, and Codex's profiles",
    .about = "Exits with 0 if the proxy runs and answers, with 3 if not. If the key page does not answer, status\n"
             "inspects the processes and the proxy itself, and shows the reason.",
    .examples = "pointsman status\n"
                "pointsman status --json | jq -r '.aliases[] | select(.ready) | .name'\n",
    .options = options,
    .run = run,
};
