/* explain: pure. A choice as text, from the plan or a copy of its choices: for /dispatch/state and the command. */
#ifndef POINTSMAN_EXPLAIN_H
#define POINTSMAN_EXPLAIN_H

#include "proxy/route/plan.h"

/* Appends "0.0041 USD: wait 0.6 s, reply 2.1 s, …", or the limit: "cooling down for 240 s after quota". */
void explain_choice(const struct strategy *s, const struct choice *c, struct buf *out);

#endif
