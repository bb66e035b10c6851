/* Who may talk to a loopback port at all: Host, Origin and Sec-Fetch-Site. */
#include "common/guard.h"

#include <stdio.h>

static bool is_local(struct slice value, const char *prefix, const char *const *names, unsigned port)
{
    for (; *names; names++) {
        char allowed[64];
        (void)snprintf(allowed, sizeof allowed, "%s%s:%u", prefix, *names, port);
        if (slice_is(value, allowed))
            return true;
    }
    return false;
}

bool guard_host(struct slice host, unsigned port)
{
    return is_local(host, "", (const char *const[]){"127.0.0.1", "localhost", "[::1]", NULL}, port);
}

bool guard_origin(struct slice origin, unsigned port)
{
    return !origin.ptr || is_local(origin, "http://", (const char *const[]){"127.0.0.1", "localhost", NULL}, port);
}

bool guard_fetch_site(struct slice site)
{
    return !site.ptr || slice_is(site, "same-origin") || slice_is(site, "none");
}
