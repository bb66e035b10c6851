/* document: JSON documents off the hot path: built as a tree by cJSON, then printed once.
 *
 *     struct document d;
 *     struct container root = document_object(&d), list = document_add_array(root, "models");
 *     document_add_text(document_add_object(list, NULL), "name", name);
 *     if (!document_print(&d, out))
 *         ...                                  out of memory, or beyond the ceiling of `out`
 *
 * Only the last call needs a check: after a failed allocation the document is marked as failed, and further additions
 * do nothing. Members are printed in the order of their addition. Keys and texts are copied; NUL and bytes that are not
 * UTF-8 become U+FFFD.
 *
 * Not for keys and tokens, because freed memory is not overwritten. Use common/json for those. */
#ifndef POINTSMAN_DOCUMENT_H
#define POINTSMAN_DOCUMENT_H

#include "common/buf.h"

struct cJSON;

struct document {
    struct cJSON *root; /* owned */
    bool failed;        /* out of memory */
};

/* An object or array of a document, to which members or elements are added. Passed by value; valid until the document
 * is printed or freed. */
struct container {
    struct document *document;
    struct cJSON *item; /* NULL: the document has failed */
};

/* Start a document whose root is an object, or an array. End it with document_print() or document_free(). */
struct container document_object(struct document *d);
struct container document_array(struct document *d);
/* Appends the document to `out`, without spaces or a newline, and frees it. false: out of memory, or it does not fit;
 * `out` is marked as failed and has no part of it. */
bool document_print(struct document *d, struct buf *out);
/* Frees a document without printing it. */
void document_free(struct document *d);

/* These add a member to an object, or an element to an array (`key` NULL). */
struct container document_add_object(struct container in, const char *key);
struct container document_add_array(struct container in, const char *key);
/* NULL becomes null. document_add_name() writes "" as null too. */
void document_add_text(struct container in, const char *key, const char *text);
void document_add_name(struct container in, const char *key, const char *text);
void document_add_slice(struct container in, const char *key, struct slice text);
/* Adds the content of a buffer. If the buffer has failed, the document fails. */
void document_add_buf(struct container in, const char *key, const struct buf *text);
void document_add_bool(struct container in, const char *key, bool value);
void document_add_count(struct container in, const char *key, int64_t value);
/* Formats like "%.*g" and "%.*f". NAN and infinities become null. */
void document_add_number(struct container in, const char *key, double value, int digits);
void document_add_fixed(struct container in, const char *key, double value, int decimals);
void document_add_null(struct container in, const char *key);
/* Adds JSON without a check: a value that json_parse() accepted or common/json wrote. Empty: null. */
void document_add_raw(struct container in, const char *key, struct slice json);
/* The same from a buffer. If the buffer has failed, the document fails, because truncated JSON is invalid. */
void document_add_json(struct container in, const char *key, const struct buf *json);

#endif
