/* A strict JSON reader (RFC 8259). Makes nodes without copying the text. */
#include "common/json.h"

#include "common/json_plain.h"
#include "common/json_reader.h"

#include <stdlib.h>

static bool fail(struct json_reader *r, const char *error)
{
    if (!r->j->error) {
        r->j->error = error;
        r->j->error_at = (size_t)(r->at - r->text);
    }
    return false;
}

static void skip_space(struct json_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* Whether values at this depth get nodes: all of them, or only the root's direct children. */
static bool records(const struct json_reader *r)
{
    return !r->top_only || r->depth <= 1;
}

/* Whether the object that starts here is an element that gets a node; see json.elements. */
static bool records_element(struct json_reader *r, enum json_type type)
{
    if (r->depth != JSON_ELEMENT_DEPTH - 1 || !r->elements || type != JSON_OBJECT || r->open[1].object)
        return false;
    r->type = r->role = NULL;
    r->j->elements_cut = r->j->count >= JSON_ELEMENTS_MAX;
    return !r->j->elements_cut;
}

/* Short texts such as stream events have few nodes, and each of a thousand idle streams keeps its array. */
static uint32_t first_nodes(const struct json_reader *r)
{
    size_t nodes = (size_t)(r->end - r->text) / 8;
    return nodes < 16 ? 16 : nodes < 64 ? (uint32_t)nodes : 64;
}

/* Appends a node for a value or key that starts here and links it to the previous sibling. */
static bool add_node(struct json_reader *r, enum json_type type, bool links, uint32_t *node)
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

static void close_node(struct json_reader *r, uint32_t node)
{
    struct json_node *n = &r->j->nodes[node];
    n->len = (uint32_t)((size_t)(r->at - r->text) - n->at);
}

static bool is_hex(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool read_escape(struct json_reader *r)
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

static bool read_long_string(struct json_reader *r, bool *escaped)
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
static inline bool read_string(struct json_reader *r, bool *escaped)
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
static void check_mark(struct json_reader *r)
{
    const unsigned char *at = r->at + 1;
    if (r->mark_len && (size_t)(r->end - at) > r->mark_len && *at == (unsigned char)*r->j->mark &&
        memcmp(at, r->j->mark, r->mark_len) == 0)
        r->j->marked = true;
}

/* Counts a string that is data, such as an image, and makes its node if it is in an element. */
static bool note_data(struct json_reader *r, const unsigned char *start, bool escaped)
{
    static const char data[] = "\"data:";
    const unsigned char *end = r->at;
    uint32_t node;
    if (memcmp(start, data, sizeof data - 1) != 0)
        return true;
    r->j->data_bytes += (size_t)(end - start) - 2;
    if (r->depth < JSON_ELEMENT_DEPTH || !r->open[JSON_ELEMENT_DEPTH - 1].node)
        return true;
    r->j->elements_cut |= r->j->count >= JSON_ELEMENTS_MAX;
    if (r->j->elements_cut)
        return true;
    r->at = start;
    bool made = add_node(r, JSON_STRING, false, &node);
    r->at = end;
    if (!made)
        return false;
    r->j->nodes[node].escaped = escaped;
    close_node(r, node);
    return true;
}

static bool read_string_value(struct json_reader *r, bool *escaped)
{
    const unsigned char *start = r->at;
    if (r->known && json_skip_known(r, escaped))
        return true;
    check_mark(r);
    return read_string(r, escaped) && (r->at - start < JSON_DATA_MIN || !r->elements || note_data(r, start, *escaped));
}

static bool read_digits(struct json_reader *r)
{
    const unsigned char *first = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > first || fail(r, "missing digit in a number");
}

static bool read_number(struct json_reader *r)
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

static bool read_word(struct json_reader *r, const char *word)
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
static bool read_value(struct json_reader *r, bool *entered)
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
    bool ok = type == JSON_STRING   ? read_string_value(r, &escaped)
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
static bool read_key(struct json_reader *r)
{
    if (r->at == r->end || *r->at != '"')
        return fail(r, "missing key in an object");
    const unsigned char *key = r->at;
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
    if (r->depth == JSON_ELEMENT_DEPTH && r->elements && (key[1] == 't' || key[1] == 'r') && r->at < r->end)
        json_note_member(r, key);
    return true;
}

/* After a value: closes the containers that end here, or skips the comma before the next value. */
static bool read_between(struct json_reader *r)
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
        if (records(r) || (r->depth == JSON_ELEMENT_DEPTH - 1 && r->open[r->depth].node))
            close_node(r, r->open[r->depth].node);
        if (r->depth == JSON_ELEMENT_DEPTH - 1 && r->elements && r->open[r->depth].node)
            json_classify_element(r, &r->j->nodes[r->open[r->depth].node]);
    }
    return true;
}

static bool read_document(struct json_reader *r)
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

static bool parse(struct json *j, const char *text, size_t len, bool top_only, const struct json *known)
{
    j->text = text = text ? text : ""; /* an empty slice may have no address, and NULL + 0 is undefined */
    j->count = 0;
    j->error = NULL;
    j->error_at = 0;
    j->marked = j->no_memory = j->elements_cut = false;
    j->data_bytes = 0;
    struct json_reader r = {.j = j, .text = (const unsigned char *)text, .top_only = top_only, .known = known};
    r.elements = top_only && j->elements;
    r.mark_len = j->mark ? strlen(j->mark) : 0;
    r.at = r.text;
    if (len > UINT32_MAX)
        return fail(&r, "too long");
    r.end = r.text + len;
    return read_document(&r);
}

bool json_parse(struct json *j, const char *text, size_t len)
{
    return parse(j, text, len, false, NULL);
}

bool json_parse_rest(struct json *j, const char *text, size_t len, const struct json *top)
{
    return parse(j, text, len, false, top);
}

bool json_parse_top(struct json *j, const char *text, size_t len)
{
    return parse(j, text, len, true, NULL);
}

void json_free(struct json *j)
{
    free(j->nodes);
    *j = (struct json){0};
}
