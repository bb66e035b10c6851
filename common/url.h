/* url: the base URL of a server, taken apart. */
#ifndef POINTSMAN_URL_H
#define POINTSMAN_URL_H

#include "common/buf.h"

#include <sys/socket.h>

/* All slices point into the text that was given. */
struct url {
    bool tls;
    unsigned port;       /* 1 to 65535: as written, else the scheme's 80 or 443 */
    struct slice origin; /* "https://host:port", as written */
    struct slice host;   /* without a port; an IPv6 address with its brackets */
    struct slice path;   /* "" or "/…", as written */
};

/* What url_split() accepts, for messages. */
#define URL_FORM "http(s)://host[:port][/path], port 1 to 65535, without user, query or blanks"

/* Splits the base URL of a server; every base in a configuration, a form, a variable or an argument goes through here.
 * Returns false unless it has URL_FORM, in printable ASCII without a fragment, quotes and <>. A host of digits and dots
 * must be a whole IPv4 address: "127.1" is an address to some readers and a name to others. */
MUST_CHECK bool url_split(struct slice text, struct url *out);
/* Reads a port: 1 to 5 decimal digits, 1 to 65535. Returns false for all else, and leaves *port. */
MUST_CHECK bool url_read_port(struct slice digits, unsigned *port);
/* The URL's port; 0 if url_split() refuses the text, or for NULL. */
unsigned url_port(const char *text);

struct url_address {
    uint8_t family;    /* 4 or 6 */
    uint8_t bytes[16]; /* network order; the first 4 for an IPv4 address */
};

#define URL_LOOPBACK_MAX 2
/* The addresses of this machine that a host names, in the order in which to try them: 127.x.y.z and ::1 (with or
 * without brackets) themselves, localhost 127.0.0.1 and then ::1. Returns how many; 0: the host is not this machine by
 * its name or address. No resolver is asked. */
unsigned url_loopback(struct slice host, struct url_address out[URL_LOOPBACK_MAX]);
/* Whether the URL's host is this machine in that sense. */
bool url_is_loopback(const struct url *url);
/* Fills in the socket address; returns its length. */
socklen_t url_socket_address(const struct url_address *address, uint16_t port, struct sockaddr_storage *out);

#endif
