/* Which requests a loopback port accepts: Host, Origin and Sec-Fetch-Site. */
#include "common/guard.h"

#include "common/url.h"

#include <string.h>

/* Whether the value is the prefix, one of the names, a colon and the port. */
static bool is_local(struct slice value, const char *prefix, const char *const *names, unsigned port)
{
    char digits[DIGITS_MAX];
    struct slice number = slice_of_number(port, digits), name = value;
    if (value.len <= number.len || value.ptr[value.len - number.len - 1] != ':')
        return false;
    name.len -= number.len + 1;
    if (!slice_equal((struct slice){name.ptr + name.len + 1, number.len}, number) || !slice_starts(name, prefix))
        return false;
    name.ptr += strlen(prefix);
    name.len -= strlen(prefix);
    for (; *names; names++)
        if (slice_is(name, *names))
            return true;
    return false;
}

bool guard_host(struct slice host, unsigned port)
{
    return is_local(host, "", (const char *const[]){"127.0.0.1", "localhost", "[::1]", NULL}, port);
}

bool guard_is_host_name(struct slice name)
{
    static const bool inside[256] = {['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
                                     ['.'] = true,         ['-'] = true,         ['_'] = true};
    if (name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']') {
        for (size_t i = 1; i < name.len - 1; i++)
            if (!memchr("0123456789abcdefABCDEF:.", name.ptr[i], 24))
                return false;
        return name.len < 48;
    }
    for (size_t i = 0; i < name.len; i++)
        if (!inside[(unsigned char)name.ptr[i]])
            return false;
    return name.len > 0 && name.len <= 253;
}

/* The host without ":port". */
static struct slice without_port(struct slice host)
{
    const char *colon = host.len ? memrchr(host.ptr, ':', host.len) : NULL;
    size_t len = colon ? (size_t)(colon - host.ptr) : 0;
    unsigned port;
    if (colon && url_read_port((struct slice){colon + 1, host.len - len - 1}, &port))
        host.len = len;
    return host;
}

bool guard_is_host(struct slice host)
{
    return guard_is_host_name(without_port(host));
}

bool guard_host_among(struct slice host, const char *names)
{
    struct slice wanted = without_port(host);
    char name[256];
    if (!names || !guard_is_host_name(wanted))
        return false;
    while (*(names += strspn(names, " "))) {
        size_t len = strcspn(names, " ");
        if (len < sizeof name) {
            memcpy(name, names, len);
            name[len] = '\0';
            if (slice_is_nocase(wanted, name))
                return true;
        }
        names += len;
    }
    return false;
}

bool guard_origin(struct slice origin, unsigned port)
{
    return !origin.ptr || is_local(origin, "http://", (const char *const[]){"127.0.0.1", "localhost", NULL}, port);
}

bool guard_fetch_site(struct slice site)
{
    return !site.ptr || slice_is(site, "same-origin") || slice_is(site, "none");
}
