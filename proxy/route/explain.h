/* explain: pure. A choice in words, from the plan or a copy of its choices alone: for /dispatch/state and people. */
#ifndef POINTSMAN_EXPLAIN_H
#define POINTSMAN_EXPLAIN_H

#include "proxy/route/plan.h"

/* Appends "0.0041 USD: wait 0.6 s, reply 2.1 s, …", or "rests 240 s after quota". */
void explain_choice(const struct strategy *s, const struct choice *c, struct buf *out);

#endif
