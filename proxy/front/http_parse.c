/* pure: the HTTP/1.1 request grammar, small and strict. */
#include "proxy/front/http_parse.h"

#include <string.h>

static bool bad(struct http_error *error, int status, const char *message)
{
    *error = (struct http_error){status, message};
    return false;
}

/* Printable ASCII without blanks. */
static bool is_visible(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] >= 0x7F)
            return false;
    return true;
}

static bool parse_target(struct slice target, struct http_head *head, struct slice *authority, struct http_error *error)
{
    static const char scheme[] = "http://";
    if (!target.len || target.len > HTTP_TARGET_MAX)
        return bad(error, target.len ? 414 : 400, "the request target is too long or empty");
    if (!is_visible(target))
        return bad(error, 400, "the request target holds a character that must be percent-encoded");
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

static bool parse_request_line(struct slice line, struct http_head *head, struct slice *authority,
                               struct http_error *error)
{
    struct slice rest = line, target;
    if (!http_cut(&rest, ' ', &head->method) || !http_is_token(head->method) || !http_cut(&rest, ' ', &target))
        return bad(error, 400, "the request line is not METHOD TARGET HTTP/1.1");
    if (slice_is(rest, "HTTP/1.1") || slice_is(rest, "HTTP/1.0"))
        head->minor = rest.ptr[7] == '1';
    else if (slice_starts(rest, "HTTP/") && rest.len == 8 && rest.ptr[5] >= '2' && rest.ptr[5] <= '9')
        return bad(error, 505, "only HTTP/1.1 is spoken here");
    else
        return bad(error, 400, "the request line is not METHOD TARGET HTTP/1.1");
    head->keep_alive = head->minor == 1;
    return parse_target(target, head, authority, error);
}

/* The fields that this grammar itself understands. */
static bool apply_field(struct http_field field, struct http_head *head, struct http_error *error)
{
    if (slice_is_nocase(field.name, "host")) {
        if (head->host.ptr)
            return bad(error, 400, "Host stands twice");
        if (!is_visible(field.value))
            return bad(error, 400, "Host holds a blank, or a character that no host's name has");
        head->host = field.value;
    } else if (slice_is_nocase(field.name, "content-length")) {
        if (head->framing != HTTP_NO_BODY)
            return bad(error, 400, "the body's length is given twice");
        if (!http_parse_length(field.value, &head->content_length))
            return bad(error, 400, "Content-Length is not a number");
        head->framing = HTTP_LENGTH;
    } else if (slice_is_nocase(field.name, "transfer-encoding")) {
        if (head->framing != HTTP_NO_BODY)
            return bad(error, 400, "the body's length is given twice");
        if (head->minor == 0 || !slice_is_nocase(field.value, "chunked"))
            return bad(error, 400, "Transfer-Encoding may only be chunked");
        head->framing = HTTP_CHUNKED;
    } else if (slice_is_nocase(field.name, "connection")) {
        if (http_lists(field.value, "close"))
            head->keep_alive = false;
        else if (head->minor == 0 && http_lists(field.value, "keep-alive"))
            head->keep_alive = true;
    } else if (slice_is_nocase(field.name, "expect")) {
        if (!slice_is_nocase(field.value, "100-continue"))
            return bad(error, 417, "only Expect: 100-continue is understood");
        head->expects_continue = head->minor == 1;
    }
    return true;
}

static bool parse_field(struct slice line, struct http_head *head, struct http_error *error)
{
    struct http_field field;
    if (!http_split_field(line, &field))
        return bad(error, 400, "a header field has no name, or holds a character that it may not hold");
    if (head->field_count == HTTP_FIELDS_MAX)
        return bad(error, 431, "too many header fields");
    head->fields[head->field_count++] = field;
    return apply_field(field, head, error);
}

static bool parse_head(struct slice text, struct http_head *head, struct http_error *error)
{
    struct slice line, authority = {NULL, 0};
    if (!http_cut_line(&text, &line))
        return bad(error, 400, "a line does not end in CR LF");
    if (!parse_request_line(line, head, &authority, error))
        return false;
    for (;;) {
        if (!http_cut_line(&text, &line))
            return bad(error, 400, "a line does not end in CR LF");
        if (!line.len)
            break;
        if (!parse_field(line, head, error))
            return false;
    }
    if (!head->host.ptr)
        return bad(error, 400, "the Host header is missing");
    if (authority.ptr && !slice_equal(authority, head->host))
        return bad(error, 400, "the request target and Host name different hosts");
    return true;
}

enum http_result http_parse_head(struct slice text, struct http_head *head, struct http_error *error)
{
    /* The table of fields is written as far as field_count says, so it need not be cleared. */
    head->method = head->path = head->query = head->host = (struct slice){NULL, 0};
    head->minor = 0;
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
