/* url: parses the base URL of a server. */
#ifndef POINTSMAN_URL_H
#define POINTSMAN_URL_H

#include "common/buf.h"

#include <sys/socket.h>

/* The slices point into the parsed text. */
struct url {
    bool tls;
    unsigned port;       /* 1 to 65535; default: 80 or 443, by the scheme */
    struct slice origin; /* "https://host:port", as written */
    struct slice host;   /* without a port; an IPv6 address in brackets */
    struct slice path;   /* "" or "/…", as written */
};

/* What url_split() accepts, for messages. */
#define URL_FORM "http(s)://host[:port][/path], port 1 to 65535, without user, query or blanks"

/* Parses the base URL of a server. Every base URL of a configuration, form, variable or argument is parsed here. false:
 * not URL_FORM in printable ASCII without a fragment, quotes and <>. A host of digits and dots must be a complete IPv4
 * address, because "127.1" is an address to some readers and a name to others. */
MUST_CHECK bool url_split(struct slice text, struct url *out);
/* Parses a port: 1 to 5 decimal digits, 1 to 65535. false: *port is unchanged. */
MUST_CHECK bool url_read_port(struct slice digits, unsigned *port);
/* Returns the URL's port; 0: NULL, or url_split() refuses the text. */
unsigned url_port(const char *text);

struct url_address {
    uint8_t family;    /* 4 or 6 */
    uint8_t bytes[16]; /* network order; IPv4: the first 4 */
};

#define URL_LOOPBACK_MAX 2
/* Fills `out` with the addresses of this machine that a host names, in the order to try them: 127.x.y.z and ::1 (with
 * or without brackets) themselves; for localhost, 127.0.0.1 and then ::1. Returns their number; 0: not this machine by
 * name or address. Uses no resolver. */
unsigned url_loopback(struct slice host, struct url_address out[URL_LOOPBACK_MAX]);
/* Returns whether the URL's host is this machine, as for url_loopback(). */
bool url_is_loopback(const struct url *url);
/* Fills the socket address. Returns its length. */
socklen_t url_socket_address(const struct url_address *address, uint16_t port, struct sockaddr_storage *out);

#endif
