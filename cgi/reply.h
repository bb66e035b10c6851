/* reply: answers, each with the headers that every answer has. */
#ifndef POINTSMAN_CGI_REPLY_H
#define POINTSMAN_CGI_REPLY_H

#include "cgi/refusal.h"
#include "cgi/request.h"
#include "common/document.h"

/* 200 with the document, which is freed; a 500 if it ran out of memory. */
void reply_json(struct request *request, struct document *d);
/* A 500 if `body` has failed. */
void reply_html(struct request *request, int status, const struct buf *body);
/* {"error":{"message","code"}} ("field" besides, where one is at fault). `allow`: the Allow header's value, or NULL. */
void reply_refusal(struct request *request, const struct refusal *why, const char *allow);
/* 303 to a path of ours. */
void reply_see_other(struct request *request, const char *path);

#endif
