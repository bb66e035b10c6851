/* pointsman status: what runs, and what is ready. */
#include "cli/command.h"
#include "cli/profile.h"
#include "cli/session.h"
#include "cli/table.h"
#include "cli/terminal.h"

#include <inttypes.h>

enum { JSON };

static const struct command_option options[] = {
    [JSON] = {.name = "json", .summary = "the same as one JSON object (doc/session-api.md), and the profile"},
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
        table_add(&table, STYLE_PLAIN, buf_slice(&text));
        table_add(&table, ready ? STYLE_GOOD : STYLE_BAD, slice_of(ready ? "ready" : "not ready"));
        buf_clear(&text);
        (void)json_unescape(json, json_get(json, alias, "reason"), &text);
        table_add(&table, STYLE_PLAIN, buf_slice(&text));
    }
    table_print(&table, stdout);
    buf_free(&text);
}

static void print_status(const struct session *session, const struct session_status *status)
{
    const struct json *json = &status->json;
    int64_t uptime = 0;
    struct buf text;
    buf_init(&text, 4096);
    (void)json_unescape(json, json_get(json, 0, "state"), &text);
    (void)json_int64(json, json_get(json, 0, "uptime_s"), &uptime);
    printf("Proxy:   %s%s%s", terminal_style(stdout, status->running ? STYLE_GOOD : STYLE_BAD), buf_text(&text),
           terminal_style(stdout, STYLE_PLAIN));
    if (status->running) {
        buf_clear(&text);
        (void)json_unescape(json, json_get(json, 0, "version"), &text);
        printf(", version %s, for ", buf_text(&text));
        print_uptime(uptime);
        printf(", %s", status->base_url);
    } else {
        buf_clear(&text);
        (void)json_unescape(json, json_get(json, 0, "reason"), &text);
        printf("%s%s", text.len ? ": " : "", buf_text(&text));
    }
    buf_clear(&text);
    if (json_unescape(json, json_get(json, 0, "risk_url"), &text))
        printf("\nRisk:    %s", buf_text(&text));
    printf("\nPage:    %s/\n", session->url);
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
        say("a command was killed while Codex's files were changed; this puts them right: pointsman disable");
}

/* Our members, then the session's. */
static bool print_json(const struct session_status *status, struct profile_status profile)
{
    struct document d;
    struct container root = document_object(&d);
    struct buf key;
    buf_init(&key, 4096);
    document_add_text(root, "profile", profile_state_name(profile.state));
    document_add_bool(root, "profile_is_default", profile.is_default);
    if (!status)
        document_add_text(root, "state", "stopped");
    for (uint32_t k = status ? json_first(&status->json, 0) : JSON_NONE; k; k = json_next(&status->json, k)) {
        buf_clear(&key);
        (void)json_unescape(&status->json, k, &key);
        document_add_raw(root, buf_text(&key), json_raw(&status->json, json_value(k)));
    }
    buf_free(&key);
    return print_document(&d, stdout);
}

static int run(const struct arguments *arguments)
{
    struct session session;
    struct session_status status = {0};
    struct buf error;
    int code = EXIT_ABSENT;
    buf_init(&error, 4096);
    bool there = session_find(&session, &error) && session_status(&session, &status, &error);
    bool printed = true;
    if (arguments->values[JSON]) {
        printed = print_json(there ? &status : NULL, look_at_profile());
    } else {
        if (there)
            print_status(&session, &status);
        else
            puts("Proxy:   stopped");
        print_profile(look_at_profile());
        if (there)
            print_aliases(&status.json);
    }
    if (there && status.running)
        code = EXIT_OK;
    else
        say("%s", there ? "pointsman start starts the proxy" : buf_message(&error));
    session_status_free(&status);
    session_close(&session);
    buf_free(&error);
    return printed ? code : EXIT_FAULT;
}

const struct command command_status = {
    .name = "status",
    .summary = "Say whether the proxy runs, which aliases are ready, and whether Codex's profiles are enabled",
    .about = "Ends with 0 when the proxy runs, and with 3 when it does not.",
    .examples = "pointsman status\n"
                "pointsman status --json | jq -r '.aliases[] | select(.ready) | .name'\n",
    .options = options,
    .run = run,
};
