/* pure: except for reading its file. Loads LiteLLM's config.yaml: reads the sections, builds deployments and groups,
 * finds the master key. */
#include "proxy/config/private.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

#define ECHO_ALIAS "codex-echo"

void config_no_memory(struct config_loader *l)
{
    l->no_memory = true;
    config_error(l, 0, "out of memory");
}

bool config_read_text(struct config_loader *l, const char *what, const struct yaml_node *n, struct schema_text *out)
{
    static const struct schema_row TEXT = {.type = SCHEMA_TEXT};
    return schema_read_value(&l->reader, what, &TEXT, n, out);
}

static void read_settings(struct config_loader *l, const struct yaml_node *root)
{
    static const enum config_section SECTIONS[] = {SECTION_FILE,      SECTION_LITELLM,   SECTION_GENERAL,
                                                   SECTION_TELEMETRY, SECTION_DEBUG_LOG, SECTION_SESSION_LOG,
                                                   SECTION_ROUTER};
    struct config_settings *s = &l->settings;
    struct config *c = l->config;
    for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS;
         i++) /* if two keys set one field, the later section wins */
        schema_init(&CONFIG_KEYS, SECTIONS[i], s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_FILE, root, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_LITELLM, s->litellm, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_GENERAL, s->general, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_TELEMETRY, s->telemetry, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_DEBUG_LOG, s->debug_log, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_SESSION_LOG, s->session_log, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_ROUTER, s->router, s);
    s->config.path = c->path;
    *c = s->config;
    if (c->stream_timeout_ms < 0)
        c->stream_timeout_ms = c->timeout_ms;
    config_strategy(l);
    config_ca_file(l);
    config_key_store(l);
    config_session_log(l);
    config_outgoing_proxy(l);
    config_cache(l, s->cache, s->cache_params);
    markov_settings_init(&c->adaptive, MARKOV_CALLS);
    l->reader.error_count += markov_settings_read(l->options->path, s->adaptive_router, &c->adaptive, l->reader.errors);
}

static void init_source(struct deployment_source *s)
{
    *s = (struct deployment_source){0};
    schema_init(&CONFIG_KEYS, SECTION_ENTRY, s);
    schema_init(&CONFIG_KEYS, SECTION_PARAMS, s);
    schema_init(&CONFIG_KEYS, SECTION_INFO, s);
}

/* Reads one entry of model_list. false: the entry is skipped, with an error or a warning. */
static bool read_source(struct config_loader *l, const struct yaml_node *entry, struct deployment_source *s)
{
    init_source(s);
    s->deployment.line = entry->line;
    if (entry->kind != YAML_MAPPING) {
        config_error(l, entry->line, "model_list: expected entries with model_name and litellm_params");
        return false;
    }
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_ENTRY, entry, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_PARAMS, s->params, s);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_INFO, s->info, s); /* last, because its prices win */
    if (!s->alias.text || !*s->alias.text) {
        config_error(l, entry->line, "model_list: entry without model_name");
        return false;
    }
    if (strchr(s->alias.text, '*') != strrchr(s->alias.text, '*')) {
        config_warn(l, s->alias.line, "model_name: \"%s\": more than one \"*\"; entry ignored", s->alias.text);
        return false;
    }
    return true;
}

/* The built-in "codex-echo", which a file cannot define. */
static void echo_source(struct deployment_source *s)
{
    init_source(s);
    s->alias.text = ECHO_ALIAS;
    s->model.text = "echo/" ECHO_ALIAS;
    s->deployment.price = (struct price){0};
}

static void add_deployment(struct config_loader *l, const struct deployment_source *s)
{
    struct config *c = l->config;
    unsigned index = c->deployment_count, nth = 1;
    for (unsigned i = 0; i < index; i++)
        nth += strcmp(l->sources[i].alias.text, s->alias.text) == 0;
    l->sources[index] = *s;
    (void)config_deployment(l, index, nth); /* errors are counted; any error fails the load */
    c->deployment_count++;
}

static bool make_deployments(struct config_loader *l)
{
    const struct yaml_node *list = l->settings.model_list;
    size_t room = 1;
    for (const struct yaml_node *n = list ? list->children : NULL; n; n = n->next)
        room++;
    l->config->deployments = calloc(room, sizeof *l->config->deployments);
    l->sources = calloc(room, sizeof *l->sources);
    if (!l->config->deployments || !l->sources) {
        config_no_memory(l);
        return false;
    }
    struct deployment_source s;
    bool has_echo = false;
    for (const struct yaml_node *n = list ? list->children : NULL; n; n = n->next) {
        if (!read_source(l, n, &s))
            continue;
        add_deployment(l, &s);
        has_echo |= strcmp(s.alias.text, ECHO_ALIAS) == 0;
    }
    if (l->options->demo && !has_echo) {
        echo_source(&s);
        add_deployment(l, &s);
    }
    if (l->config->deployment_count == 0)
        config_error(l, 0, "model_list is missing or empty: nothing to serve");
    return l->reader.error_count == 0;
}

/* Duplicate ids are indistinguishable in the request log. */
static void check_ids(struct config_loader *l)
{
    const struct config *c = l->config;
    for (unsigned i = 0; i < c->deployment_count; i++)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(c->deployments[i].id, c->deployments[j].id) == 0) {
                config_warn(l, c->deployments[i].line, "model_info.id: duplicate id \"%s\": also on line %u",
                            c->deployments[i].id, c->deployments[j].line);
                break;
            }
}

/* Compares reasons without their advice, which follows a semicolon and may name the model. */
static bool same_reason(const char *a, const char *b)
{
    size_t len = strcspn(a, ";");
    return len == strcspn(b, ";") && strncmp(a, b, len) == 0;
}

