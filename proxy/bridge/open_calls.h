/* open_calls: pure. The tool calls of a request that still wait for their output. */
#ifndef POINTSMAN_BRIDGE_OPEN_CALLS_H
#define POINTSMAN_BRIDGE_OPEN_CALLS_H

#include "common/buf.h"

#define OPEN_CALLS_MAX 1024 /* a request with more is refused: an output would lose its call */
#define OPEN_CALLS_FEW 16   /* that need no allocation */
#define OPEN_CALLS_REFUSAL "more than 1024 tool calls without an output: this proxy translates no more"
#define NO_ITEM UINT32_MAX

struct open_call {
    struct slice id; /* the caller's bytes */
    uint32_t hash;   /* of the id */
    uint32_t item;   /* the caller's number for the call */
};

/* Zeroed before its first use; not to be copied. */
struct open_calls {
    struct open_call *more; /* owned; NULL: `few` is used */
    uint32_t count, cap;
    struct open_call few[OPEN_CALLS_FEW];
};

void open_calls_free(struct open_calls *o);
/* Adds a call. Returns false if OPEN_CALLS_MAX calls are open (o->count says so), or out of memory. */
MUST_CHECK bool open_calls_add(struct open_calls *o, struct slice id, uint32_t item);
/* Removes the call of that id that was added last, and returns its item; NO_ITEM if there is none. */
uint32_t open_calls_take(struct open_calls *o, struct slice id);

#endif
