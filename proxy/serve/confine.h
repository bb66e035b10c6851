/* confine: main. Which folders the proxy keeps within its reach once it serves. */
#ifndef POINTSMAN_CONFINE_H
#define POINTSMAN_CONFINE_H

#include "common/harden.h"
#include "proxy/config/config.h"

/* NO_NEW_PRIVS and the sandbox (proxy/serve/sandbox.h): readable stay the folders of the configuration, of its ca_file
 * and of `catalog_file`, writable those of the journal and of `key_file`, and of Codex's login where a deployment uses
 * it. Both files may be NULL. */
void confine(const struct config *config, const char *catalog_file, const char *key_file, struct harden_status *status);
/* The same for the parent of workers, which needs to reach `key_file` alone. */
void confine_parent(const char *key_file, struct harden_status *status);

#endif
