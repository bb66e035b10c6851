/* child_setup: the steps of a child of the session app between fork and execve. */
#ifndef POINTSMAN_CHILD_SETUP_H
#define POINTSMAN_CHILD_SETUP_H

#include "cgi/settings.h"

/* Call first in the child. Closes the page's port of ::1 and lighttpd's socket (standard input becomes /dev/null), and
 * makes the child die with its parent `parent` (harden_follow_parent()). false: the parent has ended already; exit.
 *
 * lighttpd starts a new session app when one has died, unless a process still listens on the app's socket: lighttpd
 * takes that process for a running app, and never starts another. A child whose parent was killed still listens until
 * it has closed the socket. If it then finds that its parent has ended and that no process listens, it makes lighttpd
 * restart. */
MUST_CHECK bool child_setup(const struct settings *settings, pid_t parent);

#endif
