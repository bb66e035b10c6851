/* session: what the session app's parts share: one process, one thread, one poll loop. */
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

/* Requests at one time, the waiting ones included; beyond that: 503. */
#define SESSION_REQUESTS 16

enum wait { WAIT_NONE, WAIT_READY, WAIT_GONE, WAIT_TESTED };

/* How a route speaks: which bodies it takes, and how it says yes and no. */
enum manner { MANNER_JSON, MANNER_PAGE };

/* A request that is answered when the child's state changes, or a test has ended. */
struct slot {
    struct request request;
    enum manner manner;
    enum wait wait; /* WAIT_NONE: the slot is free */
};

struct session {
    struct settings settings;
    struct supervisor supervisor;
    struct tester tester;
    struct folder_watch folder;
    struct harden_status harden;
    struct page page;
    char token[SECRET_TOKEN_SIZE];
    struct slot slots[SESSION_REQUESTS];
    int peer_fd;          /* to ask who sent a request; -1: the kernel does not tell */
    char *body;           /* locked memory for the body that is being read */
    int64_t now_ms;       /* monotonic, as of this turn of the loop */
    int64_t paused_until; /* no accepting before that; 0: accept */
    bool leaving;         /* SIGTERM came, or the folder is gone: end as soon as the child is gone */
    bool folder_gone;     /* lighttpd ends, too */
};

/* Makes everything ready; `first_parent` as settings_read() has it. */
MUST_CHECK bool session_open(struct session *session, pid_t first_parent, struct buf *error);
/* Runs until SIGTERM or until the runtime folder is gone; the child is gone then. */
void session_run(struct session *session);

#endif
