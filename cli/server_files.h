/* server_files: what lies in the runtime folder for lighttpd and the session app, from start to stop. */
#ifndef POINTSMAN_CLI_SERVER_FILES_H
#define POINTSMAN_CLI_SERVER_FILES_H

#include "cli/server.h"

#define SERVER_CONF "lighttpd.conf"
#define SERVER_LOG "lighttpd.log"
#define SERVER_PID "lighttpd.pid"
#define SERVER_WEB_GUARD "pointsman-web-guard.so" /* a link to cgi/web_guard.c's */

/* Writes lighttpd's configuration, the link to the session app and the file `url`; removes what an earlier session
 * left. false with a line in `error`. */
MUST_CHECK bool server_files_write(const struct server *server, const struct server_options *options,
                                   struct buf *error);
/* Writes lighttpd's number, which lighttpd itself would remove at its end, also when a child outlives it. */
MUST_CHECK bool server_files_write_pid(const struct server *server, int pid, struct buf *error);
/* Removes them and what the session app left, and the folder when nothing else is in it. */
void server_files_remove(const struct server *server);
/* Pure: `template` with each @NAME@ replaced by its value as it stands within quotes of lighttpd's configuration.
 * `values`: pairs of name and value, NULL-terminated. false with a line in `error` for a name without a value, or a
 * value with a control character. */
MUST_CHECK bool server_files_fill(struct slice template, const char *const *values, struct buf *out, struct buf *error);

#endif
