/* rate: pure. Requests and tokens of the last 60 seconds, in steps of half a second. Never lets more through than a
 * limit in any 60 s; at ten times the limit's load it lets through at least 99 % of it.
 *
 * A step is counted for 60 s after its end, so that two entries at its ends are both counted: 60.5 s in all. Only steps
 * in which something happened are stored: three in the struct itself, more where the owner puts them. */
#ifndef POINTSMAN_RATE_H
#define POINTSMAN_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_STEP_MS 500
#define RATE_STEPS 121 /* 60 s, and the step that is not over */
#define RATE_FEW 3     /* steps in the struct */
#define RATE_MOST 128  /* steps that are ever needed: a busy one may need two */

struct rate_step {
    uint32_t tokens;
    uint16_t requests;
    uint16_t step; /* the low bits */
};

/* All zero: empty. */
struct rate {
    uint64_t newest; /* step of the last change: monotonic ms / RATE_STEP_MS */
    int64_t tokens;
    uint32_t requests;   /* both: sums of all steps */
    uint32_t owner;      /* for the owner: whose it is, and where it put the steps */
    uint32_t place;      /* 0: in `few` */
    uint16_t size;       /* number of steps there is room for at `place`; 0: RATE_FEW */
    uint16_t first, end; /* the steps in use, oldest first */
    struct rate_step few[RATE_FEW];
};

/* `steps`: r->few, or where the owner has moved them, with r->size. */

/* Counts a request and its tokens, at most UINT32_MAX. Returns the step, for rate_correct(). A time before the last
 * change counts as that change's. If there is no room for another step, the oldest two become one, which is counted as
 * long as the newer of them: no more passes for it. */
uint64_t rate_add(struct rate *r, struct rate_step *steps, int64_t tokens, uint64_t now_ms);
/* Returns whether the next rate_add() may have no room. */
bool rate_is_full(const struct rate *r);
/* Changes the counts of an earlier step; does nothing if it has left the window. */
void rate_correct(struct rate *r, struct rate_step *steps, int requests, int64_t tokens, uint64_t step,
                  uint64_t now_ms);
/* Forgets the steps that have left the window, so that `requests` and `tokens` are those of the last 60 s. */
void rate_advance(struct rate *r, const struct rate_step *steps, uint64_t now_ms);
/* Returns the time in ms until at most `requests` and `tokens` are left in the window, if nothing is added; 0: now;
 * UINT64_MAX: never (a number is negative). */
uint64_t rate_wait(const struct rate *r, const struct rate_step *steps, int64_t requests, int64_t tokens,
                   uint64_t now_ms);

#endif
