/* Gets Codex's model metadata. */
#include "cli/codex_catalog.h"

#include "cli/child.h"
#include "common/paths.h"
#include "proxy/answers/catalog.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CODEX_MS 5000 /* timeout of codex debug models */

char *codex_find(void)
{
    const char *named = getenv("CODEX_CLI_PATH");
    return child_find(named && *named ? named : "codex", NULL);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static bool write_whole(const char *path, struct slice text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    if (fd >= 0)
        close(fd);
    return written;
}

/* Runs Codex with an empty CODEX_HOME, so that it neither reads nor writes the user's files. */
static void ask(const char *codex, const char *folder)
{
    struct buf text;
    char *home = paths_join(folder, "codex-home"), *fresh = paths_join(folder, "codex-models.new");
    char *path = paths_join(folder, "codex-models.json");
    buf_init(&text, CATALOG_TEXT_MAX);
    if (path)
        (void)unlink(path);
    if (home)
        (void)nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS); /* left by a killed start */
    if (home && fresh && path && mkdir(home, 0700) == 0 && setenv("CODEX_HOME", home, 1) == 0) {
        char *const argv[] = {(char *)codex, "debug", "models", NULL};
        (void)unlink(fresh);
        if (child_capture(&(struct child_run){argv, NULL, CODEX_MS, NULL}, &text) == 0 &&
            write_whole(fresh, buf_slice(&text)))
            (void)rename(fresh, path);
        (void)unlink(fresh);
    }
    if (home)
        (void)nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    buf_free(&text);
    free(home);
    free(fresh);
    free(path);
}

int codex_catalog_begin(const char *folder)
{
    char *codex = codex_find();
    pid_t pid = codex ? fork() : -1;
    if (pid == 0) {
        ask(codex, folder);
        _exit(0);
    }
    free(codex);
    return pid;
}

void codex_catalog_end(int pid)
{
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
}
