/* pure: the HTTP/1.1 request grammar, small and strict. */
#include "proxy/front/http_parse.h"

#include <string.h>

#define CHUNK_DIGITS_MAX 8        /* a chunk below 4 GB */
#define CHUNK_EXTRA_MAX 4096      /* bytes of chunk extensions and trailer fields in one body */

static bool bad(struct http_error *error, int status, const char *message)
{
    *error = (struct http_error){status, message};
    return false;
}

/* RFC 9110, 5.6.2. */
static bool is_token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char(s.ptr[i]))
            return false;
    return s.len > 0;
}

/* Visible ASCII, and what else RFC 9110, 5.5 lets a field value hold. */
static bool is_field_value(struct slice s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7F)
            return false;
    }
    return true;
}

/* Cuts `*rest` at the first `c`; the part before it goes into *part. false when there is none. */
static bool cut(struct slice *rest, char c, struct slice *part)
{
    const char *at = rest->len ? memchr(rest->ptr, c, rest->len) : NULL;
    if (!at)
        return false;
    *part = (struct slice){rest->ptr, (size_t)(at - rest->ptr)};
    rest->len -= part->len + 1;
    rest->ptr = at + 1;
    return true;
}

/* Takes the next line, which must end in CRLF and hold neither character elsewhere. */
static bool cut_line(struct slice *rest, struct slice *line)
{
    if (!cut(rest, '\n', line) || !line->len || line->ptr[line->len - 1] != '\r')
        return false;
    line->len--;
    return !memchr(line->ptr, '\r', line->len);
}

size_t http_head_length(struct slice input, size_t *scanned)
{
    /* A line feed that stands alone ends no line here, but a head that holds one must still be seen as complete at its
     * empty line, to be refused. Only the LF is searched; what came before is checked by the parse. */
    size_t i = *scanned;
    while (i < input.len) {
        const char *lf = memchr(input.ptr + i, '\n', input.len - i);
        if (!lf)
            break;
        i = (size_t)(lf - input.ptr) + 1;
        bool after_lf = i >= 2 && input.ptr[i - 2] == '\n';
        bool after_crlf = i >= 3 && input.ptr[i - 2] == '\r' && input.ptr[i - 3] == '\n';
        if (after_lf || after_crlf)
            return i;
    }
    *scanned = input.len;
    return 0;
}

static bool parse_target(struct slice target, struct http_head *head, struct slice *authority, struct http_error *error)
{
    static const char scheme[] = "http://";
    if (!target.len || target.len > HTTP_TARGET_MAX)
        return bad(error, target.len ? 414 : 400, "the request target is too long or empty");
    for (size_t i = 0; i < target.len; i++)
        if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7F)
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
    if (cut(&rest, '?', &path)) {
        head->path = path;
        head->query = rest;
    }
    return true;
}

