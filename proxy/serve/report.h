/* report: loop. What the supervisor is told for people to see: which models are ready, who serves them, what protects
 * the process. */
#ifndef POINTSMAN_REPORT_H
#define POINTSMAN_REPORT_H

#include "common/harden.h"
#include "proxy/answers/answers.h"

struct report {
    const struct harden_status *harden;
    struct buf last;        /* as sent last */
    struct buf now, fields; /* kept, so that "READY=1" can be sent without memory; the status then follows */
};

/* false: no memory. */
MUST_CHECK bool report_init(struct report *r, const struct harden_status *harden);
void report_free(struct report *r);
/* What systemd wants to know of a reload (sd_notify(3)): that it begins, and that nothing came of it. All lines of
 * `error` go to the log, the first one to the supervisor. `path` is the configuration that is still in force. */
void report_reload_begins(void);
void report_kept_old(struct buf *error, const char *path);
/* Says in the log what is served where; risk_port 0: no risk router. */
void report_log_ready(const struct config *config, unsigned port, unsigned risk_port);
/* Sends the report, with `first` ("READY=1\n", or "") in front of it. */
void report_send(struct report *r, const struct answers *now, const char *first);
/* Sends it where it says something else than the last one. */
void report_refresh(struct report *r, const struct answers *now);

#endif
