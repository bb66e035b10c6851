/* clock: the two clocks. Only loop code calls these; pure code takes times as arguments. */
#ifndef POINTSMAN_CLOCK_H
#define POINTSMAN_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline int64_t clock_read_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ms since an arbitrary moment; never set back. For durations and deadlines. */
static inline uint64_t clock_monotonic_ms(void)
{
    return (uint64_t)clock_read_ms(CLOCK_MONOTONIC);
}
/* The same in microseconds, for durations below a millisecond. */
static inline uint64_t clock_monotonic_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
/* ms since 1970, for display and log lines. */
static inline int64_t clock_unix_ms(void)
{
    return clock_read_ms(CLOCK_REALTIME);
}

#endif
