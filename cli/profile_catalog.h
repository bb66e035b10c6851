/* profile_catalog: model metadata files for the managed profiles, for Codex versions and providers that can't get them
 * from the proxy. See proxy/answers/catalog.h. */
#ifndef POINTSMAN_CLI_PROFILE_CATALOG_H
#define POINTSMAN_CLI_PROFILE_CATALOG_H

#include "cli/profile_text.h"

/* Appends the catalog for PROFILE_FILE_CATALOG (the aliases in the configuration at `config`) or
 * PROFILE_FILE_HF_CATALOG. `codex_models`: output of `codex debug models`. false: one line in `why`. */
MUST_CHECK bool profile_catalog_make(enum profile_file file, const char *config, struct slice codex_models,
                                     struct buf *out, struct buf *why);

#endif
