/* Writes the command line of `codex exec`. */
#include "cli/run/codex_arguments.h"

#include "common/json.h"

#include <stdlib.h>
#include <string.h>

#define HF_BASE "https://router.huggingface.co/v1"

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

/* TOML's basic strings are written like JSON's. */
static void add_string(struct buf *out, const char *text)
{
    json_add_string(out, slice_of(text));
}

/* The provider's table, on one line. */
static void add_provider(const struct codex_way *way, struct buf *out)
{
    const struct run_step *step = way->step;
    bool proxy = step->codex == CODEX_LITELLM;
    buf_add_format(out, "model_providers.%s={name=\"pointsman\",wire_api=\"responses\",base_url=", step->profile);
    add_string(out, proxy ? way->base_url : HF_BASE);
    if (proxy) {
        BUF_ADD(out, ",env_http_headers={\"x-pointsman-run-id\"=\"" RUN_ID_VARIABLE "\"}");
        if (way->key_command) {
            BUF_ADD(out, ",auth={command=");
            add_string(out, way->key_command);
            BUF_ADD(out, ",args=[\"key\"]}");
        } else {
            BUF_ADD(out, ",env_key=\"LITELLM_API_KEY\",model_catalog_url=");
            buf_add_char(out, '"');
            json_add_escaped(out, slice_of(way->base_url));
            BUF_ADD(out, "/models\"");
        }
    } else {
        BUF_ADD(out, ",env_key=\"HF_TOKEN\"");
    }
    buf_add_char(out, '}');
}

static bool add_setting(struct codex_arguments *a, struct buf *setting)
{
    const char *text = setting->failed ? NULL : buf_text(setting);
    return text && codex_arguments_add(a, "--config") && codex_arguments_add(a, text);
}

bool codex_arguments_begin(struct codex_arguments *a, const struct codex_way *way)
{
    const struct run_step *step = way->step;
    struct buf setting;
    *a = (struct codex_arguments){0};
    bool added = codex_arguments_add(a, way->codex) && codex_arguments_add(a, "exec");
    buf_init(&setting, 64u << 10);
    if (added && step->profile && way->profile) {
        added = codex_arguments_add(a, "--profile") && codex_arguments_add(a, step->profile);
    } else if (added && step->profile) {
        add_provider(way, &setting);
        added = add_setting(a, &setting);
        buf_clear(&setting);
        buf_add_format(&setting, "model_provider=\"%s\"", step->profile);
        added = added && add_setting(a, &setting);
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
