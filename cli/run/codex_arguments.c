/* Builds the command line of `codex exec`. */
#include "cli/run/codex_arguments.h"

#include "cli/profile_text.h"
#include "common/json.h"

#include <stdlib.h>
#include <string.h>

#define PROVIDER "pointsman-run" /* provider id on Codex's command line; not used in any file */

bool codex_arguments_add(struct codex_arguments *a, const char *argument)
{
    if (a->count + 1 >= a->room) {
        unsigned room = a->room ? 2 * a->room : 32;
        char **more = realloc(a->argv, room * sizeof *more);
        if (!more)
            return false;
        a->argv = more;
        a->room = room;
    }
    char *copy = strdup(argument);
    if (!copy)
        return false;
    a->argv[a->count++] = copy;
    a->argv[a->count] = NULL;
    return true;
}

void codex_arguments_free(struct codex_arguments *a)
{
    for (unsigned i = 0; i < a->count; i++)
        free(a->argv[i]);
    free(a->argv);
    *a = (struct codex_arguments){0};
}

/* A TOML basic string: JSON's escapes are valid in it. */
static void add_string(struct buf *out, const char *text)
{
    json_add_string(out, slice_of(text));
}

/* Adds the provider's inline table. */
static void add_provider(const struct codex_way *way, struct buf *out)
{
    const struct run_step *step = way->step;
    bool proxy = step->codex == CODEX_LITELLM;
    BUF_ADD(out, "model_providers." PROVIDER "={name=\"pointsman\",wire_api=\"responses\",base_url=");
    add_string(out, proxy ? way->base_url : PROFILE_HF_BASE);
    if (proxy) {
        BUF_ADD(out, ",env_http_headers={\"x-pointsman-run-id\"=\"" PROFILE_RUN_ID_ENV "\"}");
        if (way->key_command) {
            BUF_ADD(out, ",auth={command=");
            add_string(out, way->key_command);
            BUF_ADD(out, ",args=[\"key\"]}");
        } else {
            BUF_ADD(out, ",env_key=\"" PROFILE_KEY_ENV "\",model_catalog_url=");
            buf_add_char(out, '"');
            json_add_escaped(out, slice_of(way->base_url));
            BUF_ADD(out, "/models\"");
        }
    } else {
        BUF_ADD(out, ",env_key=\"" PROFILE_HF_KEY_ENV "\"");
    }
    buf_add_char(out, '}');
}

static bool add_setting(struct codex_arguments *a, struct buf *setting)
{
    return !setting->failed && codex_arguments_add(a, "--config") && codex_arguments_add(a, buf_text(setting));
}

bool codex_arguments_begin(struct codex_arguments *a, const struct codex_way *way)
{
    const struct run_step *step = way->step;
    struct buf setting;
    *a = (struct codex_arguments){0};
    bool added = codex_arguments_add(a, way->codex) && codex_arguments_add(a, "exec");
    buf_init(&setting, 64u << 10);
    if (added && step->profile && way->profile)
        added = codex_arguments_add(a, "--profile") && codex_arguments_add(a, step->profile);
    if (added && step->profile) {
        add_provider(way, &setting);
        added = add_setting(a, &setting) && codex_arguments_add(a, "--config") &&
                codex_arguments_add(a, "model_provider=\"" PROVIDER "\"");
    }
    buf_free(&setting);
    if (added && *step->model)
        added = codex_arguments_add(a, "--model") && codex_arguments_add(a, step->model);
    return added;
}

bool codex_arguments_end(struct codex_arguments *a)
{
    return codex_arguments_add(a, "-");
}
