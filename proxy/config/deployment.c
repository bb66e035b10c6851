/* pure. Builds a deployment from a model_list entry: provider, base URL, key, and why it is not ready. */
#include "proxy/config/private.h"

#include "common/secret.h"
#include "common/url.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRIES_MAX 10 /* of a provider's retries variable */

char *config_secret(struct config_loader *l, const char *text)
{
    struct config *c = l->config;
    for (unsigned i = 0; i < c->deployment_count; i++)
        if (c->deployments[i].api_key && strcmp(c->deployments[i].api_key, text) == 0)
            return c->deployments[i].api_key;
    char *kept = secret_keep(slice_of(text));
    if (!kept)
        config_error(l, 0, "can't lock memory for another key: too many different keys, or `ulimit -l` is too low");
    return kept;
}

/* Returns a new formatted string; NULL with an error if out of memory. */
static PRINTF_LIKE(2, 0) char *format_list(struct config_loader *l, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *out = len < 0 ? NULL : malloc((size_t)len + 1);
    if (out)
        vsnprintf(out, (size_t)len + 1, format, args);
    else
        config_no_memory(l);
    return out;
}

static PRINTF_LIKE(2, 3) char *new_text(struct config_loader *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *out = format_list(l, format, args);
    va_end(args);
    return out;
}

static void report_use(const struct config_loader *l, const char *variable, enum variable_use use,
                       const struct deployment *d)
{
    if (variable && l->options->uses)
        l->options->uses(variable, use, d, l->options->env_ctx);
}

/* Sets the reason, unless there is one. */
static PRINTF_LIKE(3, 4) void not_ready(struct config_loader *l, struct deployment *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!d->not_ready)
        d->not_ready = format_list(l, format, args);
    va_end(args);
}

/* The part of the model name before the first '/'; empty: none. */
static struct slice prefix_of(const char *model)
{
    const char *slash = strchr(model, '/');
    return (struct slice){model, slash ? (size_t)(slash - model) : 0};
}

/* Whether the prefix names the provider. With an api_base, an unknown prefix is part of that server's model name. */
static bool is_known(const struct deployment_source *s, const struct provider *p)
{
    struct slice prefix = prefix_of(s->model.text);
    return prefix.len == 0 || slice_is(prefix, p->prefix) || s->api_base.line;
}

/* Finds the provider and its name for the model. */
static bool resolve_model(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    struct buf name;
    buf_init(&name, 8192);
    bool ok = provider_resolve(s->model.text, &d->provider, &name);
    if (!ok && name.failed && !name.full)
        config_no_memory(l);
    else if (!ok)
        config_error(l, s->model.line, "litellm_params.model: no model name in \"%s\"", s->model.text);
    else if ((d->model = new_text(l, "%s", s->model.text)))
        d->upstream_model = new_text(l, "%.*s", SLICE_ARGS(buf_slice(&name)));
    buf_free(&name);
    return d->model && d->upstream_model;
}

static bool set_model(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    static const char WHAT[] = "litellm_params.model";
    if (!s->model.text && !s->model.variable) {
        config_error(l, s->deployment.line, "%s is missing", WHAT);
        return false;
    }
    if (!s->model.text) {
        d->provider = provider_unknown();
        d->model = new_text(l, "os.environ/%s", s->model.variable);
        d->upstream_model = new_text(l, "%s", s->model.variable);
        report_use(l, s->model.variable, VARIABLE_NEED, d);
        return d->model && d->upstream_model;
    }
    if (!resolve_model(l, s, d))
        return false;
    if (d->provider->kind == PROVIDER_ECHO && !l->options->demo) {
        config_error(l, s->model.line, "%s: \"%s\" is available only in demo mode", WHAT, s->model.text);
        return false;
    }
    if (!is_known(s, d->provider))
        d->provider = provider_unknown();
    return true;
}

/* A provider without APIs is unsupported (LiteLLM has it) or unknown. The text after the semicolon depends on the
 * model; see warn_of_not_ready(). */
static void check_provider(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    const char *model = s->model.text, *star = model ? strchr(model, '*') : NULL;
    if (!model)
        not_ready(l, d, "%s is not set", s->model.variable);
    else if (star && (!d->wildcard || strchr(star + 1, '*')))
        not_ready(l, d, "litellm_params.model: \"%s\" needs a model_name with a \"*\", and may have one", model);
    else if (d->provider->wires == 0)
        not_ready(l, d,
                  "the provider \"%.*s\" is not %s; for an OpenAI-compatible server write \"openai/%s\" and set "
                  "api_base",
                  SLICE_ARGS(prefix_of(model)), d->provider == provider_unknown() ? "known" : "supported",
                  strchr(model, '/') + 1);
}

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

