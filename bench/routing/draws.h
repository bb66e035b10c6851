/* draws: the simulator's luck, by counter instead of by sequence: a number hangs on what it is for (seed, request,
 * backend, attempt), never on what was drawn before. So every strategy meets the same luck (common random numbers). */
#ifndef POINTSMAN_BENCH_DRAWS_H
#define POINTSMAN_BENCH_DRAWS_H

#include <stdint.h>

/* What a number is for: streams never share one. */
enum draw_stream {
    DRAW_ARRIVAL,
    DRAW_PROMPT,
    DRAW_OUTPUT,
    DRAW_SPEED,
    DRAW_ERROR,
    DRAW_CUT,
    DRAW_BURST,
    DRAW_STRATEGY
};

/* 64 bits for the n-th event of a stream; `who` tells backends (and tries) apart. */
uint64_t draw_bits(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n);
/* The same as a number in (0, 1). */
double draw_uniform(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n);
/* Two independent standard normal numbers (Box and Muller 1958). */
void draw_normals(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n, double z[2]);
/* An exponential number with mean 1. */
double draw_exponential(uint64_t seed, enum draw_stream stream, uint64_t who, uint64_t n);

#endif
