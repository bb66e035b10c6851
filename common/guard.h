/* guard: who may talk to a loopback port at all. Pure; used by the session app and by the proxy.
 *
 * Host first: a page that rebinds its name to 127.0.0.1 sends its own Host and no Sec-Fetch-* header, so the absence of
 * those headers says nothing before Host was checked. */
#ifndef POINTSMAN_GUARD_H
#define POINTSMAN_GUARD_H

#include "common/buf.h"

/* Whether `host` (a Host header's value) is exactly "127.0.0.1:port", "localhost:port" or "[::1]:port". An absent
 * (empty) Host is refused. */
bool guard_host(struct slice host, unsigned port);
/* Whether `host` is one of `names` ("proxy.example agent-7", blanks between), in any case, with a port (1 to 65535) or
 * without: for a server that serves other machines on purpose. NULL: no names. */
bool guard_host_among(struct slice host, const char *names);
/* Whether the text is a host's name or numeric address without a port, at most 253 characters. */
bool guard_is_host_name(struct slice name);
/* The same with or without a port: whether a Host header's value is one at all. */
bool guard_is_host(struct slice host);
/* Whether a state-changing request may come from where it says: `origin` absent (ptr NULL) or exactly
 * "http://127.0.0.1:port" or "http://localhost:port"; "null" and anything else is refused. */
bool guard_origin(struct slice origin, unsigned port);
/* Sec-Fetch-Site absent (ptr NULL), "same-origin" or "none". */
bool guard_fetch_site(struct slice site);

#endif
