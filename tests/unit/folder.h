/* folder: a temporary folder per test. */
#ifndef POINTSMAN_UNIT_FOLDER_H
#define POINTSMAN_UNIT_FOLDER_H

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/pointsman-test-XXXXXX";

/* cmocka setup: creates the folder. */
static inline int folder_enter(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

/* cmocka teardown: removes the folder and its content. */
static inline int folder_leave(void **state)
{
    (void)state;
    return nftw(folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Returns "FOLDER/NAME"; valid during the next call, too. */
static inline const char *folder_at(const char *name)
{
    static char text[2][256];
    static unsigned turn;
    char *out = text[turn++ % 2];
    snprintf(out, sizeof text[0], "%s/%s", folder, name);
    return out;
}

/* Creates or replaces a file. */
static inline void put_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

#endif
