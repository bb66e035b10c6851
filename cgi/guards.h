/* guards: who may ask for what. One table, run in its order before any handler. */
#ifndef POINTSMAN_CGI_GUARDS_H
#define POINTSMAN_CGI_GUARDS_H

#include "cgi/fields.h"
#include "cgi/request.h"
#include "cgi/settings.h"

/* For every request: by which name it asks, and who is asking; `open` leaves out the latter. */
MUST_CHECK bool guards_admit(const struct request *request, const struct settings *settings, bool open,
                             struct refusal *why);
/* For a request that changes something, besides: from where it comes, and that its body is one of `content_type`,
 * uncompressed. */
MUST_CHECK bool guards_change(const struct request *request, const struct settings *settings, const char *content_type,
                              struct refusal *why);
/* And at last that it knows the session's token: by header, or (when `fields` is not NULL) by the field "token". */
MUST_CHECK bool guards_token(const struct request *request, const struct fields *fields, const char *token,
                             struct refusal *why);

#endif
