/* json_plain: pure. Finds the end of plain text in a JSON string: printable ASCII without '"' and '\\'. Private to the
 * JSON reader, which spends most of its time here. */
#ifndef POINTSMAN_JSON_PLAIN_H
#define POINTSMAN_JSON_PLAIN_H

#include <stdbool.h>
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

/* Number of plain bytes at the start, and whether a block of JSON_BLOCK bytes is plain. */
#define JSON_BLOCK (8 * sizeof(json_vector))
#ifdef __SSE2__
static inline size_t json_count_plain(json_vector plain)
{
    return (size_t)__builtin_ctz(~(unsigned)_mm_movemask_epi8((__m128i)plain)); /* bits 16 to 31 are not of a byte */
}

/* Bit 1 is inverted, so that '"' is ' ' and all plain bytes are above it: one minimum finds '"' and control characters,
 * in fewer instructions than a comparison for each. */
static inline bool json_block_is_plain(const unsigned char *p)
{
    const __m128i bit = _mm_set1_epi8(2), backslash = _mm_set1_epi8('\\' ^ 2), space = _mm_set1_epi8(' ');
    __m128i least = _mm_set1_epi8(-1), others = _mm_setzero_si128();
#pragma GCC unroll 8
    for (size_t i = 0; i < JSON_BLOCK; i += sizeof(json_vector)) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)(p + i)) ^ bit;
        least = _mm_min_epu8(least, text);
        others |= text | _mm_cmpeq_epi8(text, backslash); /* the top bit: not ASCII, or a backslash */
    }
    others |= _mm_cmpeq_epi8(_mm_min_epu8(least, space), least);
    return _mm_movemask_epi8(others) == 0;
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

static inline bool json_block_is_plain(const unsigned char *p)
{
    json_vector plain = json_find_plain(p);
    for (size_t i = sizeof plain; i < JSON_BLOCK; i += sizeof plain)
        plain &= json_find_plain(p + i);
    return json_count_plain(plain) == sizeof plain;
}
#endif

/* Skips plain ASCII, up to '"', '\\', a control character or a byte that is not ASCII. Most of a request is such text,
 * so a parse spends most of its time here. */
static inline const unsigned char *json_skip_plain(const unsigned char *p, const unsigned char *end)
{
    const size_t size = sizeof(json_vector);
    const unsigned char *few = p + 4 * size; /* most strings end before */
    for (bool whole = false; (size_t)(end - p) >= size;) {
        size_t count = json_count_plain(json_find_plain(p));
        p += count;
        if (count < size)
            return p;
        if (whole || p < few)
            continue;
        while ((size_t)(end - p) >= JSON_BLOCK && json_block_is_plain(p))
            p += JSON_BLOCK;
        whole = true; /* the end is in this block */
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

#endif
