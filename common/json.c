/* A strict JSON reader (RFC 8259). Makes nodes without copying the text. */
#include "common/json.h"

#include "common/json_plain.h"

#include <stdlib.h>

/* The state of a parse. Open containers are in `open`, so that depth needs no recursion. */
struct reader {
    struct json *j;
    const unsigned char *text, *at, *end;
    bool top_only, elements;
    size_t mark_len; /* length of json.mark; 0: none */
    unsigned depth;
    struct {
        uint32_t node; /* of the container; JSON_NONE: not recorded */
        uint32_t last; /* its last recorded child */
        bool object;
    } open[JSON_MAX_DEPTH];
};

static bool fail(struct reader *r, const char *error)
{
    if (!r->j->error) {
        r->j->error = error;
        r->j->error_at = (size_t)(r->at - r->text);
    }
    return false;
}

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* Whether values at this depth get nodes: all of them, or only the root's direct children. */
static bool records(const struct reader *r)
{
    return !r->top_only || r->depth <= 1;
}

/* Whether the object that starts here is an element that gets a node; see json.elements. */
static bool records_element(struct reader *r, enum json_type type)
{
    if (r->depth != 2 || !r->elements || type != JSON_OBJECT || r->open[1].object)
        return false;
    r->j->elements_cut = r->j->count >= JSON_ELEMENTS_MAX;
    return !r->j->elements_cut;
}

/* Short texts such as stream events have few nodes, and each of a thousand idle streams keeps its array. */
static uint32_t first_nodes(const struct reader *r)
{
    size_t nodes = (size_t)(r->end - r->text) / 8;
    return nodes < 16 ? 16 : nodes < 64 ? (uint32_t)nodes : 64;
}

/* Appends a node for a value or key that starts here and links it to the previous sibling. */
static bool add_node(struct reader *r, enum json_type type, bool links, uint32_t *node)
{
    struct json *j = r->j;
    if (j->count == j->cap) {
        uint32_t cap = j->cap ? j->cap * 2 : first_nodes(r);
        struct json_node *nodes = cap > j->cap ? realloc(j->nodes, cap * sizeof *nodes) : NULL;
        if (!nodes) {
            j->no_memory = true;
            return fail(r, "out of memory");
        }
        j->nodes = nodes;
        j->cap = cap;
    }
    *node = j->count++;
    j->nodes[*node] = (struct json_node){.at = (uint32_t)(r->at - r->text), .type = (uint8_t)type};
    if (links && r->depth) {
        uint32_t *last = &r->open[r->depth - 1].last;
        if (*last)
            j->nodes[*last].next = *node;
        *last = *node;
    }
    return true;
}

static void close_node(struct reader *r, uint32_t node)
{
    struct json_node *n = &r->j->nodes[node];
    n->len = (uint32_t)((size_t)(r->at - r->text) - n->at);
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool read_escape(struct reader *r)
{
    if (r->end - r->at < 2 || !r->at[1] || !strchr("\"\\/bfnrtu", r->at[1]))
        return fail(r, "invalid escape in a string");
    if (r->at[1] != 'u') {
        r->at += 2;
        return true;
    }
    if (r->end - r->at < 6 || !is_hex(r->at[2]) || !is_hex(r->at[3]) || !is_hex(r->at[4]) || !is_hex(r->at[5]))
        return fail(r, "invalid \\u escape in a string");
    r->at += 6;
    return true;
}

static bool read_long_string(struct reader *r, bool *escaped)
{
    r->at++;
    for (;;) {
        r->at = json_skip_plain(r->at, r->end);
        if (r->at == r->end)
            return fail(r, "unterminated string");
        unsigned char c = *r->at;
        if (c == '"') {
            r->at++;
            return true;
        }
        if (c == '\\') {
            *escaped = true;
            if (!read_escape(r))
                return false;
        } else if (c < 0x20) {
            return fail(r, "control character in a string");
        } else {
            size_t length = json_utf8_length((struct slice){(const char *)r->at, (size_t)(r->end - r->at)});
            if (!length)
                return fail(r, "invalid UTF-8");
            r->at += length;
        }
    }
}

/* Most strings are keys and words of a few plain letters. */
static inline bool read_string(struct reader *r, bool *escaped)
{
    const unsigned char *first = r->at + 1;
    if (r->at < r->end && (size_t)(r->end - first) >= sizeof(json_vector)) {
        size_t count = json_count_plain(json_find_plain(first));
        if (count < sizeof(json_vector) && first[count] == '"') {
            r->at = first + count + 1;
            return true;
        }
    }
    return read_long_string(r, escaped);
}

/* Called at the start of a string value. */
static void check_mark(struct reader *r)
{
    const unsigned char *at = r->at + 1;
    if (r->mark_len && (size_t)(r->end - at) > r->mark_len && *at == (unsigned char)*r->j->mark &&
        memcmp(at, r->j->mark, r->mark_len) == 0)
        r->j->marked = true;
}

static bool read_digits(struct reader *r)
{
    const unsigned char *first = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > first || fail(r, "missing digit in a number");
}

static bool read_number(struct reader *r)
{
    if (*r->at == '-')
        r->at++;
    if (r->at < r->end && *r->at == '0')
        r->at++;
    else if (!read_digits(r))
        return false;
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        if (!read_digits(r))
            return false;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
            r->at++;
        if (!read_digits(r))
            return false;
    }
    return true;
}

