/* profile_catalog: what Codex wants to know of the models of the managed profiles, as files, for where it can't ask the
 * proxy: Codex of former versions, and Hugging Face's router. See proxy/answers/catalog.h. */
#ifndef POINTSMAN_CLI_PROFILE_CATALOG_H
#define POINTSMAN_CLI_PROFILE_CATALOG_H

#include "cli/profile_text.h"

/* Appends the catalog for PROFILE_FILE_CATALOG (the aliases of the proxy's configuration `config`) or
 * PROFILE_FILE_HF_CATALOG, made from what `codex debug models` printed. false with a sentence in `why`. */
MUST_CHECK bool profile_catalog_make(enum profile_file file, const char *config, struct slice codex_models,
                                     struct buf *out, struct buf *why);

#endif