static bool parse_request_line(struct slice line, struct http_head *head, struct slice *authority,
                               struct http_error *error)
{
    struct slice rest = line, target;
    if (!cut(&rest, ' ', &head->method) || !is_token(head->method) || !cut(&rest, ' ', &target))
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

static bool parse_length(struct slice value, uint64_t *length)
{
    *length = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
        *length = *length * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    return value.len > 0 && value.len <= 18;
}

/* Connection's tokens; "close" wins over "keep-alive". */
static void parse_connection(struct slice value, struct http_head *head)
{
    while (value.len) {
        struct slice token = value;
        if (!cut(&value, ',', &token))
            value.len = 0;
        token = slice_trim(token);
        if (slice_is_nocase(token, "close"))
            head->keep_alive = false;
        else if (slice_is_nocase(token, "keep-alive") && head->minor == 0)
            head->keep_alive = true;
    }
}

/* The fields that this grammar itself understands. */
static bool apply_field(struct http_field field, struct http_head *head, struct http_error *error)
{
    if (slice_is_nocase(field.name, "host")) {
        if (head->host.ptr)
            return bad(error, 400, "Host stands twice");
        head->host = field.value;
    } else if (slice_is_nocase(field.name, "content-length")) {
        if (head->framing != HTTP_NO_BODY)
            return bad(error, 400, "the body's length is given twice");
        if (!parse_length(field.value, &head->content_length))
            return bad(error, 400, "Content-Length is not a number");
        head->framing = HTTP_LENGTH;
    } else if (slice_is_nocase(field.name, "transfer-encoding")) {
        if (head->framing != HTTP_NO_BODY)
            return bad(error, 400, "the body's length is given twice");
        if (head->minor == 0 || !slice_is_nocase(field.value, "chunked"))
            return bad(error, 400, "Transfer-Encoding may only be chunked");
        head->framing = HTTP_CHUNKED;
    } else if (slice_is_nocase(field.name, "connection")) {
        parse_connection(field.value, head);
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
    struct slice rest = line;
    if (!cut(&rest, ':', &field.name) || !is_token(field.name))
        return bad(error, 400, "a header field has no name, or a character that a name may not hold");
    field.value = slice_trim(rest);
    if (!is_field_value(field.value))
        return bad(error, 400, "a header field's value holds a control character");
    if (head->field_count == HTTP_FIELDS_MAX)
        return bad(error, 431, "too many header fields");
    head->fields[head->field_count++] = field;
    return apply_field(field, head, error);
}

static bool parse_head(struct slice text, struct http_head *head, struct http_error *error)
{
    struct slice line, authority = {NULL, 0};
    if (!cut_line(&text, &line))
        return bad(error, 400, "a line does not end in CR LF");
    if (!parse_request_line(line, head, &authority, error))
        return false;
    for (;;) {
        if (!cut_line(&text, &line))
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

enum chunk_state {
    CHUNK_SIZE,            /* hexadecimal digits */
    CHUNK_EXTENSION,       /* the rest of the size's line */
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER_START,   /* at the start of a trailer line */
    CHUNK_TRAILER,         /* inside one: read over */
    CHUNK_TRAILER_LF,
    CHUNK_END_LF,
    CHUNK_DONE,
    CHUNK_BAD,
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum chunk_state after_size(struct http_chunked *c, char at)
{
    if (!c->digits)
        return CHUNK_BAD;
    return at == '\r' ? CHUNK_SIZE_LF : at == ';' ? CHUNK_EXTENSION : CHUNK_BAD;
}

/* One byte outside of a chunk's data. */
static enum chunk_state chunk_step(struct http_chunked *c, char at)
{
    bool plain = at == '\t' || ((unsigned char)at >= ' ' && at != 0x7F);
    int digit;
    switch ((enum chunk_state)c->state) {
    case CHUNK_SIZE:
        digit = hex_digit(at);
        if (digit < 0)
            return after_size(c, at);
        c->left = c->left << 4 | (uint64_t)digit;
        return ++c->digits <= CHUNK_DIGITS_MAX ? CHUNK_SIZE : CHUNK_BAD;
    case CHUNK_EXTENSION:
        if (at == '\r')
            return CHUNK_SIZE_LF;
        return plain && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_EXTENSION : CHUNK_BAD;
    case CHUNK_SIZE_LF:
        return at != '\n' ? CHUNK_BAD : c->left ? CHUNK_DATA : CHUNK_TRAILER_START;
    case CHUNK_DATA_CR:
        return at == '\r' ? CHUNK_DATA_LF : CHUNK_BAD;
    case CHUNK_DATA_LF:
        c->digits = 0;
        return at == '\n' ? CHUNK_SIZE : CHUNK_BAD;
    case CHUNK_TRAILER_START:
        if (at == '\r')
            return CHUNK_END_LF;
        return is_token_char(at) && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER : CHUNK_BAD;
    case CHUNK_TRAILER:
        if (at == '\r')
            return CHUNK_TRAILER_LF;
        return plain && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER : CHUNK_BAD;
    case CHUNK_TRAILER_LF:
        return at == '\n' ? CHUNK_TRAILER_START : CHUNK_BAD;
    case CHUNK_END_LF:
        return at == '\n' ? CHUNK_DONE : CHUNK_BAD;
    case CHUNK_DATA:
    case CHUNK_DONE:
    case CHUNK_BAD:
        break;
    }
    return CHUNK_BAD;
}

enum http_result http_read_chunked(struct http_chunked *c, struct slice *input, struct slice *piece)
{
    *piece = (struct slice){NULL, 0};
    while (input->len && c->state != CHUNK_DONE && c->state != CHUNK_BAD) {
        if (c->state == CHUNK_DATA) {
            size_t take = input->len < c->left ? input->len : (size_t)c->left;
            *piece = (struct slice){input->ptr, take};
            input->ptr += take;
            input->len -= take;
            c->left -= take;
            if (!c->left)
                c->state = CHUNK_DATA_CR;
            return HTTP_MORE;
        }
        c->state = (int)chunk_step(c, *input->ptr);
        input->ptr++;
        input->len--;
    }
    return c->state == CHUNK_DONE ? HTTP_OK : c->state == CHUNK_BAD ? HTTP_BAD : HTTP_MORE;
}
