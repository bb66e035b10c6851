/* supervisor: the proxy's process, from Start to Stop. Only supervisor.c changes the child's state, with one table and
 * one function:
 *
 *                START      READY     STOP       LEAVING    EXIT
 *     stopped    starting   .         stopped    .          .
 *     starting   .          running   stopping   .          died
 *     running    .          running   stopping   stopping   died
 *     stopping   .          .         stopping   .          stopped
 *     died       starting   .         stopped    .          .
 *
 * The ports are bound when a start begins, before any key leaves the session. They stay bound until Stop, even after
 * the proxy died, so that no other program can take them before a restart (clients are reset meanwhile). */
#ifndef POINTSMAN_CGI_SUPERVISOR_H
#define POINTSMAN_CGI_SUPERVISOR_H

#include "cgi/keys.h"
#include "cgi/notify.h"
#include "cgi/ports.h"
#include "cgi/settings.h"
#include "cgi/child_log.h"

#include <sys/types.h>

#define SUPERVISOR_READY_MS 10000 /* ms from its start; a proxy that is not ready by then is killed */
#define SUPERVISOR_DRAIN_MS 5000  /* ms from the stop; a proxy that has not drained by then is killed */

enum child_state { CHILD_STOPPED, CHILD_STARTING, CHILD_RUNNING, CHILD_STOPPING, CHILD_DIED, CHILD_STATES };

struct supervisor {
    const struct settings *settings;
    enum child_state state;
    pid_t pid;  /* 0: no child */
    int pid_fd; /* readable when the child has ended; -1: no child */
    struct ports ports;
    int notify;         /* the notify socket */
    char *notify_space; /* NOTIFY_MAX bytes, owned */
    struct child_log log;
    struct child_report report;
    int64_t started_ms;  /* ms, monotonic: the last start */
    int64_t deadline_ms; /* ms, monotonic: when supervisor_on_deadline() is due; 0: never */
    char reason[1536];   /* why it died, without any key; empty otherwise */
};

/* Opens the notify socket and removes a master key file that an earlier session left. false: one line in `error`. */
MUST_CHECK bool supervisor_open(struct supervisor *s, const struct settings *settings, struct buf *error);

/* Begins a start. Refused: already running, or the port is in use (409, names the program); no key file or no process
 * (500). The caller overwrites `keys` afterwards. */
MUST_CHECK bool supervisor_start(struct supervisor *s, const struct keys *keys, int64_t now_ms, struct refusal *why);
/* Begins a stop; does nothing if there is nothing to stop. */
void supervisor_stop(struct supervisor *s, int64_t now_ms);
/* At the end of the session: kills the child without waiting, closes the ports and removes our files. */
void supervisor_abandon(struct supervisor *s);

/* Call these when the descriptor is readable or the deadline has passed. */
void supervisor_on_notify(struct supervisor *s, int64_t now_ms);
void supervisor_on_exit(struct supervisor *s, int64_t now_ms);
void supervisor_on_deadline(struct supervisor *s);
/* Returns the port's listener if no proxy serves it, so that the loop must reset its clients; -1: none. */
int supervisor_orphaned_port(const struct supervisor *s, enum port port);
/* Returns whether the child also serves the risk router's port. */
bool supervisor_has_risk_router(const struct supervisor *s);

/* Returns "stopped", "starting", … */
const char *supervisor_state_name(enum child_state state);
bool supervisor_has_child(const struct supervisor *s);

#endif
