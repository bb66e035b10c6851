/* The contents of the managed profiles. */
#include "cli/profile_text.h"

#include "cli/gateway.h"
#include "common/json.h"
#include "common/url.h"

#include <stdio.h>
#include <string.h>

#define SETTINGS_MAX 5

static const char *const NAMES[] = {
    [PROFILE_FILE_CATALOG] = PROFILE_CATALOG,
    [PROFILE_FILE_HF_CATALOG] = PROFILE_HF_CATALOG,
    [PROFILE_FILE_PROXY] = PROFILE_PROXY ".config.toml",
    [PROFILE_FILE_HF] = PROFILE_HF ".config.toml",
    [PROFILE_FILE_CONFIG] = "config.toml",
};

static const char *const OWNED[][2] = {
    {"model_providers", PROFILE_PROXY}, {"model_providers", PROFILE_HF}, {"model_providers", PROFILE_DEFAULT},
    {"profiles", PROFILE_PROXY},        {"profiles", PROFILE_HF},        {NULL, NULL},
};

/* The user's settings that --default sets aside: they would select another provider, or apply another model's context
 * window, so that Codex would never compact. */
static const char *const ASIDE[] = {"model_catalog_json", "profile", "model_context_window",
                                    "model_auto_compact_token_limit", NULL};

bool codex_version_read(struct slice text, struct codex_version *v)
{
    char line[64];
    size_t at = 0, len;
    while (at < text.len && (text.ptr[at] < '0' || text.ptr[at] > '9'))
        at++;
    len = text.len - at < sizeof line - 1 ? text.len - at : sizeof line - 1;
    memcpy(line, text.ptr + at, len);
    line[len] = '\0';
    return sscanf(line, "%5u.%5u.%5u", &v->major, &v->minor, &v->patch) == 3;
}

static bool is_from(const struct codex_version *v, unsigned minor)
{
    return !v || v->major > 0 || v->minor >= minor;
}

/* 0.134: profiles became files (openai/codex#24051). The key command is older (#16288). 0.169 is the first version
 * observed to load a provider's catalog without a feature flag. */
struct profile_style profile_style_of(const struct codex_version *version)
{
    return (struct profile_style){
        .files = is_from(version, 134),
        .key_command = is_from(version, 134),
        .catalog_url = is_from(version, 169),
    };
}

const char *profile_file_name(enum profile_file file)
{
    return NAMES[file];
}

bool profile_file_is_toml(enum profile_file file)
{
    return file > PROFILE_FILE_HF_CATALOG;
}

bool profile_file_used(const struct profile_spec *spec, enum profile_file file)
{
    switch (file) {
    case PROFILE_FILE_CATALOG: return spec->catalogs && !spec->style.catalog_url;
    case PROFILE_FILE_HF_CATALOG: return spec->catalogs;
    case PROFILE_FILE_PROXY:
    case PROFILE_FILE_HF: return spec->style.files;
    case PROFILE_FILE_CONFIG: return !spec->style.files || spec->make_default;
    case PROFILE_FILE_COUNT: break;
    }
    return false;
}

/* A TOML basic string: JSON's escapes are valid in it. */
static void add_string(struct buf *out, const char *text)
{
    json_add_string(out, slice_of(text));
}

static void add_setting(struct buf *out, const char *key, const char *value)
{
    buf_add_format(out, "%s = ", key);
    add_string(out, value);
    buf_add_char(out, '\n');
}

static void add_provider(struct buf *out, const char *id, const char *name, const char *base_url)
{
    buf_add_format(out, "[model_providers.%s]\n", id);
    add_setting(out, "name", name);
    add_setting(out, "base_url", base_url);
    add_setting(out, "wire_api", "responses");
}

/* `key_command` NULL: the key is in the environment. */
static void add_proxy_provider(struct buf *out, const struct profile_spec *spec, const char *id,
                               const char *key_command)
{
    add_provider(out, id, "pointsman", spec->base_url);
    BUF_ADD(out, "env_http_headers = { \"x-pointsman-run-id\" = \"" PROFILE_RUN_ID_ENV "\" }\n");
    if (spec->style.catalog_url) {
        BUF_ADD(out, "model_catalog_url = ");
        struct buf url;
        buf_init(&url, 4096);
        buf_add_format(&url, "%s/models", spec->base_url);
        json_add_string(out, buf_slice(&url));
        BUF_ADD(out, "\n");
        buf_free(&url);
    }
    if (!key_command) {
        add_setting(out, "env_key", PROFILE_KEY_ENV);
        return;
    }
    buf_add_format(out, "[model_providers.%s.auth]\n", id);
    add_setting(out, "command", key_command);
    BUF_ADD(out, "args = [\"key\"]\n");
}

static void add_hf_provider(struct buf *out)
{
    add_provider(out, PROFILE_HF, "Hugging Face", PROFILE_HF_BASE);
    add_setting(out, "env_key", PROFILE_HF_KEY_ENV);
}

