/* json: a strict JSON reader that copies nothing (json.c), its values, and the writer of strings and keys
 * (json_value.c).
 *
 * json_parse() checks a whole text against RFC 8259 (UTF-8 included) and lays its values out as nodes in the order of
 * the text, each naming a stretch of it. Strings stay as they were written, escapes and all, so a value can be moved
 * from one document into another by copying bytes:
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
 * Node 0 is the root and nobody's child, so 0 also says "none": json_get() of an absent key gives 0, and asking node 0
 * for its text, number or truth through the accessors below gives "absent" unless the root really is of that type.
 */
#ifndef POINTSMAN_JSON_H
#define POINTSMAN_JSON_H

#include "common/buf.h"

#include <string.h>

#define JSON_MAX_DEPTH 64
#define JSON_NONE 0u

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_node {
    uint32_t at;   /* offset of the first byte in the text */
    uint32_t len;  /* bytes, quotes and brackets included */
    uint32_t next; /* next sibling (for a key: the next key), 0 at the end */
    uint8_t type;  /* enum json_type */
    bool escaped;  /* a string that holds a backslash */
};

struct json {
    const char *text;        /* the caller's; must outlive the nodes' use */
    struct json_node *nodes; /* owned; reused by the next json_parse() */
    uint32_t count, cap;
    const char *error; /* static text after a failed parse, else NULL */
    size_t error_at;   /* its offset in the text */
    bool no_memory;    /* the parse failed for that: nothing is known of the text */
    /* Set before a parse that is to tell whether a string value, however deep, begins with `mark` as it is written
     * there: it is seen on the way. NULL: not looked for. */
    const char *mark;
    bool marked;
};

/* Parses `len` bytes (at most UINT32_MAX). `*j` is zeroed before its first use and reused after that.
 * false: not JSON, deeper than JSON_MAX_DEPTH, or no memory; error and error_at say which and where. */
MUST_CHECK bool json_parse(struct json *j, const char *text, size_t len);
/* As json_parse(), but only the root and its direct children (keys and values) become nodes: all of the text is checked
 * just as strictly. Enough to look at a request's top level at the speed of a scan. */
MUST_CHECK bool json_parse_top(struct json *j, const char *text, size_t len);
void json_free(struct json *j);

static inline enum json_type json_type(const struct json *j, uint32_t node)
{
    return (enum json_type)j->nodes[node].type;
}
/* The value of the object's first `key`; JSON_NONE when absent, or when `object` is no object. Keys written with
 * escapes are compared unescaped. */
uint32_t json_find(const struct json *j, uint32_t object, struct slice key);
static inline uint32_t json_get(const struct json *j, uint32_t object, const char *key)
{
    return json_find(j, object, (struct slice){key, strlen(key)}); /* mostly a constant's: known to the compiler */
}
/* How often `key` stands in the object: 2 and more mean that two readers of the text may disagree. */
unsigned json_count(const struct json *j, uint32_t object, const char *key);
/* First element of an array, or first KEY of an object; JSON_NONE when empty. */
uint32_t json_first(const struct json *j, uint32_t container);
/* Next element, or next KEY; JSON_NONE at the end. A key's value is json_value(key). */
uint32_t json_next(const struct json *j, uint32_t node);
static inline uint32_t json_value(uint32_t key)
{
    return key + 1;
}

/* The value as it was written. */
struct slice json_raw(const struct json *j, uint32_t node);
/* A string without its quotes, escapes kept; an empty slice (ptr NULL) when the node is no string. */
struct slice json_inner(const struct json *j, uint32_t node);
/* Appends the string's unescaped UTF-8 text (a lone surrogate becomes U+FFFD); false when it is no string or the buffer
 * is full. */
bool json_unescape(const struct json *j, uint32_t node, struct buf *out);
/* The same for escaped text that is at hand as a slice, as json_inner() gives it. */
bool json_unescape_inner(struct slice inner, struct buf *out);
/* A new NUL-terminated copy of the string's text, to be freed; NULL when it is no string, holds a NUL, or no memory. */
char *json_strdup(const struct json *j, uint32_t node);
/* Whether escaped text, as json_inner() gives it, says `text`. */
bool json_escaped_equals(struct slice inner, struct slice text);
/* Whether it is a string with this text, which may have been written with escapes. */
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
/* A number's value when it is integral and fits (1000, 1000.0 and 1e3 are); false otherwise. */
bool json_int64(const struct json *j, uint32_t node, int64_t *value);
bool json_double(const struct json *j, uint32_t node, double *value);

/* Bytes of the UTF-8 character at the start of `s`; 0 when there is none (RFC 3629: no overlong forms, no surrogates,
 * at most U+10FFFF). */
size_t json_utf8_length(struct slice s);

/* Writes `text` (UTF-8) as a JSON string with its quotes; bytes that are no UTF-8 become U+FFFD. */
bool json_add_string(struct buf *out, struct slice text);
/* Appends `"key":` to an object that is being written, after a comma unless it is the object's first. */
bool json_add_key(struct buf *out, const char *key);
/* json_add_string() without the quotes. */
bool json_add_escaped(struct buf *out, struct slice text);

#endif
