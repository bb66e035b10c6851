/* session: the state of the session app: one process, one thread, one poll loop. */
#ifndef POINTSMAN_CGI_SESSION_H
#define POINTSMAN_CGI_SESSION_H

#include "cgi/folder_watch.h"
#include "cgi/page.h"
#include "cgi/request.h"
#include "cgi/settings.h"
#include "cgi/supervisor.h"
#include "cgi/tester.h"
#include "common/harden.h"
#include "common/secret.h"

/* Requests at one time, including those that wait; further ones get 503. */
#define SESSION_REQUESTS 16

enum wait { WAIT_NONE, WAIT_READY, WAIT_GONE, WAIT_TESTED };

/* The form of a route's request bodies and answers. */
enum manner { MANNER_JSON, MANNER_PAGE };

/* A place for one request; it may wait until the child's state changes or a test ends. */
struct pending {
    struct request request;
    enum manner manner;
    enum wait wait; /* WAIT_NONE: the place is free */
};

struct session {
    struct settings settings;
    struct supervisor supervisor;
    struct tester tester;
    struct folder_watch folder;
    struct harden_status harden;
    struct page page;
    char token[SECRET_TOKEN_SIZE];
    struct pending pending[SESSION_REQUESTS];
    int peer_fd;          /* peer_open()'s */
    char *body;           /* locked memory for the body that is being read */
    int64_t now_ms;       /* ms, monotonic, at the start of this turn of the loop */
    int64_t paused_until; /* ms, monotonic: accepts no connection before that; 0: accepts */
    bool leaving;         /* after SIGTERM, or because the folder is gone: ends once the child has ended */
    bool folder_gone;     /* lighttpd ends, too */
};

/* Opens all that the session needs. `first_parent`: as for settings_read(). */
MUST_CHECK bool session_open(struct session *session, pid_t first_parent, struct buf *error);
/* Runs until SIGTERM, or until the runtime folder is gone; the child has then ended. */
void session_run(struct session *session);

#endif
