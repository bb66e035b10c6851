/* status: the session's state, as GET /api/status returns it. */
#ifndef POINTSMAN_CGI_STATUS_H
#define POINTSMAN_CGI_STATUS_H

#include "cgi/session.h"

/* Adds "state","reason","pid","uptime_s","base_url","key_file","risk_url","config","version","aliases","hardening". */
void status_describe(const struct session *session, struct container in);
/* Seconds since the child was started; 0 without one. */
int64_t status_uptime(const struct session *session);

#endif
