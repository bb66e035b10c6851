/* coding: pure. Content codings of a request's body (RFC 9110, 8.4): gzip, deflate and zstd. */
#ifndef POINTSMAN_CODING_H
#define POINTSMAN_CODING_H

#include "common/buf.h"

#define CODING_NAMES "gzip, deflate, zstd"

enum coding { CODING_NONE, CODING_GZIP, CODING_DEFLATE, CODING_ZSTD };

/* Reads the value of Content-Encoding. false: a coding, or a list of several, that can't be decoded here. */
MUST_CHECK bool coding_read(struct slice value, enum coding *coding);

enum coding_result {
    CODING_OK,
    CODING_BAD,     /* the bytes are not of that coding, or end too early */
    CODING_FULL,    /* the decoded bytes pass out->max */
    CODING_NO_ROOM, /* grown() refused */
    CODING_NO_MEMORY,
};

/* Where decoded bytes go. */
struct coding_sink {
    struct buf *out;                      /* empty; its ceiling holds for the decoded bytes */
    bool (*grown)(size_t cap, void *ctx); /* out's memory is so many bytes now; false ends it. NULL: nobody asks */
    void *ctx;
};

/* Decodes all of `in`; several members or frames one after the other are one body. Beside `out` it takes at most 8 MB
 * while it runs (zstd's window, RFC 9659). */
MUST_CHECK enum coding_result coding_decode(enum coding coding, struct slice in, struct coding_sink *sink);

#endif
