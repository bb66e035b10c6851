/* pure: the file of the virtual keys: general_settings.key_store, or LiteLLM's database_url. */
#include "proxy/config/private.h"

#include <stdlib.h>
#include <string.h>

/* Returns the file of "sqlite:FILE", "sqlite:///FILE" or "file:FILE"; NULL: another scheme. */
static const char *file_of(const char *url)
{
    static const char *const schemes[] = {"sqlite:", "file:"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(url, schemes[i], len) == 0)
            return url + len + (strncmp(url + len, "///", 3) == 0 ? 2 : 0);
    }
    return NULL;
}

void config_key_store(struct config_loader *l)
{
    const struct schema_text *store = &l->settings.key_store, *url = &l->settings.database_url;
    const struct schema_text *zone = &l->settings.time_zone;
    const char *file = store->text ? store->text : url->text ? file_of(url->text) : NULL;
    if (zone->text && strcmp(zone->text, "UTC") != 0 && !(l->config->time_zone = strdup(zone->text)))
        config_no_memory(l);
    if (l->settings.ledger_retention.text && !(l->config->ledger_retention = strdup(l->settings.ledger_retention.text)))
        config_no_memory(l);
    if (!store->text && url->text && !file)
        config_warn(l, url->line,
                    "general_settings.database_url: has no effect: for virtual keys, name a file: key_store: "
                    "/var/lib/pointsman/keys.db");
    else if (file && *file != '/')
        config_error(l, store->text ? store->line : url->line,
                     "general_settings.%s: expected the absolute path of a file, found \"%s\"",
                     store->text ? "key_store" : "database_url", file);
    else if (file && !(l->config->key_store = strdup(file)))
        config_no_memory(l);
}
