/* draws: the simulator's luck, by counter instead of by sequence. */
#include "bench/routing/draws.h"

#include <math.h>

/* splitmix64's finisher (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t draw_bits(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n)
{
    return mix(mix(mix(seed * 64 + stream) ^ who) + n);
}

static double unit(uint64_t bits)
{
    return ((double)(bits >> 11) + 0.5) * 0x1p-53;
}

double draw_uniform(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n)
{
    return unit(draw_bits(seed, stream, who, n));
}

void draw_normals(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n, double z[2])
{
    uint64_t bits = draw_bits(seed, stream, who, n);
    double radius = sqrt(-2 * log(unit(bits))), angle = 2 * M_PI * unit(mix(bits));
    z[0] = radius * cos(angle);
    z[1] = radius * sin(angle);
}

double draw_exponential(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n)
{
    return -log(draw_uniform(seed, stream, who, n));
}
