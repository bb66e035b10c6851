/* json_plain: pure. Finds the end of plain text in a JSON string: printable ASCII without '"' and '\\'. Private to the
 * JSON reader, which spends most of its time here. */
#ifndef POINTSMAN_JSON_PLAIN_H
#define POINTSMAN_JSON_PLAIN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Sixteen bytes at a time, as the compiler's vector type: SSE2 on x64, NEON on arm64. */
typedef int8_t json_vector __attribute__((vector_size(16)));

/* Finds plain text: all bits of its bytes are set, those of other bytes are not. Signed, so that bytes that are not
 * ASCII are below ' '. */
static inline json_vector json_find_plain(const unsigned char *p)
{
    json_vector text;
    memcpy(&text, p, sizeof text);
    return (text > ' ' - 1) & ~((text == '"') | (text == '\\'));
}

/* Number of plain bytes at the start. */
#ifdef __SSE2__
static inline size_t json_count_plain(json_vector plain)
{
    return (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8((__m128i)plain)); /* bits 16 to 31 are not of a byte */
}
#else
static inline size_t json_count_plain(json_vector plain)
{
    uint64_t halves[2];
    memcpy(halves, &plain, sizeof halves);
    uint64_t others = ~halves[0] ? ~halves[0] : ~halves[1];
    size_t before = ~halves[0] ? 0 : sizeof others;
    if (!others)
        return sizeof plain;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return before + (size_t)__builtin_ctzll(others) / 8;
#else
    return before + (size_t)__builtin_clzll(others) / 8;
#endif
}
#endif

/* Skips plain ASCII, up to '"', '\\', a control character or a byte that is not ASCII. Most of a request is such text,
 * so a parse spends most of its time here. */
static inline const unsigned char *json_skip_plain(const unsigned char *p, const unsigned char *end)
{
    const size_t size = sizeof(json_vector);
    while ((size_t)(end - p) >= size) {
        size_t count = json_count_plain(json_find_plain(p));
        p += count;
        if (count < size)
            return p;
        /* a long text: four vectors at a time while all are plain */
        while ((size_t)(end - p) >= 4 * size &&
               json_count_plain(json_find_plain(p) & json_find_plain(p + size) & json_find_plain(p + 2 * size) &
                                json_find_plain(p + 3 * size)) == size)
            p += 4 * size;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

#endif
