/* pure. The outbound proxy: general_settings.outgoing_proxy. */
#include "proxy/config/private.h"

#include "common/guard.h"
#include "common/secret.h"
#include "common/url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY "general_settings.outgoing_proxy"

struct parts {
    struct slice scheme; /* including "://" */
    struct slice login;  /* "user:password", percent-encoded; ptr NULL: none */
    struct slice host_port;
};

/* socks5h, not socks5: the proxy resolves names, because this machine may be unable to. */
static bool take_scheme(struct slice *rest, struct slice *scheme)
{
    static const char *const schemes[] = {"http://", "https://", "socks5h://"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (slice_starts(*rest, schemes[i])) {
            *scheme = (struct slice){rest->ptr, strlen(schemes[i])};
            rest->ptr += scheme->len;
            rest->len -= scheme->len;
            return true;
        }
    return false;
}

static bool is_host_port(struct slice text)
{
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    size_t host = colon ? (size_t)(colon - text.ptr) : 0;
    unsigned port;
    return colon && guard_is_host_name((struct slice){text.ptr, host}) &&
           url_read_port((struct slice){colon + 1, text.len - host - 1}, &port);
}

/* Splits scheme://[user:password@]host:port[/]. */
static bool take_apart(const char *text, struct parts *parts)
{
    struct slice rest = slice_of(text);
    if (!secret_is_clean(slice_of(text)) || !take_scheme(&rest, &parts->scheme))
        return false;
    const char *at = rest.len ? memrchr(rest.ptr, '@', rest.len) : NULL;
    parts->login = (struct slice){NULL, 0};
    if (at) {
        parts->login = (struct slice){rest.ptr, (size_t)(at - rest.ptr)};
        rest.len -= parts->login.len + 1;
        rest.ptr = at + 1;
        if (!parts->login.len || memchr(parts->login.ptr, '/', parts->login.len))
            return false;
    }
    if (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    parts->host_port = rest;
    return is_host_port(rest);
}

static void keep(struct config_loader *l, const struct parts *parts)
{
    struct config *c = l->config;
    size_t size = parts->scheme.len + parts->host_port.len + 1;
    c->outgoing_proxy = malloc(size);
    if (!c->outgoing_proxy)
        config_no_memory(l);
    else
        (void)snprintf(c->outgoing_proxy, size, "%.*s%.*s", SLICE_ARGS(parts->scheme), SLICE_ARGS(parts->host_port));
    if (parts->login.ptr && !(c->outgoing_login = secret_keep(parts->login)))
        config_error(l, 0, KEY ": can't lock memory for the password: `ulimit -l` is too low");
}

void config_outgoing_proxy(struct config_loader *l)
{
    const struct schema_text *t = &l->settings.outgoing_proxy;
    struct parts parts;
    if (!t->text || !*t->text)
        return;
    if (!take_apart(t->text, &parts)) {
        config_error(l, t->line, KEY ": expected http://, https:// or socks5h://, then [USER:PASSWORD@]HOST:PORT");
        return;
    }
    if (parts.login.ptr && !t->variable)
        config_warn(l, t->line, KEY ": passwords in files get copied and shared; use os.environ/NAME");
    keep(l, &parts);
}
