/* guard: pure. Which requests a loopback port accepts; used by the page's server and by the proxy.
 *
 * Host is checked first: a page that rebinds its name to 127.0.0.1 sends its own Host and no Sec-Fetch-* header, so the
 * absence of those headers proves nothing before. */
#ifndef POINTSMAN_GUARD_H
#define POINTSMAN_GUARD_H

#include "common/buf.h"

/* Returns whether the Host value is exactly "127.0.0.1:port", "localhost:port" or "[::1]:port". Empty (absent): false.
 */
bool guard_host(struct slice host, unsigned port);
/* Returns whether the host is one of `names` ("proxy.example agent-7", separated by blanks), ignoring case, with or
 * without a port (1 to 65535): for a server that is open to other machines. NULL: no names. */
bool guard_host_among(struct slice host, const char *names);
/* Returns whether the text is a host name or numeric address without a port, at most 253 characters. */
bool guard_is_host_name(struct slice name);
/* The same, with or without a port: whether the text is a valid Host value. */
bool guard_is_host(struct slice host);
/* Returns whether a state-changing request may come from this origin: absent (ptr NULL), or exactly
 * "http://127.0.0.1:port" or "http://localhost:port". "null" and all others: false. */
bool guard_origin(struct slice origin, unsigned port);
/* Returns whether Sec-Fetch-Site is absent (ptr NULL), "same-origin" or "none". */
bool guard_fetch_site(struct slice site);

#endif
