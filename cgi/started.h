/* started: what the running proxy was started with: the names of its variables, where each value came from, and the
 * warnings of its configuration. Never a value. */
#ifndef POINTSMAN_CGI_STARTED_H
#define POINTSMAN_CGI_STARTED_H

#include "cgi/keys.h"
#include "common/document.h"

struct started {
    struct buf variables; /* "NAME ORIGIN\n" for each */
    struct buf warnings;  /* one line each */
};

/* Starts empty. */
void started_init(struct started *s);
/* Records a start: its variables, and who sent those whose origin it does not say (`sender`: "page" or "script"). The
 * warnings are recorded by the loader, in s->warnings. */
void started_record(struct started *s, const struct keys *keys, const char *sender);
/* Adds "variables" and "config_warnings"; empty lists if `running` is false. */
void started_describe(const struct started *s, bool running, struct container in);
/* Appends a list of the variables and where each came from, as HTML; nothing if there are none. */
void started_write_variables(const struct started *s, struct buf *out);
/* Appends a list of warnings, one line each, as HTML without the configuration's path; nothing if there are none. */
void started_write_warnings(const struct buf *warnings, const char *config, struct buf *out);

#endif
