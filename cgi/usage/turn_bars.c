/* pure. A hash table of rings. */
#include "cgi/usage/turn_bars.h"

#include <stdlib.h>

void turn_bars_init(struct turn_bars *bars, uint32_t max)
{
    *bars = (struct turn_bars){.max = max};
}

/* The conversation's row, or the free one in which it belongs. A conversation's number is a keyed hash already. */
static struct turn_bars_row *row_of(const struct turn_bars *bars, uint64_t conversation)
{
    uint32_t at = (uint32_t)conversation & (bars->size - 1);
    while (bars->rows[at].conversation && bars->rows[at].conversation != conversation)
        at = (at + 1) & (bars->size - 1);
    return &bars->rows[at];
}

/* Makes room for one more: half of the rows stay free. */
static bool grow(struct turn_bars *bars)
{
    struct turn_bars more = *bars;
    if (2 * bars->used < bars->size)
        return true;
    more.size = bars->size ? 2 * bars->size : 64;
    more.rows = calloc(more.size, sizeof *more.rows);
    if (!more.rows)
        return false;
    for (uint32_t i = 0; i < bars->size; i++)
        if (bars->rows[i].conversation)
            *row_of(&more, bars->rows[i].conversation) = bars->rows[i];
    free(bars->rows);
    *bars = more;
    return true;
}

void turn_bars_add(struct turn_bars *bars, const struct usage_request *r)
{
    if (!grow(bars))
        return;
    struct turn_bars_row *row = row_of(bars, r->conversation);
    if (!row->conversation && bars->used == bars->max)
        return;
    bars->used += !row->conversation;
    row->conversation = r->conversation;
    row->costs[row->count++ % TURN_BARS] = (float)r->figures[FIGURE_COST];
}

unsigned turn_bars_get(const struct turn_bars *bars, uint64_t conversation, double costs[TURN_BARS])
{
    const struct turn_bars_row *row = bars->size && conversation ? row_of(bars, conversation) : NULL;
    unsigned count = !row ? 0 : row->count < TURN_BARS ? row->count : TURN_BARS;
    for (unsigned i = 0; i < count; i++)
        costs[i] = row->costs[(row->count - count + i) % TURN_BARS];
    return count;
}

void turn_bars_free(struct turn_bars *bars)
{
    free(bars->rows);
    *bars = (struct turn_bars){.max = bars->max};
}
