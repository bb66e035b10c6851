/* fast_hash: pure. Hashes of bytes: fast_hash() takes a third of an instruction per byte, and fast_hash_byte() takes
 * text that comes in pieces or changes on its way. None of them resists whoever knows the seed and wants a collision:
 * where that matters, the seed is random. */
#ifndef POINTSMAN_FAST_HASH_H
#define POINTSMAN_FAST_HASH_H

#include "common/buf.h"
#include "common/mix.h"

#include <string.h>

static inline uint64_t fast_hash_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline uint64_t fast_hash_rotate(uint64_t x)
{
    return x << 29 | x >> 35;
}

/* Returns the hash of the bytes, from the seed or the hash of what comes before them. Four polynomials of every fourth
 * word, modulo 2^64; the rotations bring the high bits down, where a product does not. */
static inline uint64_t fast_hash(struct slice bytes, uint64_t seed)
{
    const uint64_t key = mix(seed ^ bytes.len) | 1;
    const char *at = bytes.ptr;
    size_t left = bytes.len;
    uint64_t a = seed, b = ~seed, c = key, d = ~key;
    for (; left >= 64; at += 64, left -= 64) {
        a = ((a + fast_hash_word(at)) * key + fast_hash_word(at + 32)) * key;
        b = ((b + fast_hash_word(at + 8)) * key + fast_hash_word(at + 40)) * key;
        c = ((c + fast_hash_word(at + 16)) * key + fast_hash_word(at + 48)) * key;
        d = ((d + fast_hash_word(at + 24)) * key + fast_hash_word(at + 56)) * key;
        a = fast_hash_rotate(a);
        b = fast_hash_rotate(b);
        c = fast_hash_rotate(c);
        d = fast_hash_rotate(d);
    }
    for (; left >= 8; at += 8, left -= 8)
        a = fast_hash_rotate((a + fast_hash_word(at)) * key);
    if (left) {
        char last[8] = {0};
        memcpy(last, at, left);
        b = (b + fast_hash_word(last)) * key;
    }
    return mix(a ^ fast_hash_rotate(b ^ fast_hash_rotate(c ^ fast_hash_rotate(d))));
}

/* The hash of a name or text, for a table that compares names or in which a collision does no harm. */
static inline uint64_t fast_hash_name(struct slice name)
{
    return fast_hash(name, 0x2f6b1c7d9e3a5b41u);
}

/* The hash of no bytes, for fast_hash_byte(). */
#define FAST_HASH_START 14695981039346656037u

/* Returns the hash with one byte more (FNV-1a). */
static inline uint64_t fast_hash_byte(uint64_t hash, char byte)
{
    return (hash ^ (unsigned char)byte) * 1099511628211u;
}

#endif
