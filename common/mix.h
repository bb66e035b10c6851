/* mix: pure. Spreads the bits of a number over all of the result, for keys and draws that hang on a few numbers alone.
 */
#ifndef POINTSMAN_MIX_H
#define POINTSMAN_MIX_H

#include <stdint.h>

/* splitmix64's finisher (Steele, Lea, Flood 2014). */
static inline uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* A number in (0, 1) from the bits of `x`. */
static inline double mix_uniform(uint64_t x)
{
    return ((double)(mix(x) >> 11) + 0.5) * 0x1p-53;
}

#endif
