/* session: the state of the session app, and its poll loop. One process, one thread. */
#ifndef POINTSMAN_CGI_SESSION_H
#define POINTSMAN_CGI_SESSION_H

#include "cgi/folder_watch.h"
#include "cgi/live.h"
#include "cgi/page.h"
#include "cgi/template.h"
#include "cgi/request.h"
#include "cgi/settings.h"
#include "cgi/started.h"
#include "cgi/supervisor.h"
#include "cgi/tester.h"
#include "common/harden.h"
#include "common/secret.h"

/* Requests in flight, including those that wait; further ones get 503. */
#define SESSION_REQUESTS 16

enum wait { WAIT_NONE, WAIT_READY, WAIT_GONE, WAIT_TESTED, WAIT_LIVE };

/* The form of a route's request bodies and answers. */
enum format { FORMAT_JSON, FORMAT_PAGE };

/* A slot for one request, which may wait until the child's state changes or a child's output ends. */
struct pending {
    struct request request;
    enum format format;
    enum wait wait; /* WAIT_NONE: the slot is unused */
};

struct session {
    struct settings settings;
    struct supervisor supervisor;
    struct started started; /* by the last start */
    struct runner tester;
    struct runner live; /* gets the proxy's figures for all requests that wait for them */
    struct folder_watch folder;
    struct harden_status harden;
    struct template page, live_page;
    char token[SECRET_TOKEN_SIZE]; /* the page token */
    struct pending pending[SESSION_REQUESTS];
    int peer_fd;          /* peer_open()'s */
    char *body;           /* locked memory, REQUEST_BODY_MAX + 1 bytes, for the request that is being read; owned */
    int64_t now_ms;       /* ms, monotonic, at the start of this turn of the loop */
    int64_t paused_until; /* ms, monotonic: accepts no connections before; 0: accepts */
    bool leaving;         /* SIGTERM came or the folder was removed: ends once the child has ended */
    bool folder_gone;     /* the folder was removed: also ends lighttpd */
};

/* Opens everything that the session needs. `first_parent`: as for settings_read(). false: one line in `error`. */
MUST_CHECK bool session_open(struct session *session, pid_t first_parent, struct buf *error);
/* Runs until SIGTERM or until the runtime folder was removed, and until the child has ended. */
void session_run(struct session *session);

#endif
