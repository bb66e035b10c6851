/* main: which folders the serving proxy can reach. */
#include "proxy/serve/confine.h"

#include "common/data_file.h"
#include "common/paths.h"
#include "proxy/config/price_table.h"
#include "common/sandbox.h"
#include "proxy/upstream/sign_in.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

/* The folder that contains `file`, with links resolved if it exists; NULL for NULL. Free it. */
static char *folder_of(const char *file)
{
    char *real = file ? realpath(file, NULL) : NULL, *copy = real ? real : file ? strdup(file) : NULL;
    char *folder = copy ? strdup(dirname(copy)) : NULL;
    free(copy);
    return folder;
}

/* The file in Codex's folder that the deployments' sign-in reads; NULL: none. */
static const char *login_file(const struct config *config)
{
    const char *file = NULL;
    for (unsigned i = 0; !file && i < config->deployment_count; i++)
        file = sign_in_file(config->deployments[i].provider->sign_in);
    return file;
}

void confine(const struct config *config, const char *catalog_file, const char *key_file, struct harden_status *status)
{
    char *home = paths_codex_home(), *logs = home ? paths_join(home, "logs") : NULL;
    char *auth = home && login_file(config) ? paths_join(home, login_file(config)) : NULL;
    char *prices = data_file(PRICE_TABLE_FILE);
    char *folders[] = {folder_of(config->path), folder_of(prices), folder_of(catalog_file),   folder_of(key_file), logs,
                       auth ? home : NULL,      folder_of(auth),   folder_of(config->ca_file)};
    const bool writable[] = {false, false, false, true, true, true, true, false};
    struct sandbox_path paths[sizeof folders / sizeof *folders];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        paths[i] = (struct sandbox_path){folders[i], writable[i]};
    harden_late(status);
    sandbox_enter(paths, sizeof paths / sizeof *paths, true, status);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (folders[i] != home)
            free(folders[i]);
    free(home);
    free(auth);
    free(prices);
}

void confine_parent(const char *key_file, struct harden_status *status)
{
    char *folder = folder_of(key_file);
    harden_late(status);
    sandbox_enter(&(struct sandbox_path){folder, true}, 1, true, status);
    free(folder);
}

void confine_keeper(const char *key_store, struct harden_status *status)
{
    char *folder = folder_of(key_store);
    harden_late(status);
    sandbox_enter(&(struct sandbox_path){folder, true}, 1, false, status);
    free(folder);
}
