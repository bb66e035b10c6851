/* codex_catalog: what the user's Codex knows of models, written where the proxy looks for it (proxy/answers/catalog.h).
 */
#ifndef POINTSMAN_CLI_CODEX_CATALOG_H
#define POINTSMAN_CLI_CODEX_CATALOG_H

#include "common/buf.h"

/* Begins to ask Codex (`codex debug models`) in a process of its own; returns that, or -1 when there is no Codex. The
 * file codex-models.json in `folder` appears whole or not at all. */
int codex_catalog_begin(const char *folder);
/* Waits for it; at most a few seconds. */
void codex_catalog_end(int pid);
/* The path of the user's Codex: $CODEX_CLI_PATH, else codex in PATH. To be freed; NULL: there is none. */
char *codex_find(void);

#endif
