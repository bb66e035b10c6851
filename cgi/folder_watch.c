/* Watches the runtime folder with inotify(7).
 *
 * The folder stays open, so the kernel reports no IN_DELETE_SELF for it: only its parent has an event for the removal.
 * The parent may be /tmp, where the files of every program would wake us. But a folder is emptied before it is removed,
 * and the notify socket is in it for the whole session: the parent is watched only after that socket was deleted. */
#include "cgi/folder_watch.h"

#include "common/log.h"
#include "common/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMOVED (IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR)

static bool is_gone(const struct settings *settings)
{
    struct stat ours, named;
    if (fstat(settings->runtime_fd, &ours) != 0)
        return false;
    if (stat(settings->runtime_dir, &named) != 0)
        return errno == ENOENT || errno == ENOTDIR;
    return ours.st_ino != named.st_ino || ours.st_dev != named.st_dev;
}

/* Reads the pending events. Returns true if the folder was moved or the notify socket was removed from it. */
static bool read_changes(int fd)
{
    char space[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool found = false;
    for (ssize_t len; (len = read(fd, space, sizeof space)) > 0;)
        for (const char *at = space; at < space + len;) {
            const struct inotify_event *event = (const void *)at;
            found |= !event->len || strcmp(event->name, SETTINGS_NOTIFY) == 0;
            at += sizeof *event + event->len;
        }
    return found;
}

static void watch_parent(const struct folder_watch *watch)
{
    char *parent = paths_join(watch->settings->runtime_dir, "..");
    /* Fails if the folder was removed meanwhile, which is_gone() finds next. */
    if (parent)
        (void)inotify_add_watch(watch->changes, parent, REMOVED);
    free(parent);
}

void folder_watch_open(struct folder_watch *watch, const struct settings *settings)
{
    *watch = (struct folder_watch){settings, inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
                                   open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)};
    if (watch->changes < 0 || inotify_add_watch(watch->changes, settings->runtime_dir, REMOVED) < 0)
        log_warning("%s: can't watch: %s; if the folder is removed, the session runs until `pointsman stop`",
                    settings->runtime_dir, strerror(errno));
}

bool folder_watch_is_gone(struct folder_watch *watch)
{
    if (watch->changes >= 0 && read_changes(watch->changes))
        watch_parent(watch);
    return is_gone(watch->settings);
}
