/* pure. Reads where the Redis of the cache is: litellm_settings.cache_params and the variables REDIS_*. */
#include "proxy/config/private.h"

#include "common/secret.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>

#define WHAT "litellm_settings.cache_params"
#define PORT 6379

static char *copy(struct config_loader *l, struct slice text)
{
    char *made = strndup(text.ptr, text.len);
    if (!made)
        config_no_memory(l);
    return made;
}

static void set_password(struct config_loader *l, struct slice text, struct redis_settings *redis)
{
    redis->password = text.len ? secret_keep(text) : NULL;
    if (text.len && !redis->password)
        config_error(l, 0, "can't lock memory for the password of Redis: `ulimit -l` is too low");
}

static void refuse_tls(struct config_loader *l, unsigned line)
{
    config_error(l, line,
                 WHAT ".ssl: TLS to Redis is not supported: libhiredis_ssl is missing: use a tunnel, or "
                      "ssl: false on a network that you trust");
}

/* "redis://user:password@host:port/db" */
static bool read_url(struct config_loader *l, struct slice url, struct redis_settings *redis)
{
    const char *at = memrchr(url.ptr, '@', url.len);
    struct slice login = {url.ptr, at ? (size_t)(at - url.ptr) : 0}, rest = url;
    if (at)
        rest = (struct slice){at + 1, url.len - login.len - 1};
    const char *slash = memchr(rest.ptr, '/', rest.len), *colon = memchr(login.ptr, ':', login.len);
    struct slice host = {rest.ptr, slash ? (size_t)(slash - rest.ptr) : rest.len};
    if (slash && slash + 1 < rest.ptr + rest.len)
        redis->db = (unsigned)strtoul(slash + 1, NULL, 10);
    const char *port = memrchr(host.ptr, ':', host.len);
    if (port && *host.ptr != '[') {
        struct slice digits = {port + 1, (size_t)(host.ptr + host.len - port) - 1};
        host.len = (size_t)(port - host.ptr);
        if (!url_read_port(digits, &redis->port))
            return false;
    }
    if (!host.len)
        return false;
    redis->host = copy(l, host);
    size_t user_len = colon ? (size_t)(colon - login.ptr) : login.len;
    if (user_len)
        redis->username = copy(l, (struct slice){login.ptr, user_len});
    if (colon)
        set_password(l, (struct slice){colon + 1, login.len - user_len - 1}, redis);
    return true;
}

static void take_url(struct config_loader *l, const struct redis_source *s, struct redis_settings *redis)
{
    struct slice url = slice_of(s->url.text ? s->url.text : config_env(l, "REDIS_URL"));
    if (slice_starts(url, "rediss://"))
        refuse_tls(l, s->url.line);
    else if (url.len &&
             (!slice_starts(url, "redis://") || !read_url(l, (struct slice){url.ptr + 8, url.len - 8}, redis)))
        config_error(l, s->url.line, WHAT ".url: expected redis://user:password@host:port/db");
}

/* The value of the file, else of the variable; NULL: neither. */
static const char *value_of(struct config_loader *l, const struct schema_text *given, const char *variable)
{
    return given->text && *given->text ? given->text : config_env(l, variable);
}

void config_redis(struct config_loader *l, const struct redis_source *s, struct redis_settings *redis)
{
    const char *host = value_of(l, &s->host, "REDIS_HOST"), *port = value_of(l, &s->port, "REDIS_PORT"),
               *user = value_of(l, &s->username, "REDIS_USERNAME"),
               *password = value_of(l, &s->password, "REDIS_PASSWORD"), *ssl = config_env(l, "REDIS_SSL");
    redis->port = PORT;
    if (s->ssl || (ssl && strcasecmp(ssl, "true") == 0))
        refuse_tls(l, 0);
    if (port && !url_read_port(slice_of(port), &redis->port))
        config_error(l, s->port.line, WHAT ".port: \"%.16s\": expected a number from 1 to 65535", port);
    if (!host) {
        take_url(l, s, redis);
    } else {
        redis->host = copy(l, slice_of(host));
        redis->username = user ? copy(l, slice_of(user)) : NULL;
        set_password(l, slice_of(password), redis);
    }
    if (!redis->host && l->reader.error_count == 0)
        config_error(l, 0, WHAT ".type: redis: give host or url, or set REDIS_HOST");
}
