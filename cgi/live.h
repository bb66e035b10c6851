/* live: the view Live and its JSON: the proxy's deployments and requests as they are now. `pointsman top --json` gets
 * the figures from the proxy, in session->live. */
#ifndef POINTSMAN_CGI_LIVE_H
#define POINTSMAN_CGI_LIVE_H

#include "cgi/template.h"
#include "common/document.h"
#include "common/json.h"

#define LIVE_MAX (3u << 20) /* bytes of the proxy's figures; fits an answer (reply.c) */

struct session;

/* Reads FOLDER/live.html. false: one line in `error`. */
MUST_CHECK bool live_load(struct template *page, const char *folder, struct buf *error);
/* Starts to get the proxy's figures; nothing may run in session->live. false: no process. */
MUST_CHECK bool live_start(struct session *session);
/* Append the view, or the members of GET /api/live, with the figures that session->live has got; without any if the
 * proxy does not run or did not answer. */
void live_write_page(const struct session *session, struct buf *out);
void live_describe(const struct session *session, struct container in);

/* These append a table as HTML, or a sentence if it would be empty (live_tables.c, pure). `figures`: the reply of GET
 * /dispatch/state; count 0: none. */
void live_tables_add_models(const struct json *figures, struct buf *out);
void live_tables_add_running(const struct json *figures, struct buf *out);
void live_tables_add_requests(const struct json *figures, struct buf *out);

#endif
