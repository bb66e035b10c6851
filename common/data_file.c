/* Locates the files that come with pointsman. */
#include "common/data_file.h"

#include "common/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether there is a session app where `make` puts it. */
static bool is_build_folder(const char *folder)
{
    char *session = paths_join(folder, "cgi/pointsman-session");
    bool is = session && access(session, X_OK) == 0;
    free(session);
    return is;
}

char *data_build_folder(void)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return NULL;
    self[len] = '\0';
    for (int level = 0; level < 2; level++) { /* the program's name, then the room's */
        char *name = strrchr(self, '/');
        if (!name)
            return NULL;
        *name = '\0';
    }
    return is_build_folder(self) ? strdup(self) : NULL;
}

char *data_file(const char *name)
{
    char *build = data_build_folder();
    char *folder = build ? paths_join(build, "share") : strdup(POINTSMAN_DATADIR);
    char *path = folder ? paths_join(folder, name) : NULL;
    free(build);
    free(folder);
    return path;
}
