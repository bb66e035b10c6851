/* pure. Which environment variables a configuration looks up. */
#include "proxy/config/variables.h"

#include <stdlib.h>
#include <string.h>

#define PLACEHOLDER "sk-local-placeholder" /* the load requires a master key */

struct recorder {
    struct config_variables *variables;
    const char *(*value)(const char *name, void *ctx);
    void *ctx;
};

static bool is_set_by_supervisor(const char *name)
{
    static const char *const names[] = {"LITELLM_API_KEY", "LITELLM_MASTER_KEY", "HOME", "CODEX_HOME",
                                        "CODEX_REFRESH_TOKEN_URL_OVERRIDE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

bool config_variables_has(const struct config_variables *variables, struct slice name)
{
    for (unsigned i = 0; i < variables->count; i++)
        if (slice_is(name, variables->names[i]))
            return true;
    return false;
}

static const char *look_up(const char *name, void *ctx)
{
    const struct recorder *recorder = ctx;
    struct config_variables *v = recorder->variables;
    if (strcmp(name, "LITELLM_API_KEY") == 0)
        return PLACEHOLDER;
    if (!is_set_by_supervisor(name) && !config_variables_has(v, slice_of(name)) && v->count < CONFIG_VARIABLES_MAX &&
        (v->names[v->count] = strdup(name)))
        v->count++;
    return recorder->value(name, recorder->ctx);
}

static bool is_ready(const struct model_group *group)
{
    for (unsigned i = 0; i < group->count; i++)
        if (!group->deployments[i]->not_ready)
            return true;
    return false;
}

bool config_variables_learn(struct config_variables *variables, const char *path,
                            const char *(*value)(const char *name, void *ctx), void *ctx, struct buf *error)
{
    struct recorder recorder = {variables, value, ctx};
    config_variables_free(variables);
    struct config *config =
        config_load(&(struct config_options){.path = path, .env = look_up, .env_ctx = &recorder}, error);
    if (!config)
        return false;
    variables->groups = config->group_count;
    for (unsigned i = 0; i < config->group_count; i++)
        variables->ready_groups += is_ready(&config->groups[i]);
    config_free(config);
    return true;
}

void config_variables_free(struct config_variables *variables)
{
    while (variables->count)
        free(variables->names[--variables->count]);
    *variables = (struct config_variables){0};
}
