/* Checks the session, its ports and its leftovers; keys; and local Qwen. */
#include "cli/doctor.h"

#include "cli/ollama.h"
#include "cli/own_config.h"
#include "cli/locate.h"
#include "cli/session_client.h"
#include "cli/unresponsive.h"
#include "cli/start_keys.h"
#include "common/paths.h"
#include "common/port_holder.h"
#include "common/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OLLAMA_MS 1000 /* wait for Ollama's answer */
#define WEB_PORT 8787u
#define PROXY_PORT 4000u

static bool has_file(const char *folder, const char *name)
{
    char *path = paths_join(folder, name);
    bool there = path && access(path, F_OK) == 0;
    free(path);
    return there;
}

/* Reports processes or files of a session that is gone. */
static void check_leftovers(struct doctor *doctor, const char *runtime)
{
    static const char *const names[] = {"codex-litellm-proxy.key", "session-token", "url", "notify.sock"};
    struct buf found;
    struct unresponsive silent;
    buf_init(&found, 512);
    unresponsive_inspect(&silent);
    for (size_t i = 0; runtime && i < sizeof names / sizeof *names; i++)
        if (has_file(runtime, names[i]))
            buf_add_format(&found, "%s%s", found.len ? ", " : "", names[i]);
    if (silent.found.count) {
        buf_clear(&found);
        processes_name(&silent.found, &found);
        doctor_add(doctor, "leftovers", "pointsman stop", "still running: %s; %s", buf_text(&found),
                   buf_text(&silent.reason));
    } else if (found.len)
        doctor_add(doctor, "leftovers", "pointsman stop", "%s: %s, left by a killed session", runtime,
                   buf_text(&found));
    else
        doctor_add(doctor, "leftovers", NULL, "none");
    unresponsive_free(&silent);
    buf_free(&found);
}

/* Checks a port that a start would need. */
static void check_port(struct doctor *doctor, unsigned port, const char *option)
{
    char name[32], fix[96];
    struct buf holder;
    buf_init(&holder, 256);
    (void)snprintf(name, sizeof name, "port %u", port);
    (void)snprintf(fix, sizeof fix, "stop that process, or: pointsman start %s N", option);
    if (port_holder(port, &holder))
        doctor_add(doctor, name, fix, "taken by %s", buf_text(&holder));
    else
        doctor_add(doctor, name, NULL, "free");
    buf_free(&holder);
}

static unsigned count_ready(const struct json *json, unsigned *count)
{
    unsigned ready = 0;
    uint32_t alias = json_first(json, json_get(json, 0, "aliases"));
    for (*count = 0; alias != JSON_NONE; alias = json_next(json, alias), ++*count)
        ready += json_is(json, json_get(json, alias, "ready"), JSON_TRUE);
    return ready;
}

static void check_status(struct doctor *doctor, const struct session_client *session,
                         const struct session_status *status)
{
    const struct json *json = &status->json;
    unsigned count, ready = count_ready(json, &count);
    struct buf text;
    buf_init(&text, 4096);
    doctor_add(doctor, "page", NULL, "%s/", session->url);
    if (status->running && !proxy_answers(url_port(status->base_url))) {
        doctor_add(doctor, "proxy", "pointsman restart", "%s does not answer", status->base_url);
    } else if (status->running && ready) {
        (void)json_unescape(json, json_get(json, 0, "version"), &text);
        doctor_add(doctor, "proxy", NULL, "version %s, %s, %u of %u aliases ready", buf_text(&text), status->base_url,
                   ready, count);
    } else if (status->running) {
        doctor_add(doctor, "proxy", "run pointsman status", "%s: no alias is ready", status->base_url);
    } else if (json_string_is(json, json_get(json, 0, "state"), "died")) {
        (void)json_unescape(json, json_get(json, 0, "reason"), &text);
        doctor_add(doctor, "proxy", "pointsman start", "crashed: %s", buf_text(&text));
    } else {
        doctor_add(doctor, "proxy", NULL, "stopped (pointsman start)");
    }
    buf_free(&text);
}

void doctor_check_session(struct doctor *doctor)
{
    struct session_client session;
    struct session_status status = {0};
    struct buf error, folder;
    buf_init(&error, 4096);
    buf_init(&folder, 4096);
    char *runtime = paths_find_runtime_dir(&folder);
    if (folder.len)
        doctor_add(doctor, "runtime folder", "see the result", "%s", buf_text(&folder));
    else
        doctor_add(doctor, "runtime folder", NULL, "%s", runtime ? runtime : "absent: not running");
    if (session_client_find(&session, &error) && session_client_status(&session, &status, &error)) {
        doctor->running = status.running;
        check_status(doctor, &session, &status);
        doctor_add(doctor, "leftovers", NULL, "none");
    } else {
        doctor_add(doctor, "proxy", NULL, "stopped (pointsman start)");
        check_port(doctor, WEB_PORT, "--web-port");
        check_port(doctor, PROXY_PORT, "--proxy-port");
        check_leftovers(doctor, runtime);
    }
    session_status_free(&status);
    session_client_close(&session);
    free(runtime);
    buf_free(&error);
    buf_free(&folder);
}

/* Which keys the configuration names, and which of them are set here. Shows names only. */
static void check_keys(struct doctor *doctor)
{
    struct start_keys keys;
    struct buf error, set, unset;
    buf_init(&error, 64u << 10);
    buf_init(&set, 4096);
    buf_init(&unset, 4096);
    start_keys_init(&keys);
    char *config = locate_config();
    if (config && start_keys_learn(&keys, config, &error)) {
        for (unsigned i = 0; i < keys.wanted.count; i++) {
            const char *name = keys.wanted.names[i], *value = getenv(name);
            struct buf *list = value && *value ? &set : &unset;
            if (start_keys_is_key(name))
                buf_add_format(list, "%s%s", list->len ? ", " : "", name);
        }
        /* A running proxy has its own keys. */
        const char *fix =
            keys.enough || doctor->running
                ? NULL
                : "set one of them; or pointsman start (it prompts for keys); or pointsman start --local-qwen";
        doctor_add(doctor, "keys", fix, "set: %s; not set: %s", set.len ? buf_text(&set) : "none",
                   unset.len ? buf_text(&unset) : "none");
    }
    free(config);
    start_keys_free(&keys);
    buf_free(&error);
    buf_free(&set);
    buf_free(&unset);
}

static void check_ollama(struct doctor *doctor)
{
    const char *wanted = getenv("USE_LOCAL_QWEN");
    struct buf why, errors;
    buf_init(&why, 1024);
    buf_init(&errors, 64u << 10);
    struct config *config = own_config_load(&errors);
    struct ollama ollama = ollama_of(config);
    if (ollama_ready(&ollama, OLLAMA_MS, &why))
        doctor_add(doctor, "ollama", NULL, "%s at %s", ollama.model, ollama.base);
    else if (wanted && strcmp(wanted, "1") == 0)
        doctor_add(doctor, "ollama", "pointsman qwen --setup", "%s", buf_text(&why));
    else
        doctor_add(doctor, "ollama", NULL, "not in use (%s)", buf_text(&why));
    config_free(config);
    buf_free(&why);
    buf_free(&errors);
}

void doctor_check_models(struct doctor *doctor)
{
    check_keys(doctor);
    check_ollama(doctor);
}
