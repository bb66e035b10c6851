/* supervisor: the one proxy process, from Start to Stop. Only supervisor.c changes the child's state, through one table
 * and one function:
 *
 *                START      READY     STOP       LEAVING    EXIT
 *     stopped    starting   .         stopped    .          .
 *     starting   .          running   stopping   .          died
 *     running    .          running   stopping   stopping   died
 *     stopping   .          .         stopping   .          stopped
 *     died       starting   .         stopped    .          .
 *
 * The ports are bound when a start begins, before any key leaves the session. They stay bound until Stop, even after
 * the proxy died, so that no other program can take it before a restart (clients are reset meanwhile). */
#ifndef POINTSMAN_CGI_SUPERVISOR_H
#define POINTSMAN_CGI_SUPERVISOR_H

#include "cgi/keys.h"
#include "cgi/notify.h"
#include "cgi/ports.h"
#include "cgi/settings.h"
#include "cgi/child_log.h"

#include <sys/types.h>

#define SUPERVISOR_READY_MS 10000 /* a proxy that is not ready by then is killed */
#define SUPERVISOR_DRAIN_MS 5000  /* and one that has not drained by then, too */

enum child_state { CHILD_STOPPED, CHILD_STARTING, CHILD_RUNNING, CHILD_STOPPING, CHILD_DIED, CHILD_STATES };

struct supervisor {
    const struct settings *settings;
    enum child_state state;
    pid_t pid;  /* 0 when there is no child */
    int pid_fd; /* readable when the child is gone; -1 without one */
    struct ports ports;
    int notify;         /* the notify socket */
    char *notify_space; /* NOTIFY_MAX bytes, owned */
    struct child_log log;
    struct child_report report;
    int64_t started_ms;  /* monotonic */
    int64_t deadline_ms; /* when supervisor_on_deadline() is due; 0: never */
    char reason[1536];   /* why it died; empty otherwise; never holds a key */
};

/* Opens the notify socket and sweeps a master key file that an earlier session left. */
MUST_CHECK bool supervisor_open(struct supervisor *s, const struct settings *settings, struct buf *error);

/* Begins a start. Refused: already running, port taken (409, naming its holder), no key file or no process (500). The
 * caller wipes `keys` when this returns. */
MUST_CHECK bool supervisor_start(struct supervisor *s, const struct keys *keys, int64_t now_ms, struct refusal *why);
/* Begins a stop; harmless when there is nothing to stop. */
void supervisor_stop(struct supervisor *s, int64_t now_ms);
/* For the end of the session: unlinks the key file and kills the child, without waiting. */
void supervisor_abandon(struct supervisor *s);

/* The loop calls these when a descriptor is readable or the deadline has passed. */
void supervisor_on_notify(struct supervisor *s, int64_t now_ms);
void supervisor_on_exit(struct supervisor *s, int64_t now_ms);
void supervisor_on_deadline(struct supervisor *s);
/* The listener from which the loop has to turn clients away; -1: none. */
int supervisor_orphaned_port(const struct supervisor *s, enum port port);
/* Whether the risk router's port is served, too. */
bool supervisor_has_risk_router(const struct supervisor *s);

/* "stopped", "starting", … */
const char *supervisor_state_name(enum child_state state);
bool supervisor_has_child(const struct supervisor *s);

#endif