/* The server that the provider's variable names, else its default; NULL: neither. */
static const char *usual_base(const struct config_loader *l, const struct provider *p)
{
    const char *variable = p->base_env ? config_env(l, p->base_env) : NULL;
    return variable ? variable : p->api_base;
}

/* No base, or not a URL: an error if the file sets it, else the deployment is not ready. */
static bool no_base(struct config_loader *l, const struct deployment_source *s, struct deployment *d, bool missing)
{
    static const char WHAT[] = "litellm_params.api_base";
    const struct provider *p = d->provider;
    if (!missing && s->api_base.text) {
        config_error(l, s->api_base.line, "%s: expected " URL_FORM, WHAT);
        return false;
    }
    if (!p->base_env)
        not_ready(l, d, "%s is missing: \"%s/\" has no default server", WHAT, p->prefix);
    else
        not_ready(l, d, missing ? "%s is not set" : "%s: expected " URL_FORM, p->base_env);
    return true;
}

/* The first of the provider's key variables that is set. *variable: its name, or the first name if none is set. */
static const char *own_key(const struct config_loader *l, const struct provider *p, const char **variable)
{
    const char *key = NULL;
    *variable = p->key_env[0];
    for (unsigned i = 0; !key && p->key_env[i]; i++)
        if ((key = config_env(l, p->key_env[i])))
            *variable = p->key_env[i];
    return key;
}

static void warn_of_keys(struct config_loader *l, const struct deployment_source *s, const struct provider *p,
                         const struct url *url, bool own)
{
    static const char WHAT[] = "litellm_params.api_base";
    const char *variable;
    if (url_is_loopback(url))
        return;
    if (!url->tls && (s->api_key.text || (own && !s->api_key.variable && own_key(l, p, &variable))))
        config_warn(l, s->api_base.line, "%s: the key goes over the network unencrypted; use https://", WHAT);
    if (!own && !s->api_key.line && p->key_env[0])
        config_warn(l, s->api_base.line, "%s: %s is not sent to %.*s; give api_key if that server needs one", WHAT,
                    p->key_env[0], SLICE_ARGS(url->host));
}

/* Checks the outbound proxy for a base on another machine. */
static void check_way(struct config_loader *l, struct deployment *d, const struct url *url)
{
    const struct schema_text *proxy = &l->settings.outgoing_proxy;
    if (url_is_loopback(url))
        return;
    report_use(l, proxy->variable, VARIABLE_NEED, d);
    if (proxy->variable && !proxy->text)
        not_ready(l, d, "%s is not set: it names the outbound proxy", proxy->variable);
    else if (l->config->outgoing_proxy && !url->tls)
        not_ready(l, d, "http:// api_base behind the outbound proxy, which could read the requests: use https://");
}

/* Sets the base. *own: the provider's own key may be sent there, because it is the default server, or because the
 * provider is one that users run and has no default. */
static bool set_base(struct config_loader *l, const struct deployment_source *s, struct deployment *d, bool *own)
{
    const struct provider *p = d->provider;
    struct url url, standard;
    *own = true;
    if (p->kind == PROVIDER_ECHO || p->wires == 0)
        return true;
    report_use(l, s->api_base.line ? s->api_base.variable : p->base_env, VARIABLE_NEED, d);
    if (s->api_base.variable && !s->api_base.text) {
        not_ready(l, d, "%s is not set", s->api_base.variable);
        return true;
    }
    const char *usual = usual_base(l, p), *base = s->api_base.text ? s->api_base.text : usual;
    if (!base || !url_split(slice_of(base), &url))
        return no_base(l, s, d, !base);
    while (url.path.len && url.path.ptr[url.path.len - 1] == '/')
        url.path.len--;
    const char *added = p->base_path && !ends_with(url.path, p->base_path) ? p->base_path : "";
    d->api_base = new_text(l, "%.*s%.*s%s", SLICE_ARGS(url.origin), SLICE_ARGS(url.path), added);
    *own = usual ? url_split(slice_of(usual), &standard) && slice_equal(url.origin, standard.origin)
                 : p->base_env != NULL;
    warn_of_keys(l, s, p, &url, *own);
    check_way(l, d, &url);
    return d->api_base != NULL;
}

/* Whether the variable is one of the provider's own and no key is required. */
static bool is_optional(const struct provider *p, const char *variable)
{
    for (unsigned i = 0; !p->key_required && p->key_env[i]; i++)
        if (strcmp(p->key_env[i], variable) == 0)
            return true;
    return false;
}

/* Sets the key from the file, else from the provider's variables if the server is the provider's own: a key is never
 * sent to another server. */
