/* catalog: pure. What Codex wants to know of a model (system prompt, tools, context window), for our aliases: without
 * it, it warns of missing metadata and takes every window for 272,000 tokens. It is derived from the catalog that the
 * user's own Codex prints ("codex debug models"), so that prompt and tools are that Codex's: only what an alias is
 * differs. */
#ifndef POINTSMAN_CATALOG_H
#define POINTSMAN_CATALOG_H

#include "common/document.h"
#include "proxy/config/config.h"

#define CATALOG_TEXT_MAX (16u << 20) /* bytes; Codex 0.169.0 prints 745 KB */

struct catalog;

/* Reads {"models":[{"slug":…},…]} and keeps of it the entries that are needed: those whose slug is an alias, and as the
 * base of all other aliases the first one with ordinary tools (neither code mode nor "responses lite"). NULL: not such
 * a catalog, or no memory; `error` then has a sentence. Free with catalog_free(). */
struct catalog *catalog_read(struct slice text, const struct config *config, struct buf *error);
void catalog_free(struct catalog *c);
/* Adds the members of an alias's entry. `window`: context window in tokens, 0: unknown, then the base's. `priority`:
 * its place in Codex's list of models, from 1. Returns how many bytes came from Codex's own entry. */
size_t catalog_describe(const struct catalog *c, struct slice alias, int64_t window, unsigned priority,
                        struct container in);

#endif
