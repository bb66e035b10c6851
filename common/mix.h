/* mix: pure. A hash of a number, for keys and random draws that are derived from few numbers. */
#ifndef POINTSMAN_MIX_H
#define POINTSMAN_MIX_H

#include <stdint.h>

/* The finalizer of splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* Returns a number in (0, 1) derived from `x`. */
static inline double mix_uniform(uint64_t x)
{
    return ((double)(mix(x) >> 11) + 0.5) * 0x1p-53;
}

#endif
