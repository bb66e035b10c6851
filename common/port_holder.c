/* Finds the process that listens on a port. */
#include "common/port_holder.h"

#include <ctype.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct holder {
    unsigned long inode;
    unsigned uid;
};

/* Looks for the listener of the port in /proc/net/tcp or tcp6 (proc(5)). The fields are "sl local_address rem_address
 * st tx:rx tr:when retrnsmt uid timeout inode"; st 0A is LISTEN. */
static bool find_listener(const char *table, unsigned port, struct holder *found)
{
    FILE *file = fopen(table, "re");
    if (!file)
        return false;
    char line[512];
    bool hit = false;
    while (!hit && fgets(line, sizeof line, file)) {
        unsigned local_port, state;
        hit = sscanf(line, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %u %*s %lu", &local_port, &state,
                     &found->uid, &found->inode) == 4 &&
              local_port == port && state == 0x0A;
    }
    fclose(file);
    return hit;
}

/* Whether one of the process's descriptors is the socket. Only root can see other users' processes. */
static bool process_has(const char *pid, const char *link)
{
    char path[300], target[64];
    (void)snprintf(path, sizeof path, "/proc/%s/fd", pid);
    DIR *dir = opendir(path);
    if (!dir)
        return false;
    bool has = false;
    for (struct dirent *entry; !has && (entry = readdir(dir));) {
        ssize_t len = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
        if (len > 0) {
            target[len] = '\0';
            has = strcmp(target, link) == 0;
        }
    }
    closedir(dir);
    return has;
}

/* The pid of the process with the socket; 0: not found. */
static long find_process(unsigned long inode)
{
    char link[64];
    (void)snprintf(link, sizeof link, "socket:[%lu]", inode);
    DIR *proc = opendir("/proc");
    if (!proc)
        return 0;
    long pid = 0;
    for (struct dirent *entry; !pid && (entry = readdir(proc));)
        if (isdigit((unsigned char)entry->d_name[0]) && process_has(entry->d_name, link))
            pid = strtol(entry->d_name, NULL, 10);
    closedir(proc);
    return pid;
}

static void add_process_name(long pid, struct buf *out)
{
    char path[64], name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    FILE *file = fopen(path, "re");
    if (file && fgets(name, sizeof name, file))
        name[strcspn(name, "\n")] = '\0';
    if (file)
        fclose(file);
    buf_add_format(out, "%s (pid %ld, ", *name ? name : "a process", pid);
}

bool port_holder(unsigned port, struct buf *out)
{
    struct holder holder = {0};
    if (!find_listener("/proc/net/tcp", port, &holder) && !find_listener("/proc/net/tcp6", port, &holder)) {
        BUF_ADD(out, "a process that is not visible here");
        return false;
    }
    long pid = find_process(holder.inode);
    if (pid)
        add_process_name(pid, out);
    else
        BUF_ADD(out, "a process (");
    const struct passwd *user = getpwuid((uid_t)holder.uid);
    if (user)
        buf_add_format(out, "user %s)", user->pw_name);
    else
        buf_add_format(out, "uid %u)", holder.uid);
    return true;
}
