/* status: the session's state, as GET /api/status returns it. */
#ifndef POINTSMAN_CGI_STATUS_H
#define POINTSMAN_CGI_STATUS_H

#include "cgi/session.h"

/* Adds the members that doc/session-api.md describes. */
void status_describe(const struct session *session, struct container in);
/* Returns the seconds since the child was started; 0 without a child. */
int64_t status_uptime(const struct session *session);

#endif