/* One warning per reason, with the number of deployments. None for deployments disabled on purpose. */
static void warn_of_not_ready(struct config_loader *l)
{
    const struct config *c = l->config;
    for (unsigned i = 0; i < c->deployment_count && !l->options->silent_readiness; i++) {
        const struct deployment *d = &c->deployments[i];
        if (!d->not_ready || strncmp(d->not_ready, "disabled: ", 10) == 0)
            continue;
        unsigned earlier = 0, more = 0;
        for (unsigned j = 0; j < c->deployment_count; j++) {
            const char *other = c->deployments[j].not_ready;
            if (j != i && other && same_reason(other, d->not_ready))
                *(j < i ? &earlier : &more) += 1;
        }
        if (earlier)
            continue;
        if (more)
            config_warn(l, d->line, "%s: \"%s\" and %u more are not ready", d->not_ready, d->id, more);
        else
            config_warn(l, d->line, "%s: \"%s\" is not ready", d->not_ready, d->id);
    }
}

static void find_master_key(struct config_loader *l)
{
    static const char *const VARIABLES[] = {"LITELLM_API_KEY", "LITELLM_MASTER_KEY"};
    const struct schema_text *file = &l->settings.master_key;
    const char *key = config_env(l, VARIABLES[0]);
    if (!key)
        key = config_env(l, VARIABLES[1]);
    bool from_file = !key && file->text && *file->text;
    if (from_file)
        key = file->text;
    if (!key) {
        config_error(l, file->line, "no master key: set %s (or %s, or general_settings.master_key)%s%s%s", VARIABLES[0],
                     VARIABLES[1], file->variable ? "; " : "", file->variable ? file->variable : "",
                     file->variable ? " is not set" : "");
        return;
    }
    if (from_file && !file->variable)
        config_warn(l, file->line,
                    "general_settings.master_key: keys in files get copied and shared; use os.environ/NAME");
    if (!secret_is_clean(slice_of(key)))
        config_error(l, from_file ? file->line : 0, "invalid master key: use printable ASCII without blanks");
    else
        l->config->master_key = config_secret(l, key);
}

struct config *config_load(const struct config_options *options, struct buf *error)
{
    static void (*const STEPS[])(struct config_loader *l) = {
        check_ids,
        config_groups,
        config_fallbacks,
        config_policies,
        config_other_names,
        config_default_fallbacks,
        config_spending,
        config_baseline,
        config_error_rules,
        config_custom_providers,
        config_check_cache,
        warn_of_not_ready,
        config_check_discounts,
    };
    struct config_loader l = {
        .options = options,
        .reader = {.file = options->path,
                   .errors = error,
                   .env = options->env,
                   .env_ctx = options->env_ctx,
                   .warn = options->warn,
                   .warn_ctx = options->warn_ctx},
    };
    struct yaml_node *root = yaml_load(options->path, error);
    if (!root)
        return NULL;
    l.config = calloc(1, sizeof *l.config);
    if (!l.config || !(l.config->path = strdup(options->path))) {
        config_no_memory(&l);
        goto out;
    }
    if (root->kind != YAML_MAPPING) {
        config_error(&l, root->line, "expected a mapping with model_list and other sections");
        goto out;
    }
    read_settings(&l, root);
    if (make_deployments(&l))
        for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS && !l.no_memory; i++)
            STEPS[i](&l);
    if (!l.no_memory)
        find_master_key(&l);
out:
    config_close_prices(&l);
    schema_report(&l.reader);
    free(l.sources);
    yaml_tree_free(root);
    if (l.reader.error_count == 0) {
        l.config->warnings = l.reader.warning_count;
        return l.config;
    }
    config_free(l.config);
    return NULL;
}

/* Deployments may share one key; see config_secret(). */
static void free_secrets(struct config *c)
{
    for (unsigned i = 0; i < c->deployment_count; i++) {
        char *key = c->deployments[i].api_key;
        for (unsigned j = i; key && j < c->deployment_count; j++)
            if (c->deployments[j].api_key == key)
                c->deployments[j].api_key = NULL;
        if (c->master_key == key)
            c->master_key = NULL;
        secret_free(key);
    }
    secret_free(c->master_key);
}

void config_free(struct config *c)
{
    if (!c)
        return;
    free_secrets(c);
    for (unsigned i = 0; i < c->deployment_count; i++) {
        struct deployment *d = &c->deployments[i];
        free(d->id);
        free(d->alias);
        free(d->model);
        free(d->upstream_model);
        free(d->api_base);
        free(d->instructions);
        free(d->originator);
        free(d->not_ready);
        free(d->known_as);
        free(d->tiers);
    }
    for (unsigned i = 0; i < c->group_count; i++) {
        free(c->groups[i].alias);
        free(c->groups[i].deployments);
        free(c->groups[i].fallbacks);
    }
    for (unsigned i = 0; i < c->prompt_fallback_count; i++) {
        free(c->prompt_fallbacks[i].alias);
        free(c->prompt_fallbacks[i].fallbacks); /* its deployments array belongs to a group */
    }
    config_free_error_rules(c);
    free(c->deployments);
    free(c->groups);
    free(c->prompt_fallbacks);
    free(c->outgoing_proxy);
    secret_free(c->outgoing_login);
    free(c->ca_file);
    free(c->key_store);
    free(c->time_zone);
    free(c->ledger_retention);
    free(c->token_url);
    config_free_cache(c);
    free(c->path);
    free(c);
}

const struct model_group *config_group(const struct config *c, struct slice alias)
{
    for (unsigned i = 0; i < c->group_count; i++)
        if (slice_is(alias, c->groups[i].alias))
            return &c->groups[i];
    return NULL;
}
