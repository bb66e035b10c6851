/* Locates pointsman's programs and data. */
#include "cli/locate.h"

#include "common/data_file.h"
#include "common/paths.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *program;
    const char *installed;
} programs[] = {
    {LOCATE_SESSION, POINTSMAN_LIBEXECDIR "/pointsman-session"},
    {LOCATE_USAGE, POINTSMAN_LIBEXECDIR "/pointsman-usage"},
    {LOCATE_WEB_GUARD, POINTSMAN_LIBEXECDIR "/pointsman-web-guard.so"},
    {LOCATE_PROXY, POINTSMAN_BINDIR "/pointsman-proxy"},
    {LOCATE_COMMAND, POINTSMAN_BINDIR "/pointsman"},
};

char *locate_data(const char *name)
{
    return data_file(name);
}

char *locate_program(const char *program)
{
    char *build = data_build_folder(), *path = build ? paths_join(build, program) : NULL;
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
