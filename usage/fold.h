/* fold: pure. Folds the request log into sums, in one pass and in bounded memory. The log is fed as bytes, in pieces of
 * any size, so that a program can follow it as it grows:
 *
 *     fold_init(&fold, &settings)
 *     fold_feed(&fold, bytes) ...          as often as bytes arrive
 *     report_make(&report, &fold, ...)     at any time (usage/report.h); then feed more
 *     fold_end_file(&fold)                 at the end of a file that no longer grows
 *
 * Requests with the same day, model, provider, alias, client, virtual key and conversation are one cell, as far as the
 * settings tell them apart. A report adds the cells up. Sums that were computed before can be added as cells, too. */
#ifndef POINTSMAN_USAGE_FOLD_H
#define POINTSMAN_USAGE_FOLD_H

#include "usage/dates.h"
#include "usage/filter.h"
#include "usage/names.h"
#include "usage/sums.h"

#define FOLD_LINE_MAX (128u << 10) /* bytes; longer lines are skipped */

enum usage_by {
    BY_DAY,
    BY_MODEL,
    BY_PROVIDER,
    BY_ALIAS,
    BY_CLIENT,
    BY_KEY, /* the virtual key */
    BY_CONVERSATION,
    BY_HOUR,
    BYS,
    BY_NONE = BYS
};

/* Names of the dimensions as options and JSON write them: "day". */
const char *usage_by_name(enum usage_by by);

struct fold_settings {
    unsigned apart;            /* bits 1u << enum usage_by: what tells cells apart */
    int64_t since_ms;          /* Unix time; earlier requests are not counted */
    int64_t until_ms;          /* the first that is not */
    uint64_t conversation;     /* only this one; 0: all */
    struct usage_filter filter;
    uint32_t cells_max;        /* most cells: about 600 bytes each; those beyond become one */
    void (*on_request)(void *context, const struct usage_request *r); /* called for each counted request; NULL: none */
    void *context;
};

/* What a cell has in common: 0 where the settings do not tell apart. */
struct cell_key {
    uint64_t conversation;
    int64_t day;              /* as struct dates_day.number */
    uint32_t of[BY_CONVERSATION]; /* numbers of names by enum usage_by; of[BY_DAY] is not used */
    uint16_t other;           /* 1: the cell of all that found no cell, of a day if days are told apart */
    uint16_t hour;            /* 1: the day's first; needs the day */
};

struct cell {
    struct cell_key key;
    struct usage_sums sums;
};

struct fold {
    struct fold_settings settings;
    struct line_reader reader;
    struct buf pending; /* the beginning of a line that has not ended */
    bool skipping;      /* inside a line that is too long */
    bool failed;        /* out of memory: the sums are incomplete */
    struct dates_day day;
    struct names names;
    struct cell *cells; /* owned */
    uint32_t *slots;    /* owned: a hash table of cell numbers + 1; 0: free */
    uint32_t cell_count, cell_cap, slot_count, last;
    /* Lines read; skipped: not JSON, no request, not in the range or not admitted by the filter. */
    uint64_t lines, torn, foreign, outside;
    uint64_t sums_outside; /* requests of the sums file of which the filter can't say whether they count */
};

/* Starts without requests. Does not allocate. */
void fold_init(struct fold *f, const struct fold_settings *settings);
/* Adds the next bytes of the log. false: out of memory. */
MUST_CHECK bool fold_feed(struct fold *f, struct slice bytes);
/* Adds a request that another fold has read. */
void fold_add_request(struct fold *f, const struct usage_request *r);
/* Returns the cell of a request with these names on this day (struct dates_day.number), as far as the settings tell
 * them apart. NULL: out of memory. */
struct usage_sums *fold_named_cell(struct fold *f, int64_t day, const struct slice names[BY_CONVERSATION]);
/* Ends the file: bytes without a newline count as a line. false: out of memory. */
MUST_CHECK bool fold_end_file(struct fold *f);
/* Returns the cell with this key; adds it if needed. NULL: out of memory. The pointer is valid until the next call. */
struct usage_sums *fold_cell(struct fold *f, const struct cell_key *key);
void fold_free(struct fold *f);

#endif
