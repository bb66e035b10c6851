/* pure: requests and tokens of the last minute. */
#include "proxy/route/window.h"

#include <string.h>

static struct window_slot *slot(struct window *w, uint64_t second)
{
    return &w->slots[second % WINDOW_SECONDS];
}

/* How many of the oldest slots are not in the minute that ends with `second`. */
static uint64_t expired(const struct window *w, uint64_t second)
{
    uint64_t passed = second > w->second ? second - w->second : 0;
    return passed < WINDOW_SECONDS ? passed : WINDOW_SECONDS;
}

static void move_to(struct window *w, uint64_t second)
{
    uint64_t count = expired(w, second);
    if (count == WINDOW_SECONDS)
        *w = (struct window){.second = second};
    for (uint64_t i = 1; count < WINDOW_SECONDS && i <= count; i++) {
        struct window_slot *old = slot(w, w->second + i);
        w->total.requests -= old->requests;
        w->total.tokens -= old->tokens;
        *old = (struct window_slot){0};
    }
    if (second > w->second)
        w->second = second;
}

void window_add(struct window *w, uint32_t requests, int64_t tokens, uint64_t now_ms)
{
    move_to(w, now_ms / 1000);
    slot(w, w->second)->requests += requests;
    slot(w, w->second)->tokens += tokens;
    w->total.requests += requests;
    w->total.tokens += tokens;
}

void window_correct(struct window *w, int64_t tokens, uint64_t then_ms, uint64_t now_ms)
{
    uint64_t then = then_ms / 1000;
    move_to(w, now_ms / 1000);
    if (then > w->second || w->second - then >= WINDOW_SECONDS)
        return;
    slot(w, then)->tokens += tokens;
    w->total.tokens += tokens;
}

void window_merge(struct window *w, const struct window *other)
{
    move_to(w, other->second);
    for (uint64_t i = 0; i < WINDOW_SECONDS && i <= other->second; i++) {
        const struct window_slot *from = &other->slots[(other->second - i) % WINDOW_SECONDS];
        if (w->second - (other->second - i) >= WINDOW_SECONDS)
            break;
        slot(w, other->second - i)->requests += from->requests;
        slot(w, other->second - i)->tokens += from->tokens;
        w->total.requests += from->requests;
        w->total.tokens += from->tokens;
    }
}

struct window_slot window_read(const struct window *w, uint64_t now_ms)
{
    struct window_slot sum = w->total;
    uint64_t count = expired(w, now_ms / 1000);
    if (count == WINDOW_SECONDS)
        return (struct window_slot){0};
    for (uint64_t i = 1; i <= count; i++) {
        const struct window_slot *old = &w->slots[(w->second + i) % WINDOW_SECONDS];
        sum.requests -= old->requests;
        sum.tokens -= old->tokens;
    }
    return sum;
}

uint64_t window_wait(const struct window *w, int64_t requests, int64_t tokens, uint64_t now_ms)
{
    struct window_slot left = window_read(w, now_ms);
    uint64_t second = now_ms / 1000 > w->second ? now_ms / 1000 : w->second;
    uint64_t oldest = second >= WINDOW_SECONDS - 1 ? second - (WINDOW_SECONDS - 1) : 0;
    uint64_t leaves_ms = 0;
    for (; (left.requests > requests || left.tokens > tokens) && oldest <= w->second; oldest++) {
        const struct window_slot *old = &w->slots[oldest % WINDOW_SECONDS];
        left.requests -= old->requests;
        left.tokens -= old->tokens;
        leaves_ms = (oldest + WINDOW_SECONDS) * 1000;
    }
    return leaves_ms > now_ms ? leaves_ms - now_ms : 0;
}
