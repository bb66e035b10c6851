/* reply: answers, each with the headers that every answer has. */
#ifndef POINTSMAN_CGI_REPLY_H
#define POINTSMAN_CGI_REPLY_H

#include "cgi/refusal.h"
#include "cgi/request.h"

/* `body` may have failed (no memory): then the answer is a 500. `allow` is the Allow header's value, or NULL. */
void reply_json(struct request *request, int status, const struct buf *body);
void reply_html(struct request *request, int status, const struct buf *body);
/* {"error":{"message","code"}} ("field" besides, where one is at fault). */
void reply_refusal(struct request *request, const struct refusal *why, const char *allow);
/* 303 to a path of ours. */
void reply_see_other(struct request *request, const char *path);

#endif
