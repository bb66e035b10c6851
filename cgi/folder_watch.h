/* folder_watch: notices that the runtime folder was removed, for example by logind at logout. The master key and the
 * page token are lost with it, so the session ends. The watch sleeps until the kernel reports a change. */
#ifndef POINTSMAN_CGI_FOLDER_WATCH_H
#define POINTSMAN_CGI_FOLDER_WATCH_H

#include "cgi/settings.h"

struct folder_watch {
    const struct settings *settings;
    int changes; /* inotify; readable after a change in the folder or its parent; -1: not watched */
    int mounts;  /* /proc/self/mountinfo; POLLPRI after a mount or unmount; -1: not watched */
};

/* Starts watching settings->runtime_dir, which settings->runtime_fd has open. Logs a warning without inotify. */
void folder_watch_open(struct folder_watch *watch, const struct settings *settings);
/* Call it when a descriptor is ready. Returns true if the path no longer leads to the folder. */
MUST_CHECK bool folder_watch_is_gone(struct folder_watch *watch);

#endif
