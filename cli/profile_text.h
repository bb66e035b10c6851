/* profile_text: what stands in the managed profiles. Pure.
 *
 * Codex from 0.134 on reads a profile from a file of its own, $CODEX_HOME/NAME.config.toml; Codex before that from
 * tables in config.toml. --default is settings and a table in config.toml with either. */
#ifndef POINTSMAN_CLI_PROFILE_TEXT_H
#define POINTSMAN_CLI_PROFILE_TEXT_H

#include "cli/toml_block.h"

#define PROFILE_PROXY "cost-routing"
#define PROFILE_HF "cost-routing-hf"
#define PROFILE_DEFAULT "cost-routing-default" /* a provider, no profile */

#define PROFILE_MODEL "codex-default"
#define PROFILE_HF_MODEL "openai/gpt-oss-120b:fastest"
#define PROFILE_HF_WINDOW 131072
#define PROFILE_HF_BASE "https://router.huggingface.co/v1"
#define PROFILE_KEY_ENV "LITELLM_API_KEY"
#define PROFILE_HF_KEY_ENV "HF_TOKEN"
#define PROFILE_RUN_ID_ENV "POINTSMAN_RUN_ID" /* goes to the proxy as x-pointsman-run-id */

#define PROFILE_CATALOG PROFILE_PROXY ".models.json"
#define PROFILE_HF_CATALOG PROFILE_HF ".models.json"

struct codex_version {
    unsigned major, minor, patch;
};

/* What `codex --version` printed: "codex-cli 0.169.0". false: no version in it. */
MUST_CHECK bool codex_version_read(struct slice text, struct codex_version *version);

struct profile_style {
    bool files;       /* profiles are files; else tables in config.toml */
    bool key_command; /* a provider's key may come from a command */
    bool catalog_url; /* a provider's models may come from its own server */
};

/* What that version takes; NULL: the newest known. */
struct profile_style profile_style_of(const struct codex_version *version);

struct profile_spec {
    struct profile_style style;
    bool make_default;       /* --default */
    const char *model;       /* of the proxy's profile and of the default */
    const char *base_url;    /* the proxy's, with /v1 */
    const char *key_command; /* pointsman, as Codex should start it; NULL: the key is in LITELLM_API_KEY */
    bool catalogs;           /* the catalog files are there */
};

enum profile_file {
    PROFILE_FILE_CATALOG, /* catalogs first: Codex refuses to start without one that is named */
    PROFILE_FILE_HF_CATALOG,
    PROFILE_FILE_PROXY,
    PROFILE_FILE_HF,
    PROFILE_FILE_CONFIG,
    PROFILE_FILE_COUNT,
};

/* Its name in CODEX_HOME. */
const char *profile_file_name(enum profile_file file);
/* Whether it is one of ours with such a spec. */
bool profile_file_used(const struct profile_spec *spec, enum profile_file file);
/* Whether ours is a part of it, to be put in and taken out; else we make all of it. */
bool profile_file_is_toml(enum profile_file file);

/* Puts our part of a TOML file into `text`; as toml_block_insert(). */
MUST_CHECK bool profile_text_insert(const struct profile_spec *spec, enum profile_file file, struct slice text,
                                    struct buf *out, struct buf *why);
/* Takes it out; as toml_block_remove(). Of the spec `make_default` and `model` count; model NULL: unknown. */
MUST_CHECK bool profile_text_remove(const struct profile_spec *spec, enum profile_file file, struct slice text,
                                    struct buf *out, struct buf *why);

/* Appends the base URL with "/v1" at its end, where it has none. false with a sentence in `why`: no http(s) URL. */
MUST_CHECK bool profile_base_url(const char *given, struct buf *out, struct buf *why);

#endif
