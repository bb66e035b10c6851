/* report: loop. Status reports to the supervisor: which models are ready, which deployment answers for each, which
 * protections are on. */
#ifndef POINTSMAN_REPORT_H
#define POINTSMAN_REPORT_H

#include "common/harden.h"
#include "proxy/answers/answers.h"

struct report {
    const struct harden_status *harden;
    struct buf last;        /* the last one sent */
    struct buf now, fields; /* allocated in advance: "READY=1" needs no memory, and the status can follow */
};

/* Allocates the buffers. false: out of memory. Free with report_free(). */
MUST_CHECK bool report_init(struct report *r, const struct harden_status *harden);
void report_free(struct report *r);
/* Report the start and the failure of a reload, as sd_notify(3) specifies. Logs all lines of `error`; sends the first
 * one to the supervisor. `path`: the configuration that stays in force. */
void report_reload_started(void);
void report_reload_failed(struct buf *error, const char *path);
/* Logs the ports and the number of groups. `risk_port` 0: no risk router. */
void report_log_ready(const struct config *config, unsigned port, unsigned risk_port);
/* Sends the report after the fields in `first` ("READY=1\n", or ""). */
void report_send(struct report *r, const struct answers *now, const char *first);
/* Sends the report if it changed. */
void report_refresh(struct report *r, const struct answers *now);

#endif
