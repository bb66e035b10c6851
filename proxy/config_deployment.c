/* pure. Makes a deployment of a model_list entry: provider, base URL, key, and why it may not be ready. */
#include "proxy/config_private.h"

#include "common/secret.h"
#include "common/url.h"

#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool config_key_is_clean(const char *key)
{
    for (const char *c = key; *c; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return true;
}

char *config_secret(struct config_loader *l, const char *text)
{
    struct config *c = l->config;
    for (unsigned i = 0; i < c->deployment_count; i++)
        if (c->deployments[i].api_key && strcmp(c->deployments[i].api_key, text) == 0)
            return c->deployments[i].api_key;
    char *kept = secret_keep(slice_of(text));
    if (!kept)
        config_error(l, 0, "no locked memory for another key: too many different keys, or `ulimit -l` is too low");
    return kept;
}

/* A new formatted string; NULL with an error when there is no memory. */
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
        config_error(l, 0, "out of memory");
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

/* The first reason stays. */
static PRINTF_LIKE(3, 4) void not_ready(struct config_loader *l, struct deployment *d, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (!d->not_ready)
        d->not_ready = format_list(l, format, args);
    va_end(args);
}

/* The provider and its name for the model. */
static bool set_model(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    static const char WHAT[] = "litellm_params.model";
    if (!s->model.text) {
        if (s->model.variable)
            config_error(l, s->model.line, "%s: %s is not set", WHAT, s->model.variable);
        else
            config_error(l, s->line, "%s is missing", WHAT);
        return false;
    }
    struct buf name;
    buf_init(&name, 8192);
    if (!provider_resolve(s->model.text, &d->provider, &name)) {
        config_error(l, s->model.line, "%s: no model's name in \"%s\"", WHAT, s->model.text);
        return false;
    }
    d->model = new_text(l, "%s", s->model.text);
    d->upstream_model = new_text(l, "%.*s", SLICE_ARGS(buf_slice(&name)));
    buf_free(&name);

    size_t prefix = strcspn(s->model.text, "/");
    if (d->provider->kind == PROVIDER_ECHO && !l->options->demo) {
        config_error(l, s->model.line, "%s: \"%s\" is present only in demo mode", WHAT, s->model.text);
        return false;
    }
    bool known = strncmp(s->model.text, d->provider->prefix, prefix) == 0 && d->provider->prefix[prefix] == '\0';
    if (s->model.text[prefix] == '/' && !known && !s->api_base.line) {
        config_error(l, s->model.line, "%s: the provider \"%.*s\" is not known; for an OpenAI-compatible server write "
                     "\"openai/%s\" and give its api_base", WHAT, (int)prefix, s->model.text, s->model.text);
        return false;
    }
    return d->model && d->upstream_model;
}

/* Sets the base from the file or the provider; *own says that calls go to the provider's own servers. */
static bool set_base(struct config_loader *l, const struct deployment_source *s, struct deployment *d, bool *own)
{
    static const char WHAT[] = "litellm_params.api_base";
    const struct provider *p = d->provider;
    struct url url, standard;
    *own = true;
    if (p->kind == PROVIDER_ECHO || p->wires == 0)
        return true;
    if (s->api_base.variable && !s->api_base.text) {
        not_ready(l, d, "%s is not set", s->api_base.variable);
        return true;
    }
    const char *base = s->api_base.text ? s->api_base.text : p->api_base;
    if (!base) {
        config_error(l, s->line, "%s is missing: \"%s/\" has no server of its own", WHAT, p->prefix);
        return false;
    }
    if (!url_split(slice_of(base), &url)) {
        config_error(l, s->api_base.line, "%s: expected http(s)://host[:port]/path, without user, query or blanks",
                     WHAT);
        return false;
    }
    while (url.path.len && url.path.ptr[url.path.len - 1] == '/')
        url.path.len--;
    const char *added = url.path.len == 0 && p->base_path ? p->base_path : "";
    d->api_base = new_text(l, "%.*s%.*s%s", SLICE_ARGS(url.origin), SLICE_ARGS(url.path), added);
    *own = p->api_base && url_split(slice_of(p->api_base), &standard) && slice_equal(url.origin, standard.origin);
    if (!url.tls && !url_is_loopback(&url) && s->api_key.text)
        config_warn(l, s->api_base.line, "%s: the key goes over the network unencrypted; use https://", WHAT);
    if (!*own && !url_is_loopback(&url) && !s->api_key.line && p->key_env[0])
        config_warn(l, s->api_base.line, "%s: %s is not sent to %.*s; give api_key if that server needs one", WHAT,
                    p->key_env[0], SLICE_ARGS(url.host));
    return d->api_base != NULL;
}

/* The key from the file, else from the provider's variables where the server is the provider's own: a key never goes
 * to another server than the one it was meant for. */
static bool set_key(struct config_loader *l, const struct deployment_source *s, struct deployment *d, bool own)
{
    static const char WHAT[] = "litellm_params.api_key";
    const char *key = s->api_key.text && *s->api_key.text ? s->api_key.text : NULL;
    const char *variable = s->api_key.variable;
    bool literal = key && !variable;
    if (!key && !variable && own) {
        for (unsigned i = 0; !key && d->provider->key_env[i]; i++)
            key = config_env(l, variable = d->provider->key_env[i]);
        if (!key)
            variable = d->provider->key_env[0];
    }
    if (literal)
        config_warn(l, s->api_key.line, "%s: keys in files get copied and shared; use os.environ/NAME", WHAT);
    if (literal && !config_key_is_clean(key)) {
        config_error(l, s->api_key.line, "%s: a key is printable ASCII without blanks", WHAT);
        return false;
    }
    if (key && !config_key_is_clean(key))
        not_ready(l, d, "%s holds a blank or a character that no key has", variable);
    else if (key)
        return (d->api_key = config_secret(l, key)) != NULL;
    else if (variable && (s->api_key.variable || d->provider->key_required))
        not_ready(l, d, "%s is not set", variable);
    return true;
}

/* Limits, prices and times. */
static void set_numbers(const struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    const struct config *c = l->config;
    d->order = (int)s->order;
    d->weight = s->weight;
    d->rpm = s->rpm;
    d->tpm = s->tpm;
    d->timeout_ms = s->timeout_ms >= 0 ? s->timeout_ms : c->timeout_ms;
    d->stream_timeout_ms = s->stream_timeout_ms >= 0 ? s->stream_timeout_ms
                           : s->timeout_ms >= 0      ? s->timeout_ms
                                                     : c->stream_timeout_ms;
    d->input_cost = s->input_cost;
    d->output_cost = s->output_cost;
    d->cached_input_cost = s->cached_input_cost;
    if (isnan(d->cached_input_cost) && d->input_cost == 0)
        d->cached_input_cost = 0;   /* what is free is free from the cache, too */
    d->max_input_tokens = s->max_input_tokens;
}

bool config_deployment(struct config_loader *l, unsigned index, unsigned nth)
{
    const struct deployment_source *s = &l->sources[index];
    struct deployment *d = &l->config->deployments[index];
    *d = (struct deployment){.index = index, .line = s->line};
    if (!(d->alias = new_text(l, "%s", s->alias.text)))
        return false;
    if (s->requires_env.text && !config_env(l, s->requires_env.text))
        not_ready(l, d, "switched off: %s is not set", s->requires_env.text);
    if (!set_model(l, s, d))
        return false;
    if (d->provider->wires == 0)
        not_ready(l, d, "the provider \"%s\" is not supported", d->provider->prefix);
    bool own;
    if (!set_base(l, s, d, &own) || !set_key(l, s, d, own) || !config_login(l, s, d))
        return false;
    d->wires = s->chat_only ? d->provider->wires & ~(unsigned)WIRE_RESPONSES : d->provider->wires;
    set_numbers(l, s, d);
    d->id = s->id.text ? new_text(l, "%s", s->id.text) : new_text(l, "%s/%s/%u", d->alias, d->provider->prefix, nth);
    return d->id != NULL;
}
