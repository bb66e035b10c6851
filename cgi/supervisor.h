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
 * The table has the next state of each state after each event; a dot: the event is ignored. The ports
 * are bound when a start begins, before any key leaves the session. They stay bound until Stop, even if the proxy dies,
 * so that no other program can take them before a restart. Meanwhile the session resets connections to them. */
#ifndef POINTSMAN_CGI_SUPERVISOR_H
#define POINTSMAN_CGI_SUPERVISOR_H

#include "cgi/keys.h"
#include "cgi/notify.h"
#include "cgi/ports.h"
#include "cgi/settings.h"
#include "cgi/child_log.h"

#include <sys/types.h>

#define SUPERVISOR_READY_MS 10000 /* ms after its start; a proxy that is not ready by then is killed */
#define SUPERVISOR_DRAIN_MS 5000  /* ms after Stop; a proxy that is still running by then is killed */

enum child_state { CHILD_STOPPED, CHILD_STARTING, CHILD_RUNNING, CHILD_STOPPING, CHILD_DIED, CHILD_STATES };

struct supervisor {
    const struct settings *settings;
    enum child_state state;
    pid_t pid;  /* 0: no child */
    int pid_fd; /* readable when the child has ended; -1: no child */
    struct ports ports;
    int notify;         /* descriptor of the notify socket */
    char *notify_space; /* buffer of NOTIFY_MAX bytes for its messages, owned */
    struct child_log log;
    struct child_report report;
    int64_t started_ms;  /* ms, monotonic: the last start */
    int64_t deadline_ms; /* ms, monotonic: when supervisor_on_deadline() is due; 0: never */
    char reason[1536];   /* CHILD_DIED: why the proxy ended, without any key; else empty */
};

/* Opens the notify socket and removes a master key file that an earlier session left. false: one line in `error`. */
MUST_CHECK bool supervisor_open(struct supervisor *s, const struct settings *settings, struct buf *error);

/* Begins a start. false: refused with `why`: already running, or a port is in use, by the program that `why` names
 * (409); the key file or the process can't be created (500). The caller overwrites `keys` afterwards. */
MUST_CHECK bool supervisor_start(struct supervisor *s, const struct keys *keys, int64_t now_ms, struct refusal *why);
/* Begins a stop. Does nothing if nothing was started. */
void supervisor_stop(struct supervisor *s, int64_t now_ms);
/* At the end of the session app: kills the proxy without waiting, closes the ports, and removes the files of both
 * keys and the notify socket. */
void supervisor_abandon(struct supervisor *s);

/* Call these when `notify` or `pid_fd` is readable, or `deadline_ms` has passed. */
void supervisor_on_notify(struct supervisor *s, int64_t now_ms);
void supervisor_on_exit(struct supervisor *s, int64_t now_ms);
void supervisor_on_deadline(struct supervisor *s);
/* Returns the listening socket of a bound port that no proxy serves: the loop must reset its clients. -1: none. */
int supervisor_orphaned_port(const struct supervisor *s, enum port port);
/* Returns whether the child also serves the risk router's port. */
bool supervisor_has_risk_router(const struct supervisor *s);

/* Returns "stopped", "starting", … */
const char *supervisor_state_name(enum child_state state);
bool supervisor_has_child(const struct supervisor *s);

#endif
