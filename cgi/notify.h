/* notify: hears the proxy through NOTIFY_SOCKET, systemd's convention (sd_notify(3)): one datagram, one VARIABLE=value
 * per line. */
#ifndef POINTSMAN_CGI_NOTIFY_H
#define POINTSMAN_CGI_NOTIFY_H

#include "common/buf.h"
#include "common/json.h"

#include <sys/types.h>

#define NOTIFY_MAX (32 * 1024)

/* What one datagram said. */
struct notice {
    bool ready;          /* READY=1 */
    bool stopping;       /* STOPPING=1 */
    struct slice report; /* X_POINTSMAN_STATUS, or empty */
};

/* What the proxy last reported about itself; empty (count 0) when it has not. */
struct report {
    struct buf text;  /* the JSON text */
    struct json json; /* parsed over `text` */
};

/* Binds the datagram socket at `path` (what lies there is unlinked); -1 with errno set. */
int notify_open(const char *path);
/* Reads one datagram into `space` (NOTIFY_MAX bytes). 1: `out` holds what it said, its slices lie in `space`; 0: it
 * came from another process than `from`, or is too long, and was dropped; -1: nothing more to read. */
int notify_read(int fd, pid_t from, char *space, struct notice *out);
/* Pure: takes a datagram apart. */
void notice_parse(struct slice datagram, struct notice *out);

/* Takes a report over when it is well-formed: {"version":text,"aliases":[{"name":text,"ready":bool,"reason":text}…],
 * "hardening":{…}}, where an alias may have "deployments" too (proxy/answers/answers.h), and nothing else; otherwise
 * the previous one stays and the result is false. */
MUST_CHECK bool report_take(struct report *report, struct slice text);
void report_clear(struct report *report);

#endif
