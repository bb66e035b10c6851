/* catalog: pure. Codex's model metadata (system prompt, tools, context window) for the aliases. Without it, Codex warns
 * and assumes a window of 272,000 tokens. It is derived from the catalog of the user's own Codex ("codex debug
 * models"), so prompt and tools are that version's. */
#ifndef POINTSMAN_CATALOG_H
#define POINTSMAN_CATALOG_H

#include "common/document.h"
#include "proxy/config/config.h"

#define CATALOG_TEXT_MAX (16u << 20) /* bytes; Codex 0.169.0 prints 745 KB */

struct catalog;

/* Reads {"models":[{"slug":…},…]}. Keeps the entries named like an alias and, as the base for all other aliases, the
 * first one with ordinary tools (neither code mode nor "responses lite"). NULL: malformed or out of memory, one line in
 * `error`. Free with catalog_free(). */
struct catalog *catalog_read(struct slice text, const struct config *config, struct buf *error);
void catalog_free(struct catalog *c);
/* Adds the members of an alias's entry. `window`: tokens, 0: the base's. `priority`: position in Codex's model list,
 * from 1. Returns the bytes copied from Codex's entry. */
size_t catalog_describe(const struct catalog *c, struct slice alias, int64_t window, unsigned priority,
                        struct container in);

#endif
