/* Where pointsman's own programs and files lie. */
#include "cli/place.h"

#include "common/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *program;
    const char *installed;
} programs[] = {
    {PLACE_SESSION, POINTSMAN_LIBEXECDIR "/pointsman-session"},
    {PLACE_WEB_GUARD, POINTSMAN_LIBEXECDIR "/pointsman-web-guard.so"},
    {PLACE_PROXY, POINTSMAN_BINDIR "/pointsman-proxy"},
    {PLACE_COMMAND, POINTSMAN_BINDIR "/pointsman"},
};

/* The build folder, when this program is its cli/pointsman; else NULL. configure links the data there, as share/. To be
 * freed. */
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
    char *session = paths_join(self, PLACE_SESSION);
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

char *place_data(const char *name)
{
    return place("share", name, POINTSMAN_DATADIR);
}

char *place_program(const char *program)
{
    char *build = build_folder(), *path = build ? paths_join(build, program) : NULL;
    for (size_t i = 0; !build && i < sizeof programs / sizeof *programs; i++)
        if (strcmp(programs[i].program, program) == 0)
            path = strdup(programs[i].installed);
    free(build);
    return path;
}

/* The user's own file of that name, else the one that came with pointsman. */
static char *own_or_shared(const char *file)
{
    char *shared = place_data(file), *name = shared ? strrchr(shared, '/') : NULL;
    if (name)
        *name = '\0';
    char *path = shared ? paths_config_file(file, shared) : NULL;
    free(shared);
    return path;
}

char *place_config(void)
{
    return own_or_shared(PLACE_CONFIG);
}

char *place_policy(void)
{
    return own_or_shared(PLACE_POLICY);
}
