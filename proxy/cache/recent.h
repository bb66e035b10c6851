/* recent: pure. The answers that conversations got last, and whether they arrived. If a conversation repeats a request
 * whose answer arrived, a person probably wants another answer. If it did not arrive, the client retries. */
#ifndef POINTSMAN_CACHE_RECENT_H
#define POINTSMAN_CACHE_RECENT_H

#include "proxy/cache/canonical.h"

#define RECENT_MAX 256 /* answers in the ring */

struct recent {
    struct recent_answer {
        unsigned char key[CACHE_KEY_SIZE];
        uint64_t conversation, at_ms;
        bool given, arrived; /* the entry is used; the client got all of the answer */
    } ring[RECENT_MAX];
    uint64_t count; /* the last ticket; each answer adds 1 */
};

/* Records that an answer is sent to a conversation. Returns a ticket for recent_arrived(); never 0. */
uint64_t recent_add(struct recent *r, const unsigned char *key, uint64_t conversation, uint64_t now_ms);
/* Records whether the client got all of the answer. A ticket that has left the ring is ignored. */
void recent_arrived(struct recent *r, uint64_t ticket, bool all);
/* Returns whether an answer to this request arrived in this conversation within the last `window_ms`. */
bool recent_is_again(const struct recent *r, const unsigned char *key, uint64_t conversation, uint64_t now_ms,
                     uint64_t window_ms);

#endif
