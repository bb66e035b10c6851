/* confine: main. Which folders the serving proxy can reach. */
#ifndef POINTSMAN_CONFINE_H
#define POINTSMAN_CONFINE_H

#include "common/harden.h"
#include "proxy/config/config.h"

/* Sets NO_NEW_PRIVS and enters the sandbox (common/sandbox.h). Readable: the folders of the configuration, its
 * ca_file, `catalog_file`, and the prices that came with pointsman. Writable: the folders of the logs and of
 * `key_file`, and Codex's folder if a deployment uses its login. Both files may be NULL. */
void confine(const struct config *config, const char *catalog_file, const char *key_file, struct harden_status *status);
/* The same for the workers' parent, which needs `key_file` only. */
void confine_parent(const char *key_file, struct harden_status *status);

/* The same for the keeper of the virtual keys, which needs the folder of its store. */
void confine_keeper(const char *key_store, struct harden_status *status);

#endif
