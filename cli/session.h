/* session: the running session, as scripts see it (doc/session-api.md): its runtime folder, its token, its status. */
#ifndef POINTSMAN_CLI_SESSION_H
#define POINTSMAN_CLI_SESSION_H

#include "cli/local_http.h"
#include "common/json.h"

#define SESSION_NOT_RUNNING "pointsman is not running: pointsman start"

struct session {
    char *runtime; /* the runtime folder */
    char *url;     /* the page's address, "http://127.0.0.1:8787" */
    char *token;   /* the scripts' token */
};

/* Finds the session of this user's runtime folder. false with a line in `error`; SESSION_NOT_RUNNING when there is
 * none. That its files are there does not say that it answers: session_status() does. Free with session_close() in any
 * case. */
MUST_CHECK bool session_find(struct session *session, struct buf *error);
void session_close(struct session *session);

/* Calls the session: `body` is JSON for POST, empty for GET. As local_http(). */
MUST_CHECK bool session_call(const struct session *session, const char *method, const char *path, struct slice body,
                             int timeout_ms, struct local_http_reply *reply, struct buf *error);

/* GET /api/status, or what a start or stop answered. */
struct session_status {
    struct local_http_reply reply;
    struct json json; /* over reply.body; node 0 is the object */
    bool running;     /* the proxy is up */
    char *base_url;   /* "http://127.0.0.1:4000/v1" */
};

/* Asks for the status. false with a line in `error`: SESSION_NOT_RUNNING when nobody answers. */
MUST_CHECK bool session_status(const struct session *session, struct session_status *status, struct buf *error);
/* Reads what a call answered into `status`, which takes the reply over: true for a status; else false with the
 * session's own words in `error` and its code for programs in `code` (may be NULL). */
MUST_CHECK bool session_read(struct session_status *status, struct local_http_reply *reply, struct buf *error,
                             struct buf *code);
void session_status_free(struct session_status *status);
/* Finds the session and asks for its status, without words: false when there is none that answers. Close and free both
 * in any case. */
MUST_CHECK bool session_look(struct session *session, struct session_status *status);

/* The master key of the running proxy, appended to `key`. false when it lies nowhere. */
MUST_CHECK bool session_key(const struct session *session, struct buf *key);

#endif
