/* lighttpd_files: files for lighttpd and the key-page server in the runtime folder, from start to stop. */
#ifndef POINTSMAN_CLI_LIGHTTPD_FILES_H
#define POINTSMAN_CLI_LIGHTTPD_FILES_H

#include "cli/lighttpd.h"

#define LIGHTTPD_CONF "lighttpd.conf"
#define LIGHTTPD_LOG "lighttpd.log"
#define LIGHTTPD_PID "lighttpd.pid"
#define SERVER_WEB_GUARD "pointsman-web-guard.so" /* a link to cgi/web_guard.c's */

/* Writes lighttpd's configuration, the link to pointsman-session and the file `url`; removes an earlier session's
 * files. false: one line in `error`. */
MUST_CHECK bool lighttpd_files_write(const struct lighttpd *server, const struct lighttpd_options *options,
                                     struct buf *error);
/* Writes lighttpd's pid file. lighttpd would remove its own at exit, even if a child survives. */
MUST_CHECK bool lighttpd_files_write_pid(const struct lighttpd *server, int pid, struct buf *error);
/* Removes these files and those of the key-page server; removes the folder if it is empty then. */
void lighttpd_files_remove(const struct lighttpd *server);
/* Pure. Appends `template` with each @NAME@ replaced by its value, escaped for quotes in lighttpd's configuration.
 * `values`: pairs of name and value, NULL-terminated. false: unknown name, or a control character in a value; one line
 * in `error`. */
MUST_CHECK bool lighttpd_files_fill(struct slice template, const char *const *values, struct buf *out,
                                    struct buf *error);

#endif
