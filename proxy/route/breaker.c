/* pure: the circuit breaker. */
#include "proxy/route/breaker.h"

#include "common/mix.h"

bool breaker_admits(const struct breaker *b, uint64_t now_ms, uint64_t *wait_ms)
{
    *wait_ms = b->until_ms > now_ms ? b->until_ms - now_ms : 0;
    return !b->opened || (!*wait_ms && b->trial_ms <= now_ms);
}

bool breaker_call_started(struct breaker *b, uint64_t now_ms)
{
    uint64_t wait_ms;
    bool trial = b->opened && breaker_admits(b, now_ms, &wait_ms);
    if (trial)
        b->trial_ms = now_ms + BREAKER_TRIAL_MS;
    return trial;
}

/* The longest open time, in ms. */
static uint64_t cap_of(uint64_t base_ms, uint64_t cost_ms)
{
    uint64_t cap = cost_ms < BREAKER_CAP_MS / BREAKER_CAP_FACTOR ? cost_ms * BREAKER_CAP_FACTOR : BREAKER_CAP_MS;
    if (cap < BREAKER_CAP_MIN_MS)
        cap = BREAKER_CAP_MIN_MS;
    return base_ms > cap ? base_ms : cap;
}

void breaker_open(struct breaker *b, uint64_t base_ms, uint64_t cost_ms, uint64_t draw, uint64_t now_ms)
{
    if (!base_ms || (b->opened && b->until_ms > now_ms))
        return;
    uint64_t cap = cap_of(base_ms, cost_ms), time = base_ms;
    for (unsigned i = 0; i < b->opened && time < cap; i++)
        time *= 2;
    if (time > cap)
        time = cap;
    if (b->opened)
        time += (uint64_t)((double)time * 0.1 * mix_uniform(draw));
    b->opened++;
    b->until_ms = now_ms + time;
    b->trial_ms = 0;
}

void breaker_trial_over(struct breaker *b)
{
    b->trial_ms = 0;
}

void breaker_close(struct breaker *b)
{
    *b = (struct breaker){0};
}
