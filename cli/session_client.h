/* session_client: client of the key-page server's API (doc/session-api.md): finds the running session and calls it. */
#ifndef POINTSMAN_CLI_SESSION_CLIENT_H
#define POINTSMAN_CLI_SESSION_CLIENT_H

#include "cli/local_http.h"
#include "common/json.h"

#define SESSION_NOT_RUNNING "pointsman is not running: run pointsman start"

struct session_client {
    char *runtime; /* the runtime folder */
    char *url;     /* the key page's URL, "http://127.0.0.1:8787" */
    char *token;   /* page token */
};

/* Finds the session by the files in this user's runtime folder; does not check that it responds
 * (session_client_status() does). false: one line in `error`, SESSION_NOT_RUNNING if there is none. Free with
 * session_client_close() in any case. */
MUST_CHECK bool session_client_find(struct session_client *session, struct buf *error);
void session_client_close(struct session_client *session);

/* Calls the session's API with local_http(). `body`: JSON for POST; empty for GET. */
MUST_CHECK bool session_client_call(const struct session_client *session, const char *method, const char *path,
                                    struct slice body, int timeout_ms, struct local_http_reply *reply,
                                    struct buf *error);

/* The reply of GET /api/status, or of a start or stop. */
struct session_status {
    struct local_http_reply reply;
    struct json json; /* over reply.body; node 0 is the object */
    bool running;     /* the proxy is running */
    char *base_url;   /* "http://127.0.0.1:4000/v1" */
};

/* Gets the status. false: one line in `error`, SESSION_NOT_RUNNING if no server listens. */
MUST_CHECK bool session_client_status(const struct session_client *session, struct session_status *status,
                                      struct buf *error);
/* Parses a reply; `status` takes ownership of it. false: not a status; the server's message is in `error` and its error
 * code in `code` (may be NULL). */
MUST_CHECK bool session_client_read(struct session_status *status, struct local_http_reply *reply, struct buf *error,
                                    struct buf *code);
void session_status_free(struct session_status *status);
/* Finds the session and gets its status, without an error message. false: none answers. Close and free both in any
 * case. */
MUST_CHECK bool session_client_try(struct session_client *session, struct session_status *status);

/* Appends the master key of the running proxy. false: no key file. */
MUST_CHECK bool session_client_key(const struct session_client *session, struct buf *key);

#endif
