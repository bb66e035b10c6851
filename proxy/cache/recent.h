/* recent: pure. Which answers the conversations got last, and whether they arrived. The same request again is a person
 * who wants another answer, if the answer arrived; else it is the client's retry. */
#ifndef POINTSMAN_CACHE_RECENT_H
#define POINTSMAN_CACHE_RECENT_H

#include "proxy/cache/canonical.h"

#define RECENT_MAX 256 /* answers in the ring */

struct recent {
    struct recent_answer {
        unsigned char key[CACHE_KEY_SIZE];
        uint64_t conversation, at_ms;
        bool given, arrived;
    } ring[RECENT_MAX];
    uint64_t count; /* ever added: the last ticket */
};

/* Notes that an answer was given to a conversation. Returns a ticket for recent_arrived(); never 0. */
uint64_t recent_add(struct recent *r, const unsigned char *key, uint64_t conversation, uint64_t now_ms);
/* Notes whether the client got all of the answer. A ticket that has left the ring is ignored. */
void recent_arrived(struct recent *r, uint64_t ticket, bool all);
/* Returns whether the answer arrived in this conversation within the last `window_ms`. */
bool recent_is_again(const struct recent *r, const unsigned char *key, uint64_t conversation, uint64_t now_ms,
                     uint64_t window_ms);

#endif
