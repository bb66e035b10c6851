/* routes: one table of paths and methods, with the access that each needs and its handler. */
#ifndef POINTSMAN_CGI_ROUTES_H
#define POINTSMAN_CGI_ROUTES_H

#include "cgi/session.h"

/* Answers the request, or leaves it waiting (pending->wait). */
void routes_answer(struct session *session, struct pending *pending);
/* Answers each waiting request whose wait is over, and frees its slot. */
void routes_settle(struct session *session);

#endif
