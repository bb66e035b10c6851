/* pure. A bounded set of names. */
#include "usage/names.h"

#include "common/fast_hash.h"

#include <stdlib.h>
#include <string.h>

#define SEED 0x2f6b1c7d9e3a5b41u

/* The slot of the name, or the free one in which it belongs. */
static uint32_t *slot_of(const struct names *n, struct slice name)
{
    uint32_t at = (uint32_t)fast_hash(name, SEED) & (n->slot_count - 1);
    while (n->slots[at] && !slice_is(name, n->texts[n->slots[at]]))
        at = (at + 1) & (n->slot_count - 1);
    return &n->slots[at];
}

/* Makes room for one more. */
static bool grow(struct names *n)
{
    if (n->count < n->cap)
        return true;
    uint32_t cap = n->cap ? 2 * n->cap : 32;
    char **texts = realloc(n->texts, cap * sizeof *texts);
    if (!texts)
        return false;
    n->texts = texts;
    uint32_t *slots = calloc(2 * cap, sizeof *slots);
    if (!slots)
        return false;
    if (!n->count) {
        texts[NAMES_NONE] = texts[NAMES_OTHER] = NULL;
        n->count = 2;
    }
    free(n->slots);
    n->slots = slots;
    n->slot_count = 2 * cap;
    n->cap = cap;
    for (uint32_t i = 2; i < n->count; i++)
        *slot_of(n, slice_of(n->texts[i])) = i;
    return true;
}

bool names_find(struct names *n, struct slice name, uint32_t *number)
{
    *number = NAMES_NONE;
    if (!name.len)
        return true;
    if (n->last && slice_is(name, n->texts[n->last])) {
        *number = n->last;
        return true;
    }
    if (!n->cap && !grow(n))
        return false;
    uint32_t *slot = slot_of(n, name);
    if (!*slot && n->count - 2 >= n->max) {
        *number = NAMES_OTHER;
        return true;
    }
    if (!*slot) {
        if (!grow(n) || !(n->texts[n->count] = strndup(name.ptr, name.len)))
            return false;
        slot = slot_of(n, name);
        if (!*slot)
            *slot = n->count++;
    }
    *number = n->last = *slot;
    return true;
}

const char *names_text(const struct names *n, uint32_t number)
{
    return number < n->count ? n->texts[number] : NULL;
}

void names_free(struct names *n)
{
    for (uint32_t i = 2; i < n->count; i++)
        free(n->texts[i]);
    free(n->texts);
    free(n->slots);
    *n = (struct names){0};
}
