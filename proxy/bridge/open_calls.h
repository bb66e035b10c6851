/* open_calls: pure. The tool calls of a request that have no output so far. */
#ifndef POINTSMAN_BRIDGE_OPEN_CALLS_H
#define POINTSMAN_BRIDGE_OPEN_CALLS_H

#include "common/buf.h"

#define OPEN_CALLS_MAX 1024 /* requests with more are refused */
#define OPEN_CALLS_FEW 16   /* need no allocation */
#define OPEN_CALLS_REFUSAL "more than 1024 tool calls without an output: the proxy can't translate more"
#define NO_ITEM UINT32_MAX

struct open_call {
    struct slice id; /* the caller's memory */
    uint32_t hash;   /* of the id */
    uint32_t item;   /* the caller's index of the call */
};

/* Zero it before its first use; do not copy it. */
struct open_calls {
    struct open_call *more; /* owned; NULL: `few` is used */
    uint32_t count, cap;
    struct open_call few[OPEN_CALLS_FEW];
};

/* Frees what `o` owns. */
void open_calls_free(struct open_calls *o);
/* Adds a call. false: o->count is OPEN_CALLS_MAX, or out of memory. */
MUST_CHECK bool open_calls_add(struct open_calls *o, struct slice id, uint32_t item);
/* Removes the last call with this id and returns its item; NO_ITEM: none. */
uint32_t open_calls_take(struct open_calls *o, struct slice id);

#endif
