/* toml_scan: pure. Splits a TOML document into items: keys with values, table headers, and other lines. It only finds
 * the boundaries and accepts some invalid documents, but splits every valid document correctly. The concatenated items
 * are the document, byte for byte. */
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
    struct slice text;  /* whole lines with their line endings */
    struct slice key;   /* TOML_KEY, TOML_TABLE: the key as written, with dots and quotes */
    struct slice value; /* TOML_KEY: the value as written, without a trailing comment */
};

struct toml_scan {
    struct slice rest; /* not yet scanned */
    unsigned line;     /* line number of its first byte */
    const char *fault; /* static; syntax error at `rest`; NULL: none */
};

/* Starts a scan. A leading byte order mark belongs to no item: see toml_bom(). */
void toml_scan_start(struct toml_scan *scan, struct slice text);
/* Gets the next item. false: end, or a syntax error in `fault`. */
bool toml_next(struct toml_scan *scan, struct toml_item *item);
/* Length of the leading byte order mark: 3 or 0. */
size_t toml_bom(struct slice text);

/* Removes the first part of a dotted key and compares it, unquoted, with `name`. *key becomes the rest after the dot;
 * empty: no more parts. */
bool toml_part_is(struct slice *key, const char *name);

#endif
