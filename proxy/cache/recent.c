/* pure: the answers that conversations got last. */
#include "proxy/cache/recent.h"

#include <string.h>

uint64_t recent_add(struct recent *r, const unsigned char *key, uint64_t conversation, uint64_t now_ms)
{
    struct recent_answer *a = &r->ring[r->count++ % RECENT_MAX];
    *a = (struct recent_answer){.conversation = conversation, .at_ms = now_ms, .given = true};
    memcpy(a->key, key, CACHE_KEY_SIZE);
    return r->count;
}

void recent_arrived(struct recent *r, uint64_t ticket, bool all)
{
    if (ticket && ticket <= r->count && r->count - ticket < RECENT_MAX)
        r->ring[(ticket - 1) % RECENT_MAX].arrived = all;
}

bool recent_is_again(const struct recent *r, const unsigned char *key, uint64_t conversation, uint64_t now_ms,
                     uint64_t window_ms)
{
    for (size_t i = 0; i < RECENT_MAX; i++) {
        const struct recent_answer *a = &r->ring[i];
        if (a->given && a->arrived && a->conversation == conversation && now_ms - a->at_ms <= window_ms &&
            memcmp(a->key, key, CACHE_KEY_SIZE) == 0)
            return true;
    }
    return false;
}
