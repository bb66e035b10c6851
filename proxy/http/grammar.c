/* pure: HTTP/1.1 grammar shared by requests and replies. */
#include "proxy/http/grammar.h"

#include <string.h>

#define CHUNK_DIGITS_MAX 8   /* a chunk below 4 GB */
#define CHUNK_EXTRA_MAX 4096 /* bytes of chunk extensions and trailer fields in one body */

/* RFC 9110, 5.6.2: visible characters except separators. */
static bool is_token_char(char c)
{
    static const bool token[256] = {['!'] = true,         ['#' ... '\''] = true, ['*' ... '+'] = true,
                                    ['-' ... '.'] = true, ['0' ... '9'] = true,  ['A' ... 'Z'] = true,
                                    ['^' ... 'z'] = true, ['|'] = true,          ['~'] = true};
    return token[(unsigned char)c];
}

bool http_is_token(struct slice s)
{
    bool all = s.len > 0;
    for (size_t i = 0; i < s.len; i++)
        all &= is_token_char(s.ptr[i]);
    return all;
}

/* Visible ASCII and what else a field value may contain (RFC 9110, 5.5). */
static bool is_field_value(struct slice s)
{
    static const bool control[256] = {[0 ... '\t' - 1] = true, ['\t' + 1 ... 0x1F] = true, [0x7F] = true};
    bool found = false;
    for (size_t i = 0; i < s.len; i++)
        found |= control[(unsigned char)s.ptr[i]]; /* no early exit: it is rarely taken, and this loop is most of a
                                                      head's parse time */
    return !found;
}

bool http_cut(struct slice *rest, char c, struct slice *part)
{
    const char *at = rest->len ? memchr(rest->ptr, c, rest->len) : NULL;
    if (!at)
        return false;
    *part = (struct slice){rest->ptr, (size_t)(at - rest->ptr)};
    rest->len -= part->len + 1;
    rest->ptr = at + 1;
    return true;
}

bool http_cut_line(struct slice *rest, struct slice *line)
{
    if (!http_cut(rest, '\n', line) || !line->len || line->ptr[line->len - 1] != '\r')
        return false;
    line->len--;
    return !memchr(line->ptr, '\r', line->len);
}

size_t http_head_length(struct slice input, size_t *scanned)
{
    /* A lone LF ends no line here. But a head that contains one must still count as complete at its empty line, to be
     * rejected. So only LF is searched; the parser checks the rest. */
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

bool http_split_field(struct slice line, struct http_field *field)
{
    struct slice rest = line;
    if (!http_cut(&rest, ':', &field->name) || !http_is_token(field->name))
        return false;
    field->value = slice_trim(rest);
    return is_field_value(field->value);
}

bool http_parse_length(struct slice value, uint64_t *length)
{
    *length = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
        *length = *length * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    return value.len > 0 && value.len <= 18;
}

bool http_lists(struct slice value, const char *token)
{
    while (value.len) {
        struct slice one = value;
        if (!http_cut(&value, ',', &one))
            value.len = 0;
        if (slice_is_nocase(slice_trim(one), token))
            return true;
    }
    return false;
}

enum chunk_state {
    CHUNK_SIZE,       /* hexadecimal digits */
    CHUNK_NAME_START, /* after the ";" of an extension */
    CHUNK_NAME,
    CHUNK_VALUE_START, /* after its "=" */
    CHUNK_VALUE,
    CHUNK_QUOTED,
    CHUNK_QUOTED_PAIR, /* after a backslash */
    CHUNK_QUOTED_END,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    CHUNK_TRAILER_START, /* at the start of a trailer field */
    CHUNK_TRAILER_NAME,
    CHUNK_TRAILER, /* its value, ignored */
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
    return at == '\r' ? CHUNK_SIZE_LF : at == ';' ? CHUNK_NAME_START : CHUNK_BAD;
}

/* Visible ASCII, blanks and bytes above 0x7F. */
static bool is_plain(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7F);
}

/* One byte of a chunk's extensions (RFC 9112, 7.1.1), without the optional blanks, which senders must not generate. */
static enum chunk_state extension_step(enum chunk_state state, char at)
{
    enum chunk_state end = at == '\r' ? CHUNK_SIZE_LF : at == ';' ? CHUNK_NAME_START : CHUNK_BAD;
    switch (state) {
    case CHUNK_NAME_START: return is_token_char(at) ? CHUNK_NAME : CHUNK_BAD;
    case CHUNK_NAME: return is_token_char(at) ? CHUNK_NAME : at == '=' ? CHUNK_VALUE_START : end;
    case CHUNK_VALUE_START: return at == '"' ? CHUNK_QUOTED : is_token_char(at) ? CHUNK_VALUE : CHUNK_BAD;
    case CHUNK_VALUE: return is_token_char(at) ? CHUNK_VALUE : end;
    case CHUNK_QUOTED:
        return at == '"' ? CHUNK_QUOTED_END : at == '\\' ? CHUNK_QUOTED_PAIR : is_plain(at) ? CHUNK_QUOTED : CHUNK_BAD;
    case CHUNK_QUOTED_PAIR: return is_plain(at) ? CHUNK_QUOTED : CHUNK_BAD;
    default: return end; /* CHUNK_QUOTED_END */
    }
}

/* One byte outside a chunk's data. */
static enum chunk_state chunk_step(struct http_chunked *c, char at)
{
    int digit;
    switch ((enum chunk_state)c->state) {
    case CHUNK_SIZE:
        digit = hex_digit(at);
        if (digit < 0)
            return after_size(c, at);
        c->left = c->left << 4 | (uint64_t)digit;
        return ++c->digits <= CHUNK_DIGITS_MAX ? CHUNK_SIZE : CHUNK_BAD;
    case CHUNK_NAME_START:
    case CHUNK_NAME:
    case CHUNK_VALUE_START:
    case CHUNK_VALUE:
    case CHUNK_QUOTED:
    case CHUNK_QUOTED_PAIR:
    case CHUNK_QUOTED_END:
        return ++c->line <= CHUNK_EXTRA_MAX ? extension_step((enum chunk_state)c->state, at) : CHUNK_BAD;
    case CHUNK_SIZE_LF: return at != '\n' ? CHUNK_BAD : c->left ? CHUNK_DATA : CHUNK_TRAILER_START;
    case CHUNK_DATA_CR: return at == '\r' ? CHUNK_DATA_LF : CHUNK_BAD;
    case CHUNK_DATA_LF: c->digits = 0; return at == '\n' ? CHUNK_SIZE : CHUNK_BAD;
    case CHUNK_TRAILER_START:
        if (at == '\r')
            return CHUNK_END_LF;
        return is_token_char(at) && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER_NAME : CHUNK_BAD;
    case CHUNK_TRAILER_NAME:
        if (at == ':')
            return CHUNK_TRAILER;
        return is_token_char(at) && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER_NAME : CHUNK_BAD;
    case CHUNK_TRAILER:
        if (at == '\r')
            return CHUNK_TRAILER_LF;
        return is_plain(at) && ++c->line <= CHUNK_EXTRA_MAX ? CHUNK_TRAILER : CHUNK_BAD;
    case CHUNK_TRAILER_LF: return at == '\n' ? CHUNK_TRAILER_START : CHUNK_BAD;
    case CHUNK_END_LF: return at == '\n' ? CHUNK_DONE : CHUNK_BAD;
    case CHUNK_DATA:
    case CHUNK_DONE:
    case CHUNK_BAD: break;
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
