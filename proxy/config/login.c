/* pure. What each sign-in takes from the file and the environment. */
#include "proxy/config/private.h"

#include "common/secret.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_URL_VARIABLE "CODEX_REFRESH_TOKEN_URL_OVERRIDE" /* Codex reads the same variable */

/* Whether tokens may be sent there: over TLS, or to this machine. */
static bool is_safe(const char *text)
{
    struct url url;
    return url_split(slice_of(text), &url) && (url.tls || url_is_loopback(&url));
}

static char *copy(struct config_loader *l, const char *text)
{
    char *out = strdup(text);
    if (!out)
        config_no_memory(l);
    return out;
}

static void set_token_url(struct config_loader *l)
{
    const char *url = config_env(l, TOKEN_URL_VARIABLE);
    if (!url || l->config->token_url)
        return;
    if (is_safe(url))
        l->config->token_url = copy(l, url);
    else
        config_error(l, 0,
                     TOKEN_URL_VARIABLE
                     ": expected https://…, or http:// to this machine, because the login's tokens are sent there");
}

static bool key(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    const struct schema_text *given = s->instructions.line ? &s->instructions : &s->originator;
    (void)d;
    if (given->line)
        config_warn(l, given->line, "litellm_params: `instructions` and `originator` apply to codex-oauth only");
    return true;
}

static bool chatgpt(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    const char *originator = s->originator.text;
    if (!d->not_ready && !config_env(l, "CODEX_HOME") && !config_env(l, "HOME"))
        d->not_ready = copy(l, "neither CODEX_HOME nor HOME is set");
    if (s->api_key.line)
        config_warn(l, s->api_key.line, "litellm_params.api_key: ignored: codex-oauth signs in with the ChatGPT login");
    if (s->chat_only) {
        config_error(l, s->deployment.line,
                     "litellm_params.use_chat_completions_api: codex-oauth supports only the Responses API");
        return false;
    }
    if (d->api_base && !is_safe(d->api_base)) {
        config_error(l, s->api_base.line, "litellm_params.api_base: the ChatGPT login requires https://");
        return false;
    }
    if (!*originator || !secret_is_clean(slice_of(originator))) {
        config_error(l, s->originator.line, "litellm_params.originator: expected printable ASCII without blanks");
        return false;
    }
    set_token_url(l);
    d->originator = copy(l, originator);
    d->instructions = s->instructions.text && *s->instructions.text ? copy(l, s->instructions.text) : NULL;
    return d->originator != NULL;
}

bool config_login(struct config_loader *l, const struct deployment_source *s, struct deployment *d)
{
    static bool (*const rows[SIGN_INS])(struct config_loader *, const struct deployment_source *,
                                        struct deployment *) = {[SIGN_IN_KEY] = key, [SIGN_IN_CHATGPT] = chatgpt};
    return rows[d->provider->sign_in](l, s, d);
}

/* In LiteLLM this maps a prefix to a Python class; built-in providers need no entry. */
void config_custom_providers(struct config_loader *l)
{
    const struct yaml_node *list = l->settings.custom_provider_map;
    for (const struct yaml_node *n = list ? list->children : NULL; n; n = n->next) {
        const struct yaml_node *name = yaml_get(n, "provider");
        const char *prefix = name && name->scalar ? name->scalar : "";
        const struct provider *p = provider_find(slice_of(prefix));
        if (!p || !p->wires)
            config_warn(
                l, n->line,
                "litellm_settings.custom_provider_map: \"%s\": not a built-in provider: use openai/ with api_base",
                prefix);
    }
}