static bool read_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
        return fail(r, "not a JSON value");
    r->at += len;
    return true;
}

static bool value_type(unsigned char c, enum json_type *type)
{
    switch (c) {
    case '{': *type = JSON_OBJECT; return true;
    case '[': *type = JSON_ARRAY; return true;
    case '"': *type = JSON_STRING; return true;
    case 't': *type = JSON_TRUE; return true;
    case 'f': *type = JSON_FALSE; return true;
    case 'n': *type = JSON_NULL; return true;
    case '-':
    case '0' ... '9': *type = JSON_NUMBER; return true;
    default: return false;
    }
}

/* Reads a scalar, or enters a container (*entered). */
static bool read_value(struct reader *r, bool *entered)
{
    enum json_type type;
    if (r->at == r->end)
        return fail(r, "missing value at the end");
    if (!value_type(*r->at, &type))
        return fail(r, "not a JSON value");
    uint32_t node = JSON_NONE;
    bool record = records(r) || records_element(r, type), escaped = false;
    bool in_object = r->depth && r->open[r->depth - 1].object;
    if (record && !add_node(r, type, !in_object, &node))
        return false;
    *entered = type == JSON_OBJECT || type == JSON_ARRAY;
    if (*entered) {
        if (r->depth == JSON_MAX_DEPTH)
            return fail(r, "nested too deeply");
        r->open[r->depth].node = node;
        r->open[r->depth].last = 0;
        r->open[r->depth].object = type == JSON_OBJECT;
        r->depth++;
        r->at++;
        return true;
    }
    if (type == JSON_STRING)
        check_mark(r);
    bool ok = type == JSON_STRING   ? read_string(r, &escaped)
              : type == JSON_NUMBER ? read_number(r)
                                    : read_word(r, type == JSON_TRUE    ? "true"
                                                   : type == JSON_FALSE ? "false"
                                                                        : "null");
    if (ok && record) {
        close_node(r, node);
        r->j->nodes[node].escaped = escaped;
    }
    return ok;
}

/* Reads a key and its colon, up to the value. */
static bool read_key(struct reader *r)
{
    if (r->at == r->end || *r->at != '"')
        return fail(r, "missing key in an object");
    uint32_t node = JSON_NONE;
    bool record = records(r), escaped = false;
    if (record && !add_node(r, JSON_STRING, true, &node))
        return false;
    if (!read_string(r, &escaped))
        return false;
    if (record) {
        close_node(r, node);
        r->j->nodes[node].escaped = escaped;
    }
    skip_space(r);
    if (r->at == r->end || *r->at != ':')
        return fail(r, "missing colon after a key");
    r->at++;
    skip_space(r);
    return true;
}

/* After a value: closes the containers that end here, or skips the comma before the next value. */
static bool read_between(struct reader *r)
{
    while (r->depth) {
        bool object = r->open[r->depth - 1].object;
        skip_space(r);
        if (r->at == r->end)
            return fail(r, object ? "unterminated object" : "unterminated array");
        if (*r->at == ',') {
            r->at++;
            skip_space(r);
            return !object || read_key(r);
        }
        if (*r->at != (object ? '}' : ']'))
            return fail(r, object ? "missing comma or }" : "missing comma or ]");
        r->at++;
        r->depth--;
        if (records(r) || (r->depth == 2 && r->open[2].node))
            close_node(r, r->open[r->depth].node);
    }
    return true;
}

static bool read_document(struct reader *r)
{
    skip_space(r);
    do {
        bool entered = false;
        if (!read_value(r, &entered))
            return false;
        if (entered) {
            bool object = r->open[r->depth - 1].object;
            skip_space(r);
            bool empty = r->at < r->end && *r->at == (object ? '}' : ']');
            if (!empty) {
                if (object && !read_key(r))
                    return false;
                continue;
            }
        }
        if (!read_between(r))
            return false;
    } while (r->depth);
    skip_space(r);
    return r->at == r->end || fail(r, "trailing data after the JSON value");
}

static bool parse(struct json *j, const char *text, size_t len, bool top_only)
{
    j->text = text = text ? text : ""; /* an empty slice may have no address, and NULL + 0 is undefined */
    j->count = 0;
    j->error = NULL;
    j->error_at = 0;
    j->marked = j->no_memory = j->elements_cut = false;
    struct reader r = {.j = j, .text = (const unsigned char *)text, .top_only = top_only, .elements = j->elements};
    r.mark_len = j->mark ? strlen(j->mark) : 0;
    r.at = r.text;
    if (len > UINT32_MAX)
        return fail(&r, "too long");
    r.end = r.text + len;
    return read_document(&r);
}

bool json_parse(struct json *j, const char *text, size_t len)
{
    return parse(j, text, len, false);
}

bool json_parse_top(struct json *j, const char *text, size_t len)
{
    return parse(j, text, len, true);
}

void json_free(struct json *j)
{
    free(j->nodes);
    *j = (struct json){0};
}
