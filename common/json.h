/* json: a strict JSON reader without copies (json.c); values, and writers of strings and keys (json_value.c).
 *
 * json_parse() checks a whole text against RFC 8259 (UTF-8 included) and makes a node for each value, in the order of
 * the text. A node refers to a range of the text. Strings keep their escapes, so a value can be moved to another
 * document by copying its bytes:
 *
 *   {"a":[1,"x"],"b":null}
 *    0: OBJECT  next=0
 *    1: STRING "a" (key)  next=5        a key's value is the node after it
 *    2: ARRAY   next=0
 *    3: NUMBER  next=4
 *    4: STRING  next=0
 *    5: STRING "b" (key)  next=0
 *    6: NULL
 *
 * Node 0 is the root, which is never a child, so 0 also means "none": json_get() of a missing key returns 0. The
 * accessors below return "absent" for node 0 unless the root has their type. */
#ifndef POINTSMAN_JSON_H
#define POINTSMAN_JSON_H

#include "common/buf.h"

#include <string.h>

#define JSON_MAX_DEPTH 64 /* levels; deeper texts are refused */
#define JSON_NONE 0u      /* no node */
#define JSON_DATA_MIN 64  /* bytes, with quotes; shorter data counts as text */

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
    uint32_t at;   /* offset of the first byte in the text */
    uint32_t len;  /* bytes, quotes and brackets included */
    uint32_t next; /* next sibling (of a key: the next key); 0: none */
    uint8_t type;  /* enum json_type */
    bool escaped;  /* a string with a backslash */
    uint8_t class; /* of an element: what json.classify returned */
};

struct json {
    const char *text;        /* the caller's; must outlive the nodes */
    struct json_node *nodes; /* owned; reused by the next parse */
    uint32_t count, cap;
    const char *error; /* static text after a failed parse, else NULL */
    size_t error_at;   /* its offset in the text */
    bool no_memory;    /* the parse ran out of memory; the text may be valid */
    /* If `mark` is set before a parse, `marked` is afterwards whether any string value starts with it, compared with
     * escapes as written. NULL: not checked. */
    const char *mark;
    bool marked;
    /* If `elements` is set before json_parse_top(), the objects in the root's arrays get nodes too, without their
     * children. After an element's node come those of the data in it, at any depth, without links: strings
     * that start with "data:" and have at least JSON_DATA_MIN bytes. At most JSON_ELEMENTS_MAX nodes; `elements_cut` is
     * afterwards whether there are more. */
    bool elements, elements_cut;
    /* Called at the end of each element, with its members "type" and "role" as written, with quotes; empty: missing, or
     * not a string. Its result is the node's `class`. NULL: not called. */
    uint8_t (*classify)(struct slice element, struct slice type, struct slice role);
    size_t data_bytes; /* of all data, without quotes */
};

#define JSON_ELEMENTS_MAX 16384 /* nodes; limits the memory for a request such as "[{},{},...]" */

/* Parses `len` bytes (at most UINT32_MAX). `*j` must be zeroed before its first use, and can be reused. Free with
 * json_free(). false: not JSON, deeper than JSON_MAX_DEPTH, or out of memory; see error, error_at and no_memory. */
MUST_CHECK bool json_parse(struct json *j, const char *text, size_t len);
/* Like json_parse(), but makes nodes only for the root and its direct children (keys and values). Still checks the
 * whole text. For a request's top level: much faster than json_parse(). */
MUST_CHECK bool json_parse_top(struct json *j, const char *text, size_t len);
/* Like json_parse(), for a text of which json_parse_top() has made `top`. Strings with a node there are not read again,
 * so images cost almost nothing. */
MUST_CHECK bool json_parse_rest(struct json *j, const char *text, size_t len, const struct json *top);
void json_free(struct json *j);

static inline enum json_type json_type(const struct json *j, uint32_t node)
{
    return (enum json_type)j->nodes[node].type;
}
/* Returns the value of the object's first member with this key; JSON_NONE: missing, or not an object. Escapes in the
 * text's keys are resolved before they are compared. */
