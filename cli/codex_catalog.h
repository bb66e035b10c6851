/* codex_catalog: writes Codex's model metadata to the file where the proxy expects it (proxy/answers/catalog.h). */
#ifndef POINTSMAN_CLI_CODEX_CATALOG_H
#define POINTSMAN_CLI_CODEX_CATALOG_H

#include "common/buf.h"

/* Starts a child process that runs `codex debug models` and writes codex-models.json to `folder`; the file is complete
 * or absent. Returns the child's pid; -1: no Codex. */
int codex_catalog_begin(const char *folder);
/* Waits for that child, a few seconds at most. */
void codex_catalog_end(int pid);
/* The path of the user's Codex: $CODEX_CLI_PATH, else codex in PATH. Free with free(); NULL: not found. */
char *codex_find(void);

#endif
