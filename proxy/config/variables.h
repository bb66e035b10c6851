/* config_variables: pure. Which variables of the environment a configuration looks up. Whoever starts a proxy hands it
 * exactly these: what is not asked for can neither leak nor steer the process. */
#ifndef POINTSMAN_CONFIG_VARIABLES_H
#define POINTSMAN_CONFIG_VARIABLES_H

#include "proxy/config/config.h"

#define CONFIG_VARIABLES_MAX 64

/* Zeroed before its first use. */
struct config_variables {
    char *names[CONFIG_VARIABLES_MAX]; /* owned; in the order in which they were looked up; no name twice */
    unsigned count;
    unsigned groups, ready_groups; /* model groups, and those of them with a deployment that is ready */
};

/* Loads the configuration with the variables as `value` has them (NULL: not set) and notes each look-up. Not noted, for
 * a supervisor sets them itself: the master key, HOME, CODEX_HOME; and the ChatGPT login's token endpoint, which is for
 * tests. false with the configuration's faults in `error`, a line each. */
MUST_CHECK bool config_variables_learn(struct config_variables *variables, const char *path,
                                       const char *(*value)(const char *name, void *ctx), void *ctx, struct buf *error);
void config_variables_free(struct config_variables *variables);
/* Whether the name was looked up. */
bool config_variables_has(const struct config_variables *variables, struct slice name);

#endif
