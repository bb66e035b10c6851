/* Checks programs and files. */
#include "cli/doctor.h"

#include "cli/child.h"
#include "cli/codex_catalog.h"
#include "cli/own_config.h"
#include "cli/locate.h"
#include "cli/profile.h"
#include "cli/run/run_settings.h"
#include "common/yaml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VERSION_MS 10000 /* timeout of codex --version */

static void flatten(char *text)
{
    size_t len = strlen(text);
    while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
        text[--len] = '\0';
    for (; *text; text++)
        if (*text == '\n')
            *text = ' ';
}

void doctor_add(struct doctor *doctor, const char *name, const char *fix, const char *format, ...)
{
    if (doctor->count == DOCTOR_FINDINGS_MAX)
        return;
    struct finding *finding = &doctor->list[doctor->count++];
    va_list arguments;
    finding->ok = fix == NULL;
    (void)snprintf(finding->name, sizeof finding->name, "%s", name);
    (void)snprintf(finding->fix, sizeof finding->fix, "%s", fix ? fix : "");
    va_start(arguments, format);
    (void)vsnprintf(finding->detail, sizeof finding->detail, format, arguments);
    va_end(arguments);
    flatten(finding->detail);
}

static void check_codex(struct doctor *doctor)
{
    char *codex = codex_find();
    struct buf said, warned;
    buf_init(&said, 256);
    buf_init(&warned, 256);
    if (!codex) {
        doctor_add(doctor, "codex", "npm install -g @openai/codex, or set CODEX_CLI_PATH", "not found in PATH");
    } else {
        char *const argv[] = {codex, "--version", NULL};
        int status = child_capture(&(struct child_run){argv, NULL, VERSION_MS, &warned}, &said);
        const char *text = buf_text(&said), *warning = buf_text(&warned);
        if (status == 0 && *text)
            doctor_add(doctor, "codex", NULL, "%.*s, %s%s%.*s", (int)strcspn(text, "\n"), text, codex,
                       *warning ? "; standard error: " : "", (int)strcspn(warning, "\n"), warning);
        else
            doctor_add(doctor, "codex", "reinstall Codex: npm install -g @openai/codex", "%s --version: %s", codex,
                       status < 0   ? strerror(errno)
                       : *warning   ? warning
                       : *text      ? text
                       : status > 0 ? "failed"
                                    : "no output");
    }
    buf_free(&said);
    buf_free(&warned);
    free(codex);
}

static void check_program(struct doctor *doctor, const char *name, const char *path, const char *fix)
{
    if (path && access(path, X_OK) == 0)
        doctor_add(doctor, name, NULL, "%s", path);
    else
        doctor_add(doctor, name, fix, "not found: %s", path ? path : name);
}

void doctor_check_programs(struct doctor *doctor)
{
    char *lighttpd = child_find("lighttpd", CHILD_SBIN), *session = locate_program(LOCATE_SESSION);
    char *proxy = locate_program(LOCATE_PROXY), *usage = locate_program(LOCATE_USAGE);
    check_codex(doctor);
    check_program(doctor, "lighttpd", lighttpd, "apt-get install lighttpd");
    check_program(doctor, "pointsman-session", session, "make -C build install");
    check_program(doctor, "pointsman-usage", usage, "make -C build install");
    check_program(doctor, "pointsman-proxy", proxy, "make -C build install");
    free(usage);
    free(lighttpd);
    free(session);
    free(proxy);
}

static void check_config(struct doctor *doctor)
{
    struct buf errors;
    buf_init(&errors, 64u << 10);
    char *path = locate_config();
    struct config *config = own_config_load(&errors);
    char *line = *buf_text(&errors) ? errors.data : NULL;
    for (char *save, *fault = line ? strtok_r(line, "\n", &save) : NULL; fault; fault = strtok_r(NULL, "\n", &save))
        doctor_add(doctor, "configuration", "fix the file; pointsman-proxy --check-config shows how it is read", "%s",
                   fault);
    if (config)
        doctor_add(doctor, "configuration", NULL, "%s: %u aliases", path, config->group_count);
    if (config && config->outgoing_proxy)
        doctor_add(doctor, "outgoing proxy", NULL, "%s%s", config->outgoing_proxy,
                   config->outgoing_login ? ", with a login" : "");
    config_free(config);
    free(path);
    buf_free(&errors);
}

static const char *environment(const char *name, void *ctx)
{
    (void)ctx;
    return getenv(name);
}

static void check_policy(struct doctor *doctor)
{
    static const struct run_flags none = {.provider = NULL};
    struct run_settings settings;
    struct buf errors;
    buf_init(&errors, 64u << 10);
    char *path = locate_policy();
    struct yaml_node *root = path ? yaml_load(path, &errors) : NULL;
    if ((!path || root) && run_settings_read(&settings, path, root, environment, NULL, &none, &errors))
        doctor_add(doctor, "policy", NULL, "%s", path ? path : "none: using the defaults");
    else
        doctor_add(doctor, "policy", "fix the file; see doc/routed-runs.md", "%s",
                   errors.len ? buf_text(&errors) : path);
    yaml_tree_free(root);
    free(path);
    buf_free(&errors);
}

static void check_profile(struct doctor *doctor)
{
    struct buf why;
    buf_init(&why, 1024);
    struct profile_status profile = profile_look(&why);
    const char *name = profile_state_name(profile.state);
    if (profile.state == PROFILE_INTERRUPTED)
        doctor_add(doctor, "profile", "pointsman disable", "%s: a command was killed while it changed Codex's files",
                   name);
    else if (profile.state == PROFILE_UNKNOWN)
        doctor_add(doctor, "profile", "make CODEX_HOME readable", "%s", why.len ? buf_text(&why) : name);
    else
        doctor_add(doctor, "profile", NULL, "%s%s", name, profile.is_default ? ", Codex's default" : "");
    buf_free(&why);
}

void doctor_check_files(struct doctor *doctor)
{
    check_config(doctor);
    check_policy(doctor);
    check_profile(doctor);
}
