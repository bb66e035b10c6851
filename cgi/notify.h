/* notify: receives the proxy's messages through NOTIFY_SOCKET (sd_notify(3)): a datagram has one VARIABLE=value per
 * line. */
#ifndef POINTSMAN_CGI_NOTIFY_H
#define POINTSMAN_CGI_NOTIFY_H

#include "common/buf.h"
#include "common/json.h"

#include <sys/types.h>

#define NOTIFY_MAX (32 * 1024)

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

/* Binds the datagram socket at `path` after unlinking what is there; -1 with errno set. */
int notify_open(const char *path);
/* Reads one datagram into `space` (NOTIFY_MAX bytes). 1: `out` has its contents, which point into `space`; 0: it
 * came from another process than `from`, or was too long, and was dropped; -1: nothing more to read. */
int notify_read(int fd, pid_t from, char *space, struct notice *out);
/* Parses a datagram. Pure. */
void notice_parse(struct slice datagram, struct notice *out);

/* Replaces the report by a well-formed one: {"version":text,"aliases":[{"name":text,"ready":bool,"reason":text}…],
 * "hardening":{…}}, where an alias may have "deployments" too (proxy/answers/answers.h), and nothing else. false:
 * the text is something else, and the previous report stays. */
MUST_CHECK bool child_report_take(struct child_report *report, struct slice text);
void child_report_clear(struct child_report *report);

#endif
