/* pure: requests and tokens of the last 60 seconds. */
#include "proxy/keys/rate.h"

#include <string.h>

#define WINDOW_MS ((uint64_t)RATE_STEPS * RATE_STEP_MS)

/* How many steps ago it was; all that are stored are in the window. */
static uint16_t age(const struct rate *r, const struct rate_step *s)
{
    return (uint16_t)(r->newest - s->step);
}

void rate_advance(struct rate *r, const struct rate_step *steps, uint64_t now_ms)
{
    uint64_t now = now_ms / RATE_STEP_MS, passed = now > r->newest ? now - r->newest : 0;
    if (!passed)
        return;
    r->newest = now;
    if (passed >= RATE_STEPS) {
        r->requests = r->first = r->end = 0;
        r->tokens = 0;
    }
    for (; r->first < r->end && age(r, &steps[r->first]) >= RATE_STEPS; r->first++) {
        r->requests -= steps[r->first].requests;
        r->tokens -= steps[r->first].tokens;
    }
}

static unsigned size_of(const struct rate *r)
{
    return r->size ? r->size : RATE_FEW;
}

bool rate_is_full(const struct rate *r)
{
    return (unsigned)(r->end - r->first) >= size_of(r);
}

/* Adds what fits into the fields; takes away what there is. */
static void change(struct rate *r, struct rate_step *s, int64_t requests, int64_t tokens)
{
    int64_t all = s->requests + requests, sum = s->tokens + tokens;
    all = all < 0 ? 0 : all > UINT16_MAX ? UINT16_MAX : all;
    sum = sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : sum;
    r->requests += (uint32_t)(all - s->requests);
    r->tokens += sum - s->tokens;
    s->requests = (uint16_t)all;
    s->tokens = (uint32_t)sum;
}

/* Makes room for a step at the end. */
static void make_room(struct rate *r, struct rate_step *steps)
{
    if (rate_is_full(r)) {
        struct rate_step oldest = steps[0];
        change(r, &steps[0], -(int64_t)oldest.requests, -(int64_t)oldest.tokens);
        change(r, &steps[1], oldest.requests, oldest.tokens);
        r->first = 1;
    }
    if (r->end == size_of(r)) {
        memmove(steps, steps + r->first, (size_t)(r->end - r->first) * sizeof *steps);
        r->end = (uint16_t)(r->end - r->first);
        r->first = 0;
    }
}

uint64_t rate_add(struct rate *r, struct rate_step *steps, int64_t tokens, uint64_t now_ms)
{
    rate_advance(r, steps, now_ms);
    const struct rate_step *last = r->end > r->first ? &steps[r->end - 1] : NULL;
    if (!last || age(r, last) || last->requests == UINT16_MAX || last->tokens + tokens > UINT32_MAX) {
        make_room(r, steps);
        steps[r->end++] = (struct rate_step){.step = (uint16_t)r->newest};
    }
    change(r, &steps[r->end - 1], 1, tokens);
    return r->newest;
}

void rate_correct(struct rate *r, struct rate_step *steps, int requests, int64_t tokens, uint64_t step, uint64_t now_ms)
{
    rate_advance(r, steps, now_ms);
    if (step > r->newest || r->newest - step >= RATE_STEPS)
        return;
    unsigned i = r->first;
    while (i < r->end && age(r, &steps[i]) > r->newest - step)
        i++;
    /* If the step became one with a newer one, more is added there, and less does not matter. */
    if (i < r->end && (tokens > 0 || age(r, &steps[i]) == r->newest - step))
        change(r, &steps[i], requests, tokens);
}

uint64_t rate_wait(const struct rate *r, const struct rate_step *steps, int64_t requests, int64_t tokens,
                   uint64_t now_ms)
{
    if (requests < 0 || tokens < 0)
        return UINT64_MAX;
    int64_t left_requests = r->requests, left_tokens = r->tokens;
    uint64_t until_ms = 0;
    for (unsigned i = r->first; (left_requests > requests || left_tokens > tokens) && i < r->end; i++) {
        left_requests -= steps[i].requests;
        left_tokens -= steps[i].tokens;
        until_ms = (r->newest - age(r, &steps[i])) * RATE_STEP_MS + WINDOW_MS;
    }
    return until_ms > now_ms ? until_ms - now_ms : 0;
}
