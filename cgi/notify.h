/* notify: receives the proxy's messages through NOTIFY_SOCKET (sd_notify(3)). A datagram has one VARIABLE=value per
 * line. */
#ifndef POINTSMAN_CGI_NOTIFY_H
#define POINTSMAN_CGI_NOTIFY_H

#include "common/buf.h"
#include "common/json.h"

#include <sys/types.h>

#define NOTIFY_MAX (32 * 1024) /* bytes of a datagram */

/* The contents of one datagram. */
struct notice {
    bool ready;          /* READY=1 */
    bool stopping;       /* STOPPING=1 */
    struct slice report; /* X_POINTSMAN_STATUS, or empty */
};

/* The proxy's latest report about itself; empty (count 0) if there is none. */
struct child_report {
    struct buf text;  /* the JSON text */
    struct json json; /* parsed over `text` */
};

/* Removes the file at `path` and binds the datagram socket there. Returns its descriptor, or -1 with errno set. */
int notify_open(const char *path);
/* Reads one datagram into `space` (NOTIFY_MAX bytes). Returns 1 with its contents in `out`, which point into `space`;
 * 0 if it was dropped, because another process than `from` sent it or because it was too long; -1 if there is none. */
int notify_read(int fd, pid_t from, char *space, struct notice *out);
/* Parses a datagram into `out`, which points into it. Pure. */
void notice_parse(struct slice datagram, struct notice *out);

/* Replaces the report by `text` if it has exactly this form: {"version":text,"aliases":[{"name":text,"ready":bool,
 * "reason":text}…],"hardening":{…}}; an alias may also have "deployments" (proxy/answers/answers.h). false: it has
 * another form, and the previous report stays. */
MUST_CHECK bool child_report_take(struct child_report *report, struct slice text);
void child_report_clear(struct child_report *report);

#endif
