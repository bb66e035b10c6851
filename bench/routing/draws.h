/* draws: the simulator's random numbers, by counter instead of by sequence. A number depends on what it is for (seed,
 * request, backend, attempt), never on earlier draws, so every strategy meets the same ones (common random numbers). */
#ifndef POINTSMAN_BENCH_DRAWS_H
#define POINTSMAN_BENCH_DRAWS_H

#include <stdint.h>

/* What a number is for; streams are independent. */
enum draw_stream {
    DRAW_ARRIVAL,
    DRAW_PROMPT,
    DRAW_OUTPUT,
    DRAW_SPEED,
    DRAW_ERROR,
    DRAW_TRUNCATED,
    DRAW_BURST,
    DRAW_STRATEGY
};

/* Returns 64 random bits for the n-th event of a stream. `id`: the backend, and the attempt. */
uint64_t draw_bits(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n);
/* The same as a number in (0, 1). */
double draw_uniform(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n);
/* Draws two independent standard normal numbers (Box and Muller 1958). */
void draw_normals(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n, double z[2]);
/* Returns an exponential number with mean 1. */
double draw_exponential(uint64_t seed, enum draw_stream stream, uint64_t id, uint64_t n);

#endif
