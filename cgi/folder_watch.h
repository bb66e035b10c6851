/* folder_watch: notices that the runtime folder is gone, for example because logind removed it at logout. Without the
 * folder, the session can be neither found nor stopped. It sleeps until the kernel reports a change. */
#ifndef POINTSMAN_CGI_FOLDER_WATCH_H
#define POINTSMAN_CGI_FOLDER_WATCH_H

#include "cgi/settings.h"

struct folder_watch {
    const struct settings *settings;
    int changes; /* readable when something in the folder or its parent has changed; -1: not watched */
    int mounts;  /* POLLPRI when a file system is mounted or unmounted; -1: not watched */
};

/* Starts watching settings->runtime_dir, which settings->runtime_fd has open. Without inotify it logs a warning. */
void folder_watch_open(struct folder_watch *watch, const struct settings *settings);
/* Call it when one of the descriptors is ready. Returns true if the path does not lead to the folder any more. */
MUST_CHECK bool folder_watch_is_gone(struct folder_watch *watch);

#endif
