/* toml_scan: a TOML document as its lines' items: keys with their values, table headers, and what lies between. Pure.
 * It finds where things begin and end, no more: what it takes for a document need not be a valid one, but every valid
 * one is taken apart rightly, and the items' texts, put together, are the document again, byte for byte. */
#ifndef POINTSMAN_CLI_TOML_SCAN_H
#define POINTSMAN_CLI_TOML_SCAN_H

#include "common/buf.h"

enum toml_kind {
    TOML_OTHER, /* an empty line or a comment */
    TOML_KEY,   /* key = value */
    TOML_TABLE, /* [header] or [[header]] */
};

struct toml_item {
    enum toml_kind kind;
    unsigned line;      /* from 1 */
    struct slice text;  /* whole lines, the last one's end included where it has one */
    struct slice key;   /* TOML_KEY, TOML_TABLE: the key as written, dots and quotes included */
    struct slice value; /* TOML_KEY: the value as written, without a comment after it */
};

struct toml_scan {
    struct slice rest; /* what is still to come */
    unsigned line;     /* of its first byte */
    const char *fault; /* static text: no item could be made of the rest; else NULL */
};

/* A byte order mark at the beginning belongs to no item: see toml_bom(). */
void toml_scan_start(struct toml_scan *scan, struct slice text);
/* The next item; false at the end, and at a fault. */
bool toml_next(struct toml_scan *scan, struct toml_item *item);
/* Bytes of the byte order mark that the text begins with: 3 or 0. */
size_t toml_bom(struct slice text);

/* Takes the first part off a dotted key and compares it, unquoted, with `name`. `*key` is then what follows the dot,
 * empty at the end. */
bool toml_part_is(struct slice *key, const char *name);

#endif
