/* url: the base URL of a server, taken apart. */
#ifndef POINTSMAN_URL_H
#define POINTSMAN_URL_H

#include "common/buf.h"

/* All slices lie in the text that was given. */
struct url {
    bool tls;
    struct slice origin; /* "https://host:port" */
    struct slice host;   /* without a port; an IPv6 address with its brackets */
    struct slice path;   /* "" or "/…", as written */
};

/* http(s)://host[:port][/path], printable ASCII without user, query, fragment, quotes and blanks; false for all else.
 */
MUST_CHECK bool url_split(struct slice text, struct url *out);
/* Whether the host is this machine by its name or address: localhost, 127.x.y.z, [::1]. */
bool url_is_loopback(const struct url *url);

#endif
