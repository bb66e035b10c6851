/* reply: sends answers, all with the same security headers. */
#ifndef POINTSMAN_CGI_REPLY_H
#define POINTSMAN_CGI_REPLY_H

#include "cgi/refusal.h"
#include "cgi/request.h"
#include "common/document.h"

/* Sends 200 with the document and frees it; 500 if the document ran out of memory. */
void reply_json(struct request *request, struct document *d);
/* Sends the page; 500 if `body` has failed. */
void reply_html(struct request *request, int status, const struct buf *body);
/* Sends 200 with comma-separated values, which a browser saves as FILENAME; 500 if `body` has failed. */
void reply_csv(struct request *request, const char *filename, const struct buf *body);
/* Sends {"error":{"message","code"}}, with "field" if one is invalid. `allow`: the Allow header's value, or NULL. */
void reply_refusal(struct request *request, const struct refusal *why, const char *allow);
/* Sends 303 to a path of the page. */
void reply_see_other(struct request *request, const char *path);

#endif
