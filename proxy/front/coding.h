/* coding: pure. Content codings of request bodies (RFC 9110, 8.4): gzip, deflate and zstd. */
#ifndef POINTSMAN_CODING_H
#define POINTSMAN_CODING_H

#include "common/buf.h"

#define CODING_NAMES "gzip, deflate, zstd"

enum coding { CODING_NONE, CODING_GZIP, CODING_DEFLATE, CODING_ZSTD };

/* Parses Content-Encoding. false: an unsupported coding, or a list of several. */
MUST_CHECK bool coding_read(struct slice value, enum coding *coding);

enum coding_result {
    CODING_OK,
    CODING_BAD,     /* malformed or truncated */
    CODING_FULL,    /* the output exceeds out->max */
    CODING_NO_ROOM, /* grown() refused */
    CODING_NO_MEMORY,
};

/* Where decoded bytes go. */
struct coding_sink {
    struct buf *out; /* empty; its ceiling limits the decoded bytes */
    bool (*grown)(size_t cap,
                  void *ctx); /* called when out's memory grew to `cap` bytes; false stops. NULL: not called */
    void *ctx;
};

/* Decodes all of `in`; several members or frames form one body. Needs at most 8 MB besides `out` (zstd's window, RFC
 * 9659). */
MUST_CHECK enum coding_result coding_decode(enum coding coding, struct slice in, struct coding_sink *sink);

#endif
