/* window: pure. Requests and tokens of a deployment in the last minute, per second. */
#ifndef POINTSMAN_WINDOW_H
#define POINTSMAN_WINDOW_H

#include <stdint.h>

#define WINDOW_SECONDS 60

struct window_slot {
    uint32_t requests;
    int64_t tokens;
};

struct window {
    /* slots[second % WINDOW_SECONDS], of the minute that ends with `second` */
    struct window_slot slots[WINDOW_SECONDS];
    uint64_t second;          /* of the newest slot, monotonic */
    struct window_slot total; /* of all slots */
};

/* Adds to the current second. If the clock was set back, adds to the newest one. */
void window_add(struct window *w, uint32_t requests, int64_t tokens, uint64_t now_ms);
/* Corrects the tokens of a past second; does nothing if it has left the window. */
void window_correct(struct window *w, int64_t tokens, uint64_t then_ms, uint64_t now_ms);
/* Adds the counts of another window, second by second. */
void window_merge(struct window *w, const struct window *other);
/* Returns the sums of the minute that ends now. */
struct window_slot window_read(const struct window *w, uint64_t now_ms);
/* Returns the time in ms until at most `requests` and `tokens` are left in the window; 0: now. */
uint64_t window_wait(const struct window *w, int64_t requests, int64_t tokens, uint64_t now_ms);

#endif
