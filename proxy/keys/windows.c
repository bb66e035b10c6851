/* pure: except for the shared memory of the key table: the windows of accounts with limits per minute. An account has
 * one only while it is used, so that their memory is that of the accounts of one minute. */
#include "proxy/keys/private.h"

#define TRIES 4      /* windows that may be idle, before a new one is taken */
#define MORE_STEPS 8 /* for the first time that a window needs more than RATE_FEW */

struct rate_step *window_steps(const struct key_table *t, struct rate *r)
{
    return r->place ? blob_at(t, r->place) : r->few;
}

void window_reserve(struct key_table *t, struct rate *r)
{
    if (!rate_is_full(r) || r->size >= RATE_MOST)
        return;
    uint16_t size = r->size ? (uint16_t)(r->size * 2) : MORE_STEPS, used = (uint16_t)(r->end - r->first);
    blob place = blob_new(t, size * sizeof(struct rate_step));
    if (!place)
        return;
    memcpy(blob_at(t, place), window_steps(t, r) + r->first, used * sizeof(struct rate_step));
    blob_free(t, r->place, r->size * sizeof(struct rate_step));
    r->first = 0;
    r->end = used;
    r->place = place;
    r->size = size;
}

void account_drop_window(struct key_table *t, struct account *a)
{
    struct rate *r = &t->windows[a->window];
    blob_free(t, r->place, r->size * sizeof(struct rate_step));
    *r = (struct rate){0};
    a->window = 0;
}

/* Returns a window that nobody needs any more, or a new one. There is one for each account, so one is always found. */
static uint32_t idle_window(struct key_table *t, uint64_t now_ms)
{
    struct head *h = t->head;
    uint32_t tries = h->windows > h->capacity ? h->windows : h->windows > 1 ? TRIES : 0;
    for (uint32_t i = 0; i < tries; i++) {
        uint32_t at = h->hand;
        struct rate *r = &t->windows[at];
        h->hand = at + 1 < h->windows ? at + 1 : 1;
        if (r->owner && r->newest + RATE_STEPS > now_ms / RATE_STEP_MS)
            continue;
        if (r->owner)
            account_drop_window(t, &t->accounts[r->owner]);
        return at;
    }
    return h->windows++;
}

struct rate *account_window(struct key_table *t, uint32_t account, uint64_t now_ms)
{
    struct account *a = &t->accounts[account];
    if (a->rpm < 0 && a->tpm < 0)
        return NULL;
    if (!a->window) {
        a->window = idle_window(t, now_ms);
        t->windows[a->window] = (struct rate){.owner = account};
        rate_advance(&t->windows[a->window], NULL, now_ms);
    }
    return &t->windows[a->window];
}