uint32_t json_find(const struct json *j, uint32_t object, struct slice key);
static inline uint32_t json_get(const struct json *j, uint32_t object, const char *key)
{
    return json_find(j, object,
                     (struct slice){key, strlen(key)}); /* strlen(): usually of a constant, so done at compile time */
}
/* Returns how many members of the object have this key. If there are several, another reader may use another one. */
unsigned json_count(const struct json *j, uint32_t object, const char *key);
/* Returns the first element of an array, or the first KEY of an object; JSON_NONE: empty. */
uint32_t json_first(const struct json *j, uint32_t container);
/* Returns the next element or KEY; JSON_NONE: none. A key's value is json_value(key). */
uint32_t json_next(const struct json *j, uint32_t node);
static inline uint32_t json_value(uint32_t key)
{
    return key + 1;
}

/* Returns the bytes of data in a value that json_parse_top() read with `elements`. */
size_t json_data_bytes(const struct json *j, uint32_t node);

/* Returns the text of the value, as written; borrowed. */
struct slice json_raw(const struct json *j, uint32_t node);
/* Returns the text of a string without its quotes, escapes as written; borrowed. ptr NULL: not a string. */
struct slice json_inner(const struct json *j, uint32_t node);
/* Appends the string unescaped, as UTF-8; a lone surrogate becomes U+FFFD. false: not a string, or `out` is full. */
bool json_unescape(const struct json *j, uint32_t node, struct buf *out);
/* The same for escaped text without quotes, as from json_inner(). */
bool json_unescape_inner(struct slice inner, struct buf *out);
/* Returns an unescaped, NUL-terminated copy of the string; free with free(). NULL: not a string, contains a NUL, or out
 * of memory. */
char *json_strdup(const struct json *j, uint32_t node);
/* Compares escaped text without quotes, as from json_inner(), with plain text. */
bool json_escaped_equals(struct slice inner, struct slice text);
/* Returns whether the node is a string equal to `text`, escaped or not. */
static inline bool json_string_equals(const struct json *j, uint32_t node, struct slice text)
{
    const struct json_node *n = &j->nodes[node];
    if (!j->count || n->type != JSON_STRING)
        return false;
    if (n->escaped)
        return json_escaped_equals((struct slice){j->text + n->at + 1, n->len - 2}, text);
    return n->len - 2 == text.len && memcmp(j->text + n->at + 1, text.ptr, text.len) == 0;
}
static inline bool json_string_is(const struct json *j, uint32_t node, const char *text)
{
    return json_string_equals(j, node, (struct slice){text, strlen(text)});
}
static inline bool json_is(const struct json *j, uint32_t node, enum json_type type)
{
    return node != JSON_NONE && j->nodes[node].type == type;
}
/* Reads a whole number, such as 1000, 1000.0 or 1e3. false: not a whole number, or out of range. */
bool json_int64(const struct json *j, uint32_t node, int64_t *value);
bool json_double(const struct json *j, uint32_t node, double *value);

/* Returns the length in bytes of the UTF-8 character at the start; 0: invalid (RFC 3629: no overlong forms, no
 * surrogates, at most U+10FFFF). */
size_t json_utf8_length(struct slice s);
/* Writes the UTF-8 bytes of a code point up to U+10FFFF; a surrogate takes three. Returns their number. */
size_t json_utf8_encode(uint32_t c, char out[4]);

/* Appends `text` (UTF-8) as a JSON string with quotes. Invalid bytes become U+FFFD. This and the functions below:
 * false: `out` failed. */
bool json_add_string(struct buf *out, struct slice text);
/* Appends `"key":` to an object, after a comma unless it is the first member. */
bool json_add_key(struct buf *out, const char *key);
/* Like json_add_string(), without the quotes. */
bool json_add_escaped(struct buf *out, struct slice text);

#endif
