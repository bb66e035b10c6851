/* pure: decodes compressed request bodies. */
#include "proxy/front/coding.h"

#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#define STEP (64u << 10)   /* bytes; least growth of the output */
#define ZSTD_WINDOW_LOG 23 /* 8 MB, the maximum of RFC 9659 */

enum step { STEP_MORE, STEP_END, STEP_BAD, STEP_NO_MEMORY };

struct decoder {
    enum coding coding;
    z_stream zlib;
    ZSTD_DCtx *zstd;
};

bool coding_read(struct slice value, enum coding *coding)
{
    static const struct {
        const char *name;
        enum coding coding;
    } names[] = {
        {"identity", CODING_NONE},   {"gzip", CODING_GZIP}, {"x-gzip", CODING_GZIP},
        {"deflate", CODING_DEFLATE}, {"zstd", CODING_ZSTD}, {"", CODING_NONE},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is_nocase(value, names[i].name)) {
            *coding = names[i].coding;
            return true;
        }
    return false;
}

/* "deflate" means zlib's format (RFC 9110, 8.4.1.2); some clients send raw deflate. */
static bool has_zlib_header(struct slice in)
{
    unsigned first = in.len > 1 ? (unsigned char)in.ptr[0] : 0, second = in.len > 1 ? (unsigned char)in.ptr[1] : 0;
    return (first & 15) == 8 && (first * 256 + second) % 31 == 0;
}

static bool decoder_open(struct decoder *d, enum coding coding, struct slice in)
{
    *d = (struct decoder){.coding = coding};
    if (coding == CODING_ZSTD)
        return (d->zstd = ZSTD_createDCtx()) &&
               !ZSTD_isError(ZSTD_DCtx_setParameter(d->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
    int bits = coding == CODING_GZIP ? 16 + MAX_WBITS : has_zlib_header(in) ? MAX_WBITS : -MAX_WBITS;
    return inflateInit2(&d->zlib, bits) == Z_OK;
}

static void decoder_close(struct decoder *d)
{
    if (d->coding == CODING_ZSTD)
        (void)ZSTD_freeDCtx(d->zstd);
    else
        (void)inflateEnd(&d->zlib);
}

static enum step step_zstd(struct decoder *d, struct slice *in, char *to, size_t room, size_t *made)
{
    ZSTD_inBuffer source = {in->ptr, in->len, 0};
    ZSTD_outBuffer target = {to, room, 0};
    size_t left = ZSTD_decompressStream(d->zstd, &target, &source);
    if (ZSTD_isError(left))
        return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation ? STEP_NO_MEMORY : STEP_BAD;
    in->ptr += source.pos;
    in->len -= source.pos;
    *made = target.pos;
    return left ? STEP_MORE : STEP_END;
}

static uInt at_once(size_t len)
{
    return len < UINT_MAX ? (uInt)len : UINT_MAX;
}

static enum step step_zlib(struct decoder *d, struct slice *in, char *to, size_t room, size_t *made)
{
    z_stream *z = &d->zlib;
    z->next_in = (const Bytef *)in->ptr;
    z->avail_in = at_once(in->len);
    z->next_out = (Bytef *)to;
    z->avail_out = at_once(room);
    int result = inflate(z, Z_NO_FLUSH);
    size_t taken = (size_t)((const char *)z->next_in - in->ptr);
    in->ptr += taken;
    in->len -= taken;
    *made = (size_t)((char *)z->next_out - to);
    if (result == Z_STREAM_END)
        return STEP_END;
    if (result == Z_MEM_ERROR)
        return STEP_NO_MEMORY;
    return result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

/* Grows the output: doubles it, up to its ceiling. */
static enum coding_result grow(struct coding_sink *sink)
{
    struct buf *out = sink->out;
    size_t left = out->max - out->len, more = out->len > STEP ? out->len : STEP;
    if (!left)
        return CODING_FULL;
    if (!buf_reserve(out, more < left ? more : left))
        return CODING_NO_MEMORY;
    return !sink->grown || sink->grown(out->cap, sink->ctx) ? CODING_OK : CODING_NO_ROOM;
}

/* Returns the free bytes in the output's memory and below its ceiling. */
static size_t room_of(const struct buf *out)
{
    size_t room = out->cap - 1 - out->len, left = out->max - out->len; /* the last byte holds a NUL */
    return room < left ? room : left;
}

/* Decodes one member or frame. With a full output, the end of the coding may still follow. */
static enum coding_result decode_one(struct decoder *d, struct slice *in, struct coding_sink *sink)
{
    struct buf *out = sink->out;
    enum coding_result result = out->cap ? CODING_OK : grow(sink);
    while (result == CODING_OK) {
        size_t room = room_of(out), made = 0, before = in->len;
        char *to = out->data + out->len;
        enum step step = d->coding == CODING_ZSTD ? step_zstd(d, in, to, room, &made)
                                                  : step_zlib(d, in, to, room, &made);
        out->len += made;
        if (step != STEP_MORE)
            return step == STEP_END ? CODING_OK : step == STEP_BAD ? CODING_BAD : CODING_NO_MEMORY;
        if (made == room && (!room || out->len < out->max))
            result = grow(sink);
        else if (made < room && (!in->len || (!made && in->len == before)))
            return CODING_BAD; /* truncated */
    }
    return result;
}

enum coding_result coding_decode(enum coding coding, struct slice in, struct coding_sink *sink)
{
    struct decoder decoder;
    enum coding_result result = CODING_OK;
    if (!decoder_open(&decoder, coding, in))
        result = CODING_NO_MEMORY;
    while (in.len && result == CODING_OK) {
        result = decode_one(&decoder, &in, sink);
        if (in.len && result == CODING_OK && coding != CODING_ZSTD && inflateReset(&decoder.zlib) != Z_OK)
            result = CODING_BAD;
    }
    decoder_close(&decoder);
    return result;
}
