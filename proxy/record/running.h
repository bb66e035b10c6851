/* running: pure. Requests that are under way, as GET /dispatch/state shows them. */
#ifndef POINTSMAN_RUNNING_H
#define POINTSMAN_RUNNING_H

#include "common/document.h"

#define RUNNING_MAX 64  /* of a list */
#define RUNNING_NAME 64 /* bytes of a name, NUL included; longer names are cut */

struct running {
    char request_id[33], alias[RUNNING_NAME];
    char deployment[RUNNING_NAME]; /* of the current attempt; "": none yet */
    const char *state;             /* static: "waiting", "calling", "streaming" */
    bool stream;
    int64_t age_ms, ttft_ms; /* ms since its arrival; of its first token, -1: not yet */
    int64_t tokens;          /* of the reply so far: an estimate, about one per event */
};

/* Adds the requests to an array: {"request_id","alias","deployment","state","stream","age_ms","ttft_ms","tokens"}. */
void running_describe(const struct running *list, unsigned count, struct container in);

#endif
