/* turns: pure. The requests of one conversation, in order: what each cost, and why. */
#ifndef POINTSMAN_USAGE_TURNS_H
#define POINTSMAN_USAGE_TURNS_H

#include "common/document.h"
#include "usage/fold.h"

#define TURNS_MAX 5000 /* requests that are kept, the latest */
#define TURN_SEGMENTS 5

/* Names of the prompt's segments, as in the request log. */
extern const char *const turns_segments[TURN_SEGMENTS];

struct turn {
    int64_t time_ms, number;                                             /* Unix time; 0: unknown */
    double figures[FIGURES], ttft_ms, total_ms, segments[TURN_SEGMENTS]; /* NAN: unknown */
    bool estimated;
    char id[LINE_NAME_MAX + 1], deployment[LINE_NAME_MAX + 1], end[16], prefix_changed[16];
    const char *why; /* static; NULL: nothing to say */
    bool changed;    /* `why` follows the segment in prefix_changed */
};

struct turns {
    struct turn *turns; /* owned: a ring */
    size_t count, cap;
    uint64_t seen; /* all requests of the conversation */
    char last_deployment[LINE_NAME_MAX + 1];
    bool failed; /* out of memory */
};

/* Adds a request: fold_settings.on_request, with a zeroed struct turns as its context. */
void turns_add(void *turns, const struct usage_request *r);
/* Returns the i-th of the `count` requests that are kept, the earliest first. */
const struct turn *turns_at(const struct turns *turns, size_t i);
/* Appends what explains the turn's cost: "tools changed", "first turn". Nothing if there is nothing to say. */
void turns_add_reason(const struct turn *turn, struct buf *out);
/* Adds the requests to a JSON array. */
void turns_describe(const struct turns *turns, struct container array);
void turns_free(struct turns *turns);

#endif