static bool set_key(struct config_loader *l, const struct deployment_source *s, struct deployment *d, bool own)
{
    static const char WHAT[] = "litellm_params.api_key";
    const char *key = s->api_key.text && *s->api_key.text ? s->api_key.text : NULL;
    const char *variable = s->api_key.variable;
    bool literal = key && !variable;
    report_use(l, variable, VARIABLE_KEY, d);
    if (!key && !variable && own) {
        key = own_key(l, d->provider, &variable);
        bool sure = d->api_base || !s->api_base.variable; /* whether the key will be sent there */
        for (unsigned i = 0; d->provider->key_env[i]; i++)
            report_use(l, d->provider->key_env[i],
                       sure && strcmp(d->provider->key_env[i], variable) == 0 ? VARIABLE_KEY : VARIABLE_SPARE, d);
    }
    if (literal)
        config_warn(l, s->api_key.line, "%s: keys in files get copied and shared; use os.environ/NAME", WHAT);
    if (literal && !secret_is_clean(slice_of(key))) {
        config_error(l, s->api_key.line, "%s: invalid key: use printable ASCII without blanks", WHAT);
        return false;
    }
    if (key && !secret_is_clean(slice_of(key)))
        not_ready(l, d, "%s is not a valid key: use printable ASCII without blanks", variable);
    else if (key)
        return (d->api_key = config_secret(l, key)) != NULL;
    else if (variable && !is_optional(d->provider, variable))
        not_ready(l, d, "%s is not set", variable);
    return true;
}

/* Not ready unless the user's variable or the provider's enables it. */
static void set_switch(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    const char *variable = d->provider->switch_env, *value = variable ? config_env(l, variable) : NULL;
    report_use(l, s->requires_env.text, VARIABLE_SWITCH, d);
    report_use(l, variable, VARIABLE_SWITCH, d);
    if (s->requires_env.text && !config_env(l, s->requires_env.text))
        not_ready(l, d, "disabled: %s is not set", s->requires_env.text);
    if (variable && (!value || strcmp(value, "1") != 0))
        not_ready(l, d, "disabled: set %s=1", variable);
}

/* Sets the provider's retries, or as its variable overrides them. */
static void set_retry(struct config_loader *l, struct deployment *d)
{
    const char *variable = d->provider->retries_env, *value = variable ? config_env(l, variable) : NULL;
    d->retry = d->provider->retry;
    report_use(l, variable, VARIABLE_SPARE, d);
    if (!value)
        return;
    char *end;
    unsigned long times = strtoul(value, &end, 10);
    if (*value >= '0' && *value <= '9' && !*end && times <= RETRIES_MAX)
        d->retry.times = (unsigned)times;
    else
        config_warn(l, d->line, "%s: expected a whole number from 0 to %d; using %u", variable, RETRIES_MAX,
                    d->retry.times);
}

/* Sets values that depend on others. */
static void set_numbers(const struct config *c, const struct deployment_source *s, struct deployment *d)
{
    if (d->order == SCHEMA_UNSET)
        d->order = INT_MAX;
    if (d->stream_timeout_ms < 0)
        d->stream_timeout_ms = d->timeout_ms >= 0 ? d->timeout_ms : c->stream_timeout_ms;
    if (d->timeout_ms < 0)
        d->timeout_ms = c->timeout_ms;
    if (d->max_input_tokens < 0)
        d->max_input_tokens = 0;
    if (d->context_length && (!d->max_input_tokens || d->context_length < d->max_input_tokens)) {
        d->max_input_tokens = d->context_length;
        d->known &= ~(unsigned)KNOWN_WINDOW;
    }
    d->lacks |= (s->tools ? 0 : CAPABILITY_TOOLS) | (s->images ? 0 : CAPABILITY_IMAGES) |
                (s->format ? 0 : CAPABILITY_FORMAT);
}

bool config_deployment(struct config_loader *l, unsigned index, unsigned nth)
{
    const struct deployment_source *s = &l->sources[index];
    struct deployment *d = &l->config->deployments[index];
    *d = s->deployment;
    d->index = index;
    if (!(d->alias = new_text(l, "%s", s->alias.text)))
        return false;
    d->wildcard = strchr(d->alias, '*') != NULL;
    if (!set_model(l, s, d))
        return false;
    set_switch(l, s, d);
    check_provider(l, s, d);
    bool own;
    if (!set_base(l, s, d, &own) || !set_key(l, s, d, own) || !config_login(l, s, d) || !config_prices(l, s, d) ||
        !config_known(l, s, d))
        return false;
    config_discount(l, d);
    d->whole_replies = (s->fake_stream || !s->native_streaming) && !d->provider->streams_only;
    d->wires = s->chat_only ? d->provider->wires & ~(unsigned)WIRE_RESPONSES : d->provider->wires;
    set_numbers(l->config, s, d);
    set_retry(l, d);
    d->prompt_cache = prompt_cache_find(d->provider, d->api_base, d->upstream_model);
    d->id = s->id.text ? new_text(l, "%s", s->id.text) : new_text(l, "%s/%s/%u", d->alias, d->provider->prefix, nth);
    return d->id != NULL;
}
