/* share: pure, but for the memory that the worker processes have in common. What each of them has under way, has used
 * up and has been refused, per deployment and per spending account: a table with a row for each worker, which it alone
 * writes and all others read. No locks: a reader that meets a writer reads again. See doc/internals/workers.md.
 *
 *              slot: openai/1   gemini/1   all money   …          a slot is found by a key that is the same in all
 * workers worker 0        [counts]   [counts]   [counts]   ◀── written by worker 0 alone worker 1        [counts]
 * [counts]   [counts]   ◀── written by worker 1 alone
 */
#ifndef POINTSMAN_SHARE_H
#define POINTSMAN_SHARE_H

#include "common/ceiling.h"
#include "proxy/route/health.h"

#define SHARE_WORKERS_MAX 64
#define SHARE_SLOTS 512
#define SHARE_NONE SHARE_SLOTS /* no slot is left: this one is not shared */

struct share_counts {
    unsigned in_flight; /* of a deployment */
    struct window window;
    struct cooldown_state cooldown;
    double spent, reserved; /* of an account, in USD */
    uint64_t unpriced;
};

struct share;

/* The table for so many workers, to be made before they are. NULL: no memory. */
struct share *share_new(unsigned workers);
/* In a worker: from here on its row is this one. */
void share_join(struct share *s, unsigned worker);
unsigned share_workers(const struct share *s);
/* Unmaps it, for this process. NULL is allowed. */
void share_free(struct share *s);

/* The slot for a name (of a deployment, an account); the same for the same name in all workers. */
unsigned share_slot(struct share *s, struct slice name);
/* This worker's own counts, to be changed in place and then published; NULL for SHARE_NONE. */
struct share_counts *share_own(struct share *s, unsigned slot);
void share_publish(struct share *s, unsigned slot);
/* Whether another worker has published the slot since this was asked last. */
bool share_has_updates(struct share *s, unsigned slot);
/* There is something new of that slot, of all with SHARE_NONE: who asks knows nothing yet. */
void share_mark_unread(struct share *s, unsigned slot);
/* What that worker has published last. false: it is this worker itself, or it is just being written, over and over. */
bool share_read(const struct share *s, unsigned worker, unsigned slot, struct share_counts *out);

/* The workers' rows of the ceiling over request bodies (common/ceiling.h). */
struct ceiling_row *share_ceiling_rows(struct share *s);
/* This worker's number. */
unsigned share_worker(const struct share *s);

/* Everybody shall forget what was seen: counts such wishes. */
void share_request_reset(struct share *s);
/* Whether there was one by another worker since this was asked last. */
bool share_reset_requested(struct share *s);

#endif
