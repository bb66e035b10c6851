/* routes: which path with which method does what, and who may. One table. */
#ifndef POINTSMAN_CGI_ROUTES_H
#define POINTSMAN_CGI_ROUTES_H

#include "cgi/session.h"

/* Answers the slot's request, or leaves it waiting (slot->wait). */
void routes_answer(struct session *session, struct slot *slot);
/* Answers each waiting request whose wait is over, and frees its slot. */
void routes_settle(struct session *session);

#endif
