/* document: a JSON document that is made off the hot path: built as a tree by cJSON, then printed once.
 *
 *     struct document d;
 *     struct container root = document_object(&d), list = document_add_array(root, "models");
 *     document_add_text(document_add_object(list, NULL), "name", name);
 *     if (!document_print(&d, out))
 *         ...                                  out of memory, or beyond the ceiling of `out`
 *
 * Nothing between the first line and the last needs a check: what finds no memory marks the document as failed, and
 * later additions do nothing. Members are printed in the order in which they were added. Keys and texts are copied;
 * bytes that are not UTF-8, and NUL, become U+FFFD.
 *
 * Not for keys and tokens: what it frees is not overwritten. Those are written with common/json. */
#ifndef POINTSMAN_DOCUMENT_H
#define POINTSMAN_DOCUMENT_H

#include "common/buf.h"

struct cJSON;

struct document {
    struct cJSON *root; /* owned */
    bool failed;        /* out of memory */
};

/* Where members or elements are added: an object or an array of a document. Passed by value; valid until the document
 * is printed or freed. */
struct container {
    struct document *document;
    struct cJSON *item; /* NULL: the document has failed */
};

/* Begin a document whose root is an object, or an array. End it with document_print() or document_free(). */
struct container document_object(struct document *d);
struct container document_array(struct document *d);
/* Appends the document to `out` without spaces or a newline, and frees it. Returns false, and marks `out` as failed, if
 * the document ran out of memory or does not fit; `out` then has none of it. */
bool document_print(struct document *d, struct buf *out);
/* Frees a document that is not printed. */
void document_free(struct document *d);

/* Each of these adds one member to an object, or one element to an array, for which `key` is NULL. */
struct container document_add_object(struct container in, const char *key);
struct container document_add_array(struct container in, const char *key);
/* NULL becomes null; document_add_name() writes "" as null too. */
void document_add_text(struct container in, const char *key, const char *text);
void document_add_name(struct container in, const char *key, const char *text);
void document_add_slice(struct container in, const char *key, struct slice text);
/* The contents of a buffer; the document fails with one that ran out of memory. */
void document_add_buf(struct container in, const char *key, const struct buf *text);
void document_add_bool(struct container in, const char *key, bool value);
void document_add_count(struct container in, const char *key, int64_t value);
/* As "%.*g" and "%.*f" write them; NAN and infinities become null. */
void document_add_number(struct container in, const char *key, double value, int digits);
void document_add_fixed(struct container in, const char *key, double value, int decimals);
void document_add_null(struct container in, const char *key);
/* JSON as it stands: a value that json_parse() has accepted, or that a writer of common/json made. Nothing: null. */
void document_add_raw(struct container in, const char *key, struct slice json);
/* The same from a buffer; the document fails with one that has failed, because JSON that was cut is none. */
void document_add_json(struct container in, const char *key, const struct buf *json);

#endif
