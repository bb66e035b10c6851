/* draws: the simulator's random numbers, by counter instead of by sequence. */
#include "bench/routing/draws.h"

#include "common/mix.h"

#include <math.h>

uint64_t draw_bits(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n)
{
    return mix(mix(mix(seed * 64 + stream) ^ id) + n);
}

static double unit(uint64_t bits)
{
    return ((double)(bits >> 11) + 0.5) * 0x1p-53;
}

double draw_uniform(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n)
{
    return unit(draw_bits(seed, stream, id, n));
}

void draw_normals(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n, double z[2])
{
    uint64_t bits = draw_bits(seed, stream, id, n);
    double radius = sqrt(-2 * log(unit(bits))), angle = 2 * M_PI * unit(mix(bits));
    z[0] = radius * cos(angle);
    z[1] = radius * sin(angle);
}

double draw_exponential(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n)
{
    return -log(draw_uniform(seed, stream, id, n));
}
