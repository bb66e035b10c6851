/* Locates pointsman's programs and data. */
#include "cli/locate.h"

#include "common/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *program;
    const char *installed;
} programs[] = {
    {LOCATE_SESSION, POINTSMAN_LIBEXECDIR "/pointsman-session"},
    {LOCATE_WEB_GUARD, POINTSMAN_LIBEXECDIR "/pointsman-web-guard.so"},
    {LOCATE_PROXY, POINTSMAN_BINDIR "/pointsman-proxy"},
    {LOCATE_COMMAND, POINTSMAN_BINDIR "/pointsman"},
};

/* The build folder if this program is its cli/pointsman, else NULL. configure links the data to share/ there. Free with
 * free(). */
static char *build_folder(void)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return NULL;
    self[len] = '\0';
    char *name = strrchr(self, '/');
    *name = '\0';
    char *room = strrchr(self, '/');
    if (!room || strcmp(room, "/cli") != 0)
        return NULL;
    *room = '\0';
    char *session = paths_join(self, LOCATE_SESSION);
    bool built = session && access(session, X_OK) == 0;
    free(session);
    return built ? strdup(self) : NULL;
}

static char *place(const char *below, const char *name, const char *installed)
{
    char *build = build_folder(), *folder = build ? paths_join(build, below) : strdup(installed);
    char *path = folder ? paths_join(folder, name) : NULL;
    free(build);
    free(folder);
    return path;
}

char *locate_data(const char *name)
{
    return place("share", name, POINTSMAN_DATADIR);
}

char *locate_program(const char *program)
{
    char *build = build_folder(), *path = build ? paths_join(build, program) : NULL;
    for (size_t i = 0; !build && i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].program, program) == 0)
            path = strdup(programs[i].installed);
    free(build);
    return path;
}

/* The user's file of that name, else the installed one. */
static char *own_or_shared(const char *file)
{
    char *shared = locate_data(file), *name = shared ? strrchr(shared, '/') : NULL;
    if (name)
        *name = '\0';
    char *path = shared ? paths_config_file(file, shared) : NULL;
    free(shared);
    return path;
}

char *locate_config(void)
{
    return own_or_shared(LOCATE_CONFIG);
}

char *locate_policy(void)
{
    return own_or_shared(LOCATE_POLICY);
}
