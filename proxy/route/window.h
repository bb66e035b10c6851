/* window: pure. What was asked of a deployment in the last minute: requests and tokens, by the second. */
#ifndef POINTSMAN_WINDOW_H
#define POINTSMAN_WINDOW_H

#include <stdint.h>

#define WINDOW_SECONDS 60

struct window_slot {
    uint32_t requests;
    int64_t tokens;
};

struct window {
    struct window_slot
        slots[WINDOW_SECONDS]; /* slots[second % WINDOW_SECONDS], of the minute that ends with `second` */
    uint64_t second;           /* of the newest slot */
    struct window_slot total;  /* of all slots */
};

/* Counts at the present. Seconds go up; an earlier one counts as the newest. */
void window_add(struct window *w, uint32_t requests, int64_t tokens, uint64_t now_ms);
/* Corrects the tokens of a second that has gone by; one that has left the window changes nothing. */
void window_correct(struct window *w, int64_t tokens, uint64_t then_ms, uint64_t now_ms);
/* Adds what another window has counted, second by second. */
void window_merge(struct window *w, const struct window *other);
/* The sums of the minute that ends now. */
struct window_slot window_read(const struct window *w, uint64_t now_ms);
/* Milliseconds until no more than `requests` and `tokens` are left in it; 0: that is so already. */
uint64_t window_wait(const struct window *w, int64_t requests, int64_t tokens, uint64_t now_ms);

#endif
