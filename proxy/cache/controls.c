/* pure: reads what a request says about the cache. */
#include "proxy/cache/controls.h"

#include <stddef.h>

static bool read_flag(const struct json *j, uint32_t value, bool *flag)
{
    *flag = json_is(j, value, JSON_TRUE);
    return *flag || json_is(j, value, JSON_FALSE) || json_is(j, value, JSON_NULL);
}

static bool read_seconds(const struct json *j, uint32_t value, int64_t *seconds)
{
    double number;
    if (json_is(j, value, JSON_NULL))
        return true;
    if (!json_is(j, value, JSON_NUMBER) || !json_double(j, value, &number) || number < 0)
        return false;
    *seconds = number < 1e9 ? (int64_t)number : 1000000000;
    return true;
}

static bool read_member(const struct json *j, uint32_t key, struct cache_controls *c)
{
    static const struct {
        const char *name;
        size_t seconds, flag; /* offset of the field; 0: not of this type */
    } MEMBERS[] = {
        {"ttl", offsetof(struct cache_controls, ttl_s), 0},
        {"s-maxage", offsetof(struct cache_controls, max_age_s), 0},
        {"s-max-age", offsetof(struct cache_controls, max_age_s), 0},
        {"no-cache", 0, offsetof(struct cache_controls, no_cache)},
        {"no-store", 0, offsetof(struct cache_controls, no_store)},
    };
    uint32_t value = json_value(key);
    bool flag;
    if (json_string_is(j, key, "use-cache")) {
        if (!read_flag(j, value, &flag))
            return false;
        if (!json_is(j, value, JSON_NULL))
            c->use = flag ? CACHE_USE_YES : CACHE_USE_NO;
    } else if (json_string_is(j, key, "namespace")) {
        c->namespace = json_inner(j, value);
        return c->namespace.ptr || json_is(j, value, JSON_NULL);
    }
    for (size_t i = 0; i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
        char *field = (char *)c + (MEMBERS[i].seconds ? MEMBERS[i].seconds : MEMBERS[i].flag);
        if (!json_string_is(j, key, MEMBERS[i].name))
            continue;
        return MEMBERS[i].seconds ? read_seconds(j, value, (int64_t *)(void *)field)
                                  : read_flag(j, value, (bool *)(void *)field);
    }
    return true; /* LiteLLM ignores other members, too */
}

static void read_body(struct slice cache, struct cache_controls *c)
{
    struct json j = {0};
    bool ok = json_parse(&j, cache.ptr, cache.len) &&
              (json_type(&j, 0) == JSON_OBJECT || json_type(&j, 0) == JSON_NULL);
    for (uint32_t key = ok ? json_first(&j, 0) : JSON_NONE; key; key = json_next(&j, key))
        ok = read_member(&j, key, c) && ok;
    c->malformed = !ok;
    json_free(&j);
}

/* A directive's number; false: not one. */
static bool read_number(struct slice text, int64_t *out)
{
    int64_t value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        value = value < 100000000 ? value * 10 + (text.ptr[i] - '0') : value;
    }
    if (text.len)
        *out = value;
    return text.len > 0;
}

static void read_directive(struct slice text, struct cache_controls *c)
{
    const char *equals = memchr(text.ptr, '=', text.len);
    struct slice name = slice_trim((struct slice){text.ptr, equals ? (size_t)(equals - text.ptr) : text.len});
    struct slice value = {NULL, 0};
    if (equals)
        value = slice_trim((struct slice){equals + 1, (size_t)(text.ptr + text.len - equals) - 1});
    if (slice_is_nocase(name, "no-cache"))
        c->no_cache = true;
    else if (slice_is_nocase(name, "no-store"))
        c->no_store = true;
    else if (slice_is_nocase(name, "s-maxage") || (slice_is_nocase(name, "max-age") && c->max_age_s < 0))
        (void)read_number(value, &c->max_age_s);
}

void controls_read(struct slice cache, struct slice header, struct cache_controls *out)
{
    *out = (struct cache_controls){.ttl_s = -1, .max_age_s = -1};
    if (cache.len)
        read_body(cache, out);
    while (header.len) {
        const char *comma = memchr(header.ptr, ',', header.len);
        size_t len = comma ? (size_t)(comma - header.ptr) : header.len;
        struct slice directive = slice_trim((struct slice){header.ptr, len});
        if (directive.len)
            read_directive(directive, out);
        len += comma != NULL;
        header = (struct slice){header.ptr + len, header.len - len};
    }
}
