/* turn_bars: pure. The costs of each conversation's latest requests, in bounded memory, for a bar per request. */
#ifndef POINTSMAN_CGI_USAGE_TURN_BARS_H
#define POINTSMAN_CGI_USAGE_TURN_BARS_H

#include "usage/line.h"

#define TURN_BARS 24 /* requests that are kept of a conversation, the latest */

struct turn_bars {
    struct turn_bars_row {
        uint64_t conversation;  /* 0: free */
        uint32_t count;         /* all requests */
        float costs[TURN_BARS]; /* a ring, USD; NAN: unknown */
    } *rows;                    /* owned: a hash table, which grows */
    uint32_t used, size, max;
};

/* Starts without conversations, of which at most `max` are kept. Does not allocate. */
void turn_bars_init(struct turn_bars *bars, uint32_t max);
/* Adds a request of a known conversation. A conversation beyond the ceiling, or without memory, has no bars. */
void turn_bars_add(struct turn_bars *bars, const struct usage_request *r);
/* Writes the costs, the earliest first. Returns their number; 0: there are none. */
unsigned turn_bars_get(const struct turn_bars *bars, uint64_t conversation, double costs[TURN_BARS]);
void turn_bars_free(struct turn_bars *bars);

#endif
