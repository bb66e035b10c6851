/* guards: the checks that a request must pass before its handler runs, in the order of one table. */
#ifndef POINTSMAN_CGI_GUARDS_H
#define POINTSMAN_CGI_GUARDS_H

#include "cgi/fields.h"
#include "cgi/request.h"

/* For every request: checks its Host, which must name the page's port, and the user at the other end of the connection;
 * `open` skips the user. */
MUST_CHECK bool guards_admit(const struct request *request, unsigned web_port, bool open, struct refusal *why);
/* Then, for a request that changes something: checks its origin and site, its body's size, and that the body is an
 * uncompressed `content_type`. */
MUST_CHECK bool guards_change(const struct request *request, unsigned web_port, const char *content_type,
                              struct refusal *why);
/* Last: checks the page token, from the header, or also from the field "token" if `fields` is not NULL. */
MUST_CHECK bool guards_token(const struct request *request, const struct fields *fields, const char *token,
                             struct refusal *why);

#endif
