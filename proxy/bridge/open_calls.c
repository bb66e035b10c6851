/* pure: the tool calls of a request that have no output so far. */
#include "proxy/bridge/open_calls.h"

#include "common/fast_hash.h"

#include <stdlib.h>

static struct open_call *calls_of(struct open_calls *o)
{
    return o->more ? o->more : o->few;
}

/* Hashes are compared first: a request can have a million outputs, and each is compared with all calls. */
static uint32_t hash_of(struct slice id)
{
    return (uint32_t)fast_hash_name(id);
}

void open_calls_free(struct open_calls *o)
{
    free(o->more);
    *o = (struct open_calls){.more = NULL};
}

static bool make_room(struct open_calls *o)
{
    if (o->count < (o->more ? o->cap : OPEN_CALLS_FEW))
        return true;
    if (o->count == OPEN_CALLS_MAX)
        return false;
    uint32_t cap = o->count * 2;
    struct open_call *more = realloc(o->more, cap * sizeof *more);
    if (!more)
        return false;
    if (!o->more)
        memcpy(more, o->few, sizeof o->few);
    o->more = more;
    o->cap = cap;
    return true;
}

bool open_calls_add(struct open_calls *o, struct slice id, uint32_t item)
{
    if (!make_room(o))
        return false;
    calls_of(o)[o->count++] = (struct open_call){id, hash_of(id), item};
    return true;
}

uint32_t open_calls_take(struct open_calls *o, struct slice id)
{
    struct open_call *calls = calls_of(o);
    uint32_t hash = hash_of(id);
    for (uint32_t i = o->count; i-- > 0;) {
        if (calls[i].hash != hash || !slice_equal(calls[i].id, id))
            continue;
        uint32_t item = calls[i].item;
        memmove(calls + i, calls + i + 1, (--o->count - i) * sizeof *calls);
        return item;
    }
    return NO_ITEM;
}
