/* own_config: loads the proxy's configuration with this process's environment, as a start would. */
#ifndef POINTSMAN_CLI_OWN_CONFIG_H
#define POINTSMAN_CLI_OWN_CONFIG_H

#include "proxy/config/config.h"

/* Loads it without a master key and without warnings. NULL: one line per error in `errors`. Free with config_free(). */
struct config *own_config_load(struct buf *errors);
/* Same, for the file at `path`. */
struct config *own_config_load_file(const char *path, struct buf *errors);

#endif
