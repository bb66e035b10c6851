/* pure. Which environment variables a configuration looks up. */
#include "proxy/config/variables.h"

#include "proxy/config/price_table.h"

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

int config_variables_find(const struct config_variables *variables, struct slice name)
{
    for (unsigned i = 0; i < variables->count; i++)
        if (slice_is(name, variables->names[i]))
            return (int)i;
    return -1;
}

bool config_variables_has(const struct config_variables *variables, struct slice name)
{
    return config_variables_find(variables, name) >= 0;
}

/* Returns the index of the name, which is added if needed; -1: it is not recorded, or out of memory. */
static int record(struct config_variables *v, const char *name)
{
    int known = config_variables_find(v, slice_of(name));
    if (known >= 0 || is_set_by_supervisor(name) || v->count == CONFIG_VARIABLES_MAX ||
        !(v->names[v->count] = strdup(name)))
        return known;
    return (int)v->count++;
}

static const char *look_up(const char *name, void *ctx)
{
    const struct recorder *recorder = ctx;
    if (strcmp(name, "LITELLM_API_KEY") == 0)
        return PLACEHOLDER;
    (void)record(recorder->variables, name);
    return recorder->value(name, recorder->ctx);
}

/* A variable counts as what the first deployment that needs it needs it for. A spare one that was not looked up stays
 * unrecorded: the proxy does not get it. */
static void note_use(const char *variable, enum variable_use use, const struct deployment *d, void *ctx)
{
    const struct recorder *recorder = ctx;
    int index = use == VARIABLE_SPARE ? config_variables_find(recorder->variables, slice_of(variable))
                                      : record(recorder->variables, variable);
    if (index < 0)
        return;
    struct variable_purpose *purpose = &recorder->variables->purposes[index];
    if (purpose->use == VARIABLE_OTHER || (purpose->use == VARIABLE_SPARE && use != VARIABLE_SPARE)) {
        free(purpose->model);
        *purpose = (struct variable_purpose){.use = use, .model = strdup(d->model)};
    }
    purpose->deployments += use == purpose->use;
}

static bool is_ready(const struct model_group *group)
{
    for (unsigned i = 0; i < group->count; i++)
        if (!group->deployments[i]->not_ready)
            return true;
    return false;
}

static void add_warning(const char *message, void *ctx)
{
    struct buf *warnings = ctx;
    buf_add_format(warnings, "%s\n", message);
}

bool config_variables_learn(struct config_variables *variables, const char *path,
                            const char *(*value)(const char *name, void *ctx), void *ctx, struct buf *warnings,
                            struct buf *error)
{
    struct recorder recorder = {variables, value, ctx};
    /* Some warnings depend on the prices. */
    char *prices = warnings ? price_table_path() : NULL;
    config_variables_free(variables);
    struct config *config = config_load(&(struct config_options){.path = path,
                                                                 .env = look_up,
                                                                 .uses = note_use,
                                                                 .env_ctx = &recorder,
                                                                 .price_table = prices,
                                                                 .warn = warnings ? add_warning : NULL,
                                                                 .silent_readiness = true,
                                                                 .warn_ctx = warnings},
                                        error);
    free(prices);
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
    while (variables->count) {
        free(variables->names[--variables->count]);
        free(variables->purposes[variables->count].model);
    }
    *variables = (struct config_variables){0};
}