static void add_profile(struct buf *out, const char *profile, const char *model, const char *catalog)
{
    buf_add_format(out, "[profiles.%s]\n", profile);
    add_setting(out, "model", model);
    add_setting(out, "model_provider", profile);
    if (catalog)
        add_setting(out, "model_catalog_json", catalog);
}

static const char *key_command_of(const struct profile_spec *spec)
{
    return spec->style.key_command ? spec->key_command : NULL;
}

static const char *catalog_of(const struct profile_spec *spec)
{
    return profile_file_used(spec, PROFILE_FILE_CATALOG) ? PROFILE_CATALOG : NULL;
}

static const char *hf_catalog_of(const struct profile_spec *spec)
{
    return profile_file_used(spec, PROFILE_FILE_HF_CATALOG) ? PROFILE_HF_CATALOG : NULL;
}

static void add_tables(struct buf *out, const struct profile_spec *spec, enum profile_file file)
{
    if (file == PROFILE_FILE_PROXY) {
        add_proxy_provider(out, spec, PROFILE_PROXY, key_command_of(spec));
    } else if (file == PROFILE_FILE_HF) {
        add_hf_provider(out);
    } else if (file == PROFILE_FILE_CONFIG) {
        if (!spec->style.files) {
            add_profile(out, PROFILE_PROXY, spec->model, catalog_of(spec));
            add_profile(out, PROFILE_HF, PROFILE_HF_MODEL, hf_catalog_of(spec));
            add_proxy_provider(out, spec, PROFILE_PROXY, key_command_of(spec));
            add_hf_provider(out);
        }
        /* An agent without a terminal has the key in its environment, and often no pointsman on its machine. */
        if (spec->make_default)
            add_proxy_provider(out, spec, PROFILE_DEFAULT, NULL);
    }
}

/* A file's settings outside of tables, and the strings of their values. */
struct top_settings {
    struct toml_setting list[SETTINGS_MAX];
    struct buf values[SETTINGS_MAX];
    unsigned count;
};

static struct toml_setting *set(struct top_settings *s, const char *key, const char *value)
{
    struct buf *text = &s->values[s->count];
    buf_init(text, 4096);
    if (value)
        add_string(text, value);
    s->list[s->count] = (struct toml_setting){.key = key, .value = value ? buf_text(text) : NULL};
    return &s->list[s->count++];
}

/* The provider first: it decides whether the others are still ours (toml_block.h). Without review_model, `codex review`
 * would request the user's review model, which the provider lacks. A profile in a table has no such key. */
static void settings_of(const struct profile_spec *spec, enum profile_file file, struct top_settings *s)
{
    *s = (struct top_settings){0};
    if (file == PROFILE_FILE_CONFIG && !spec->make_default)
        return;
    bool hf = file == PROFILE_FILE_HF;
    set(s, "model_provider", hf ? PROFILE_HF : file == PROFILE_FILE_PROXY ? PROFILE_PROXY : PROFILE_DEFAULT);
    set(s, "model", hf ? PROFILE_HF_MODEL : spec->model);
    set(s, "review_model", hf ? PROFILE_HF_MODEL : spec->model)->newer = true;
    const char *catalog = hf ? hf_catalog_of(spec) : catalog_of(spec);
    if (catalog)
        set(s, "model_catalog_json", catalog);
}

static void settings_free(struct top_settings *s)
{
    while (s->count)
        buf_free(&s->values[--s->count]);
}

bool profile_text_insert(const struct profile_spec *spec, enum profile_file file, struct slice text, struct buf *out,
                         struct buf *why)
{
    struct top_settings settings;
    struct buf tables;
    buf_init(&tables, 64u << 10);
    settings_of(spec, file, &settings);
    add_tables(&tables, spec, file);
    struct toml_block block = {settings.list, ASIDE, buf_text(&tables), OWNED};
    bool ok = !tables.failed && toml_block_insert(text, &block, NAMES[file], out, why);
    if (!ok && !why->len)
        BUF_ADD(why, "out of memory");
    settings_free(&settings);
    buf_free(&tables);
    return ok;
}

bool profile_text_remove(const struct profile_spec *spec, enum profile_file file, struct slice text, struct buf *out,
                         struct buf *why)
{
    struct top_settings settings;
    settings_of(spec, file, &settings);
    struct toml_block block = {settings.list, ASIDE, "", OWNED};
    bool ok = toml_block_remove(text, &block, NAMES[file], out, why);
    settings_free(&settings);
    return ok;
}

bool profile_base_url(const char *given, struct buf *out, struct buf *why)
{
    struct url url;
    if (!url_split(slice_of(given), &url)) {
        buf_add_format(why, "\"%s\" is not a base URL: expected " URL_FORM, given);
        return false;
    }
    return gateway_base(slice_of(given), out);
}
