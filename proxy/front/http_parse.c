/* pure: the HTTP/1.1 request grammar. */
#include "proxy/front/http_parse.h"

#include "common/guard.h"

#include <string.h>

#define METHOD_MAX 32 /* bytes; no known method is longer */

static const char NOT_A_REQUEST[] = "the request line is not METHOD TARGET HTTP/1.1";
static const char NO_CRLF[] = "line does not end in CR LF";

static bool bad(struct http_error *error, int status, const char *message)
{
    *error = (struct http_error){status, message};
    return false;
}

/* A character of a URI without its fragment (RFC 3986, appendix A). */
static bool is_uri_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~!$&'()*+,;=:@/?[]%", c));
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Whether `s` is valid in a URI and no "%XX" in it encodes a control character. */
static bool is_uri(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (!is_uri_char(s.ptr[i]))
            return false;
        if (s.ptr[i] != '%')
            continue;
        if (s.len - i < 3 || !is_hex(s.ptr[i + 1]) || !is_hex(s.ptr[i + 2]))
            return false;
        bool del = s.ptr[i + 1] == '7' && (s.ptr[i + 2] | 0x20) == 'f';
        if (s.ptr[i + 1] <= '1' || del)
            return false;
    }
    return true;
}

static bool parse_target(struct slice target, struct http_head *head, struct slice *authority, struct http_error *error)
{
    static const char scheme[] = "http://";
    if (!target.len || target.len > HTTP_TARGET_MAX)
        return bad(error, target.len ? 414 : 400, "the request target is too long or empty");
    if (!is_uri(target))
        return bad(error, 400, "invalid character in the request target: percent-encode it");
    if (target.len >= sizeof scheme && slice_is_nocase((struct slice){target.ptr, sizeof scheme - 1}, scheme)) {
        authority->ptr = target.ptr + sizeof scheme - 1;
        const char *slash = memchr(authority->ptr, '/', target.len - (sizeof scheme - 1));
        if (!slash)
            return bad(error, 400, "the request target has no path");
        authority->len = (size_t)(slash - authority->ptr);
        target.len -= (size_t)(slash - target.ptr);
        target.ptr = slash;
    }
    if (target.ptr[0] != '/' && !(slice_is(target, "*") && slice_is(head->method, "OPTIONS")))
        return bad(error, 400, "the request target must begin with /");
    head->path = target;
    head->query = (struct slice){target.ptr + target.len, 0};
    struct slice rest = target, path;
    if (http_cut(&rest, '?', &path)) {
        head->path = path;
        head->query = rest;
    }
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* RFC 9110, 2.5: treat a higher minor version as 1. */
static bool parse_version(struct slice version, struct http_head *head, struct http_error *error)
{
    if (!slice_starts(version, "HTTP/") || version.len != 8 || !is_digit(version.ptr[5]) || version.ptr[6] != '.' ||
        !is_digit(version.ptr[7]))
        return bad(error, 400, NOT_A_REQUEST);
    if (version.ptr[5] != '1')
        return bad(error, 505, "only HTTP/1.1 is supported");
    head->minor = version.ptr[7] != '0';
    head->keep_alive = head->minor == 1;
    return true;
}

/* RFC 9110, 9.1: a known method that a path lacks is 405, an unknown one 501. */
static bool is_known_method(struct slice method)
{
    static const char *const known[] = {"POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(method, known[i]))
            return true;
    return false;
}

static bool parse_request_line(struct slice line, struct http_head *head, struct slice *authority,
                               struct http_error *error)
{
    struct slice rest = line, target;
    if (!http_cut(&rest, ' ', &head->method) || !http_is_token(head->method) || !http_cut(&rest, ' ', &target))
        return bad(error, 400, NOT_A_REQUEST);
    if (!parse_version(rest, head, error))
        return false;
    if (!is_known_method(head->method))
        return bad(error, 501, "unknown method");
    return parse_target(target, head, authority, error);
}

bool http_begins_tls(struct slice input)
{
    return input.len && *input.ptr == 0x16 && (input.len == 1 || input.ptr[1] == 3);
}

bool http_may_begin_request(struct slice input, struct http_error *error)
{
    struct http_head head;
    struct slice line, authority, rest = input;
    if (input.len && memchr(input.ptr, '\n', input.len))
        return http_cut_line(&rest, &line) ? parse_request_line(line, &head, &authority, error)
                                           : bad(error, 400, NO_CRLF);
    if (!http_cut(&rest, ' ', &line))
        line = input;
    if (input.len && !http_is_token(line))
        return bad(error, 400, NOT_A_REQUEST);
    if (line.len > METHOD_MAX)
        return bad(error, 501, "unknown method");
    return input.len <= METHOD_MAX + HTTP_TARGET_MAX || bad(error, 414, "the request target is too long");
}

/* Whether a field appears again that must be unique. Another parser could take the second of two security-relevant
 * fields. */
static bool is_duplicate(struct http_head *head, struct slice name)
{
    static const struct slice once[] = {
        SLICE("origin"),        SLICE("api-key"),        SLICE("x-api-key"),        SLICE("content-type"),
        SLICE("authorization"), SLICE("sec-fetch-site"), SLICE("content-encoding"),
    };
    for (unsigned i = 0; i < sizeof once / sizeof *once; i++)
        if (name.len == once[i].len && slice_is_nocase(name, once[i].ptr)) {
            bool before = head->seen & 1u << i;
            head->seen |= 1u << i;
            return before;
        }
    return false;
}

/* Applies the fields that affect parsing. */
static bool apply_field(struct http_field field, struct http_head *head, struct http_error *error)
{
    if (slice_is_nocase(field.name, "host")) {
        if (head->host.ptr)
            return bad(error, 400, "duplicate Host");
        if (!guard_is_host(field.value))
            return bad(error, 400, "invalid Host: expected a name or address, with or without a port");
        head->host = field.value;
    } else if (slice_is_nocase(field.name, "content-length")) {
        if (head->framing != HTTP_NO_BODY)
            return bad(error, 400, "duplicate body length");
        if (!http_parse_length(field.value, &head->content_length))
            return bad(error, 400, "Content-Length is not a number");
        if (field.value.len > 1 && *field.value.ptr == '0')
            return bad(error, 400, "Content-Length has leading zeros");
        head->framing = HTTP_LENGTH;
    } else if (slice_is_nocase(field.name, "transfer-encoding")) {
        if (head->framing != HTTP_NO_BODY)
            return bad(error, 400, "duplicate body length");
        if (head->minor == 0 || !slice_is_nocase(field.value, "chunked"))
            return bad(error, 400, "only Transfer-Encoding: chunked is supported");
        head->framing = HTTP_CHUNKED;
    } else if (slice_is_nocase(field.name, "content-encoding")) {
        head->coding = field.value;
    } else if (slice_is_nocase(field.name, "connection")) {
        if (http_lists(field.value, "close"))
            head->keep_alive = false;
        else if (head->minor == 0 && http_lists(field.value, "keep-alive"))
            head->keep_alive = true;
    } else if (slice_is_nocase(field.name, "expect")) {
        if (!slice_is_nocase(field.value, "100-continue"))
            return bad(error, 417, "only Expect: 100-continue is supported");
        head->expects_continue = head->minor == 1;
    }
    return true;
}

static bool parse_field(struct slice line, struct http_head *head, struct http_error *error)
{
    struct http_field field;
    if (!http_split_field(line, &field))
        return bad(error, 400, "invalid header field: no name, or an invalid character");
    if (head->field_count == HTTP_FIELDS_MAX)
        return bad(error, 431, "too many header fields");
    head->fields[head->field_count++] = field;
    if (is_duplicate(head, field.name))
        return bad(error, 400, "duplicate header field that must be unique");
    return apply_field(field, head, error);
}

static bool parse_head(struct slice text, struct http_head *head, struct http_error *error)
{
    struct slice line, authority = {NULL, 0};
    if (!http_cut_line(&text, &line))
        return bad(error, 400, NO_CRLF);
    if (!parse_request_line(line, head, &authority, error))
        return false;
    for (;;) {
        if (!http_cut_line(&text, &line))
            return bad(error, 400, NO_CRLF);
        if (!line.len)
            break;
        if (!parse_field(line, head, error))
            return false;
    }
    if (!head->host.ptr)
        return bad(error, 400, "missing Host header");
    if (authority.ptr && !slice_equal(authority, head->host))
        return bad(error, 400, "the request target and Host name different hosts");
    return true;
}

enum http_result http_parse_head(struct slice text, struct http_head *head, struct http_error *error)
{
    /* The fields table is valid up to field_count, so it need not be cleared. */
    head->method = head->path = head->query = head->host = head->coding = (struct slice){NULL, 0};
    head->minor = head->seen = 0;
    head->framing = HTTP_NO_BODY;
    head->content_length = 0;
    head->keep_alive = head->expects_continue = false;
    head->field_count = 0;
    return parse_head(text, head, error) ? HTTP_OK : HTTP_BAD;
}

struct slice http_field(const struct http_head *head, const char *name)
{
    for (unsigned i = 0; i < head->field_count; i++)
        if (slice_is_nocase(head->fields[i].name, name))
            return head->fields[i].value;
    return (struct slice){NULL, 0};
}
