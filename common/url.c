/* The base URL of a server, taken apart. Pure. */
#include "common/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* The length of the scheme with its slashes; 0 for others than http and https. */
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

/* How many bytes from the beginning are none of `stops`. */
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

/* "" or ":" and a port. */
static bool take_port(struct slice text, struct url *out)
{
    out->port = out->tls ? 443 : 80;
    return text.len == 0 ||
           (text.ptr[0] == ':' && url_read_port((struct slice){text.ptr + 1, text.len - 1}, &out->port));
}

/* false for digits and dots that are not an IPv4 address. */
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

bool url_is_loopback(const struct url *url)
{
    if (slice_is_nocase(url->host, "localhost") || slice_is(url->host, "[::1]"))
        return true;
    if (!slice_starts(url->host, "127."))
        return false;
    for (size_t i = 0; i < url->host.len; i++)
        if (!strchr(".0123456789", url->host.ptr[i]))
            return false; /* "127.example.com" is anybody's */
    return true;
}
