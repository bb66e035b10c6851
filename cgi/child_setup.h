/* child_setup: what a child of the session app does between fork and execve. */
#ifndef POINTSMAN_CHILD_SETUP_H
#define POINTSMAN_CHILD_SETUP_H

#include "cgi/settings.h"

/* The child's first call after the fork: lets go of the page's port of ::1 and of lighttpd's socket (standard input is
 * /dev/null then), and follows `parent`, who has forked it, into death. false: the parent is gone already, and the
 * child has nothing more to do.
 *
 * lighttpd makes a new session app when one has died, unless somebody still listens at its socket: then it takes that
 * for a server that is well, and never makes one again. A child whose parent was killed is such a somebody until it has
 * let go; so when it then finds itself alone, and nobody else at the socket, it has lighttpd start over. */
MUST_CHECK bool child_setup(const struct settings *settings, pid_t parent);

#endif
