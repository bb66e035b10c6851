/* profile_text: pure. The contents of the managed profiles.
 *
 * Codex 0.134 and later reads each profile from a file, $CODEX_HOME/NAME.config.toml; earlier versions from tables in
 * config.toml. --default always adds settings and a table to config.toml. */
#ifndef POINTSMAN_CLI_PROFILE_TEXT_H
#define POINTSMAN_CLI_PROFILE_TEXT_H

#include "cli/toml_block.h"

#define PROFILE_PROXY "cost-routing"
#define PROFILE_HF "cost-routing-hf"
#define PROFILE_DEFAULT "cost-routing-default" /* a provider, not a profile */

#define PROFILE_MODEL "codex-default"
#define PROFILE_HF_MODEL "openai/gpt-oss-120b:fastest"
#define PROFILE_HF_WINDOW 131072 /* context window of PROFILE_HF_MODEL, tokens */
#define PROFILE_HF_BASE "https://router.huggingface.co/v1"
#define PROFILE_KEY_ENV "LITELLM_API_KEY"
#define PROFILE_HF_KEY_ENV "HF_TOKEN"
#define PROFILE_RUN_ID_ENV "POINTSMAN_RUN_ID" /* Codex sends it to the proxy as x-pointsman-run-id */

#define PROFILE_CATALOG PROFILE_PROXY ".models.json"
#define PROFILE_HF_CATALOG PROFILE_HF ".models.json"

struct codex_version {
    unsigned major, minor, patch;
};

/* Parses the output of `codex --version`: "codex-cli 0.169.0". false: no version found. */
MUST_CHECK bool codex_version_read(struct slice text, struct codex_version *version);

struct profile_style {
    bool files;       /* profiles are files; false: tables in config.toml */
    bool key_command; /* Codex can run a command to get a provider's key */
    bool catalog_url; /* Codex can get model metadata from the provider */
};

/* What this version supports; NULL: the newest known version. */
struct profile_style profile_style_of(const struct codex_version *version);

struct profile_spec {
    struct profile_style style;
    bool make_default;       /* --default */
    const char *model;       /* of the proxy's profile and of --default */
    const char *base_url;    /* the proxy's, with /v1 */
    const char *key_command; /* how Codex runs pointsman; NULL: the key is in LITELLM_API_KEY */
    bool catalogs;           /* the catalog files exist */
};

enum profile_file {
    PROFILE_FILE_CATALOG, /* catalogs first: Codex refuses to start if a named one is missing */
    PROFILE_FILE_HF_CATALOG,
    PROFILE_FILE_PROXY,
    PROFILE_FILE_HF,
    PROFILE_FILE_CONFIG,
    PROFILE_FILE_COUNT,
};

/* The file's name in CODEX_HOME. */
const char *profile_file_name(enum profile_file file);
/* Whether this spec uses the file. */
bool profile_file_used(const struct profile_spec *spec, enum profile_file file);
/* Whether only a part of the file is ours (TOML); false: the whole file is. */
bool profile_file_is_toml(enum profile_file file);

/* Appends `text` with our part, like toml_block_insert(). */
MUST_CHECK bool profile_text_insert(const struct profile_spec *spec, enum profile_file file, struct slice text,
                                    struct buf *out, struct buf *why);
/* Appends `text` without our part, like toml_block_remove(). Uses only `make_default` and `model` of the spec; model
 * NULL: unknown. */
MUST_CHECK bool profile_text_remove(const struct profile_spec *spec, enum profile_file file, struct slice text,
                                    struct buf *out, struct buf *why);

/* Appends the base URL, with "/v1" if it is missing. false: not an http(s) URL, one line in `why`. */
MUST_CHECK bool profile_base_url(const char *given, struct buf *out, struct buf *why);

#endif
