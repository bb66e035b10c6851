/* config_variables: pure. Which environment variables a configuration looks up. The starter of a proxy passes only
 * these: other variables can neither leak nor affect the process. */
#ifndef POINTSMAN_CONFIG_VARIABLES_H
#define POINTSMAN_CONFIG_VARIABLES_H

#include "proxy/config/config.h"

#define CONFIG_VARIABLES_MAX 64

/* What a variable is for. */
struct variable_purpose {
    enum variable_use use;
    char *model;          /* litellm_params.model of the first deployment that uses it so, owned; NULL: none does */
    unsigned deployments; /* number of these deployments */
};

/* Zero it before use. */
struct config_variables {
    char *names[CONFIG_VARIABLES_MAX];                      /* owned; in lookup order, without duplicates */
    struct variable_purpose purposes[CONFIG_VARIABLES_MAX]; /* parallel to names */
    unsigned count;
    unsigned groups, ready_groups; /* model groups; those with a ready deployment */
};

/* Loads the configuration with the variables from `value` (NULL: not set) and records each lookup, and, in `warnings`,
 * one line per warning, except those about deployments that are not ready (NULL: none). Not recorded: the
 * master key, HOME and CODEX_HOME, which supervisors set themselves, and the ChatGPT token endpoint, which is for
 * tests. false: one line per error in `error`. Free with config_variables_free(). */
MUST_CHECK bool config_variables_learn(struct config_variables *variables, const char *path,
                                       const char *(*value)(const char *name, void *ctx), void *ctx,
                                       struct buf *warnings, struct buf *error);
void config_variables_free(struct config_variables *variables);
/* Returns the index of a name that was looked up; -1: it was not. */
int config_variables_find(const struct config_variables *variables, struct slice name);
/* Returns whether the name was looked up. */
bool config_variables_has(const struct config_variables *variables, struct slice name);

#endif
