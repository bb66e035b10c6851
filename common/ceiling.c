/* The memory limit of all request bodies together. */
#include "common/ceiling.h"

static size_t used(const struct ceiling *c)
{
    size_t sum = 0;
    for (unsigned i = 0; i < c->count; i++)
        sum += atomic_load_explicit(&c->rows[i].used, memory_order_relaxed);
    return sum;
}

bool ceiling_fits(const struct ceiling *c, size_t bytes)
{
    if (!c || bytes <= CEILING_FREE)
        return true;
    size_t now = used(c);
    return now <= c->max && bytes <= c->max - now;
}

void ceiling_count_growth(struct ceiling_hold *h, size_t bytes)
{
    size_t counted = bytes > CEILING_FREE ? bytes : 0;
    if (!h->of || counted == h->bytes)
        return;
    _Atomic size_t *own = &h->of->rows[h->of->own].used;
    size_t before = atomic_load_explicit(own, memory_order_relaxed);
    atomic_store_explicit(own, before - h->bytes + counted, memory_order_relaxed);
    h->bytes = counted;
}

bool ceiling_hold(struct ceiling_hold *h, size_t bytes)
{
    if (bytes > h->bytes && bytes > CEILING_FREE && h->of) {
        size_t now = used(h->of) - h->bytes;
        if (now > h->of->max || bytes > h->of->max - now)
            return false;
    }
    ceiling_count_growth(h, bytes);
    return true;
}
