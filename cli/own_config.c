/* Loads the proxy's configuration. */
#include "cli/own_config.h"

#include "cli/locate.h"
#include "common/secret.h"
#include "proxy/config/price_table.h"

#include <stdlib.h>
#include <string.h>

/* The key-page server generates the master key at start; the loader only checks that one is set. */
static const char *look_up(const char *name, void *ctx)
{
    (void)ctx;
    return strcmp(name, "LITELLM_API_KEY") == 0 ? "sk-local-placeholder" : getenv(name);
}

struct config *own_config_load_file(const char *path, struct buf *errors)
{
    if (!secret_init()) {
        BUF_ADD(errors, "can't get random bytes from the system");
        return NULL;
    }
    char *prices = price_table_path();
    if (!prices) {
        BUF_ADD(errors, "out of memory");
        return NULL;
    }
    struct config *config =
        config_load(&(struct config_options){.path = path, .env = look_up, .price_table = prices}, errors);
    free(prices);
    return config;
}

struct config *own_config_load(struct buf *errors)
{
    char *path = locate_config();
    struct config *config = path ? own_config_load_file(path, errors) : NULL;
    if (!path)
        BUF_ADD(errors, LOCATE_CONFIG ": not found: reinstall pointsman");
    free(path);
    return config;
}
