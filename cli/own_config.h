/* own_config: the proxy's configuration as a start of now would have it: the file, with the variables of our own
 * environment. */
#ifndef POINTSMAN_CLI_OWN_CONFIG_H
#define POINTSMAN_CLI_OWN_CONFIG_H

#include "proxy/config/config.h"

/* Loads it; a master key is not needed, and warnings are not told. NULL with one line per fault in `errors`. Free with
 * config_free(). */
struct config *own_config_load(struct buf *errors);
/* The same of a file that is named. */
struct config *own_config_load_file(const char *path, struct buf *errors);

#endif
