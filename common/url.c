/* Parses the base URL of a server. Pure. */
#include "common/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Length of the scheme with its slashes; 0: neither http nor https. */
static size_t scheme_len(struct slice text, bool *tls)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        *tls = i == 1;
        if (text.len > len && slice_is_nocase((struct slice){text.ptr, len}, schemes[i]))
            return len;
    }
    return 0;
}

static bool is_printable(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || strchr("@?#\\\"<>", text.ptr[i]))
            return false;
    return true;
}

/* Length of the start without any of `stops`. */
static size_t span_until(struct slice text, const char *stops)
{
    size_t len = 0;
    while (len < text.len && !strchr(stops, text.ptr[len]))
        len++;
    return len;
}

bool url_read_port(struct slice digits, unsigned *port)
{
    unsigned number = 0;
    if (digits.len == 0 || digits.len > 5)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return false;
        number = number * 10 + (unsigned)(digits.ptr[i] - '0');
    }
    if (number < 1 || number > 65535)
        return false;
    *port = number;
    return true;
}

/* Parses "" or ":" and a port. */
static bool take_port(struct slice text, struct url *out)
{
    out->port = out->tls ? 443 : 80;
    return text.len == 0 ||
           (text.ptr[0] == ':' && url_read_port((struct slice){text.ptr + 1, text.len - 1}, &out->port));
}

/* Whether the host is valid: digits and dots must be an IPv4 address. */
static bool is_host(struct slice host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;
    for (size_t i = 0; i < host.len; i++)
        if (!strchr(".0123456789", host.ptr[i]))
            return true;
    (void)snprintf(text, sizeof text, "%.*s", SLICE_ARGS(host));
    return host.len < sizeof text && inet_pton(AF_INET, text, &address) == 1;
}

bool url_split(struct slice text, struct url *out)
{
    size_t start = scheme_len(text, &out->tls);
    if (!start || !is_printable(text))
        return false;
    struct slice rest = {text.ptr + start, text.len - start};
    size_t authority = span_until(rest, "/");
    struct slice host = {rest.ptr, authority};
    bool brackets = host.len && host.ptr[0] == '[';
    host.len = brackets ? span_until(host, "]") + 1 : span_until(host, ":");
    if (host.len == 0 || host.len > authority || !is_host(host) ||
        !take_port((struct slice){rest.ptr + host.len, authority - host.len}, out))
        return false;
    out->origin = (struct slice){text.ptr, start + authority};
    out->host = host;
    out->path = (struct slice){rest.ptr + authority, rest.len - authority};
    return true;
}

unsigned url_port(const char *text)
{
    struct url url;
    return url_split(slice_of(text), &url) ? url.port : 0;
}

unsigned url_loopback(struct slice host, struct url_address out[URL_LOOPBACK_MAX])
{
    static const struct url_address V4 = {4, {127, 0, 0, 1}}, V6 = {6, {[15] = 1}};
    char text[INET6_ADDRSTRLEN];
    if (slice_is_nocase(host, "localhost")) {
        out[0] = V4;
        out[1] = V6;
        return 2;
    }
    bool brackets = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (brackets)
        host = (struct slice){host.ptr + 1, host.len - 2};
    if (!host.len || host.len >= sizeof text)
        return 0;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    *out = (struct url_address){.family = 6};
    if (inet_pton(AF_INET6, text, out->bytes) == 1)
        return memcmp(out, &V6, sizeof V6) == 0;
    out->family = 4;
    return !brackets && inet_pton(AF_INET, text, out->bytes) == 1 && out->bytes[0] == 127;
}

bool url_is_loopback(const struct url *url)
{
    struct url_address addresses[URL_LOOPBACK_MAX];
    return url_loopback(url->host, addresses) > 0;
}

socklen_t url_socket_address(const struct url_address *address, uint16_t port, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){0};
    if (address->family == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, address->bytes, sizeof v4->sin_addr);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, address->bytes, sizeof v6->sin6_addr);
    return sizeof *v6;
}
