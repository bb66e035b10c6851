/* report: loop. What the supervisor is told for people to see: which models are ready, who serves them, what protects the
 * process. */
#ifndef POINTSMAN_REPORT_H
#define POINTSMAN_REPORT_H

#include "common/harden.h"
#include "proxy/front/answers.h"

struct report {
    const struct harden_status *harden;
    struct buf last;           /* as sent last */
    struct buf now, fields;    /* kept: a state can be told without memory */
};

/* false: no memory. */
MUST_CHECK bool report_init(struct report *r, const struct harden_status *harden);
void report_free(struct report *r);
/* Sends the report, with `first` ("READY=1\n", or "") in front of it. */
void report_send(struct report *r, const struct answers *now, const char *first);
/* Sends it where it says something else than the last one. */
void report_refresh(struct report *r, const struct answers *now);

#endif
