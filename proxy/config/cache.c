/* pure. Reads litellm_settings.cache_params: the keys of the cache of replies, and their rows. */
#include "proxy/config/key_rows.h"

#include <stdlib.h>
#include <string.h>

#define WHAT "litellm_settings.cache_params"
#define YEAR (365 * DAY)

#define CACHE_STRUCT cache_source
struct cache_source {
    struct cache_settings settings; /* fields that are stored as read */
    struct schema_text type, mode, namespace;
    const struct yaml_node *call_types;
};

const struct schema_row CONFIG_CACHE_KEYS[] = {
    USED(CACHE, TEXT, "type", type, "local", "`local`: in this process's memory; each worker has its own."),
    RANGED(CACHE, SECONDS, "default_in_memory_ttl", 1, YEAR, settings.ttl_ms, "", "Alias of `ttl`."),
    RANGED(CACHE, SECONDS, "ttl", 1, YEAR, settings.ttl_ms, "600",
           "How long an answer is kept, unless the request says it."),
    USED(CACHE, TEXT, "namespace", namespace, "", "Part of every key: answers are found in the same namespace only."),
    USED(CACHE, TEXT, "mode", mode, "default_on",
         "`default_off`: only requests with `cache: {\"use-cache\": true}` use the cache."),
    USED(
        CACHE, LIST, "supported_call_types", call_types, "(both)",
        "The APIs whose requests use the cache: `acompletion` (Chat Completions), `aresponses` (Responses), also without "
        "the `a`."),
    RANGED(CACHE, INT, "max_size_mb", 1, 1 << 16, settings.max_size_mb, "64",
           "Memory for answers, MB; the least recently used ones go first. Not in LiteLLM."),
    USED(CACHE, BOOL, "any_temperature", settings.any_temperature, "false",
         "true: also cache requests whose `temperature` is absent or above 0. Not in LiteLLM, which always does."),
    RANGED(
        CACHE, SECONDS, "again_after", 0, DAY, settings.again_ms, "30",
        "The same request of one conversation within this time gets a new answer; 0: the cached one. Not in LiteLLM."),
    WARNS(CACHE, "max_size_in_memory", "use max_size_mb, which limits bytes"),
    WARNS(CACHE, "s3_* gcs_* azure_* qdrant_* valkey_* disk_cache_dir", "this kind of cache is not supported"),
    {0},
};

static void read_call_types(struct config_loader *l, const struct yaml_node *list, struct cache_settings *s)
{
    static const struct {
        const char *name;
        enum wire wire;
    } NAMES[] = {
        {"completion", WIRE_CHAT},
        {"acompletion", WIRE_CHAT},
        {"responses", WIRE_RESPONSES},
        {"aresponses", WIRE_RESPONSES},
    };
    s->wires = list ? 0 : WIRES_BRIDGED;
    for (const struct yaml_node *n = list ? list->children : NULL; n; n = n->next) {
        struct schema_text text;
        if (!config_read_text(l, WHAT ".supported_call_types[]", n, &text) || !text.text)
            continue;
        for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
            if (strcmp(text.text, NAMES[i].name) == 0)
                s->wires |= NAMES[i].wire;
    }
}

static void read_mode(struct config_loader *l, const struct schema_text *mode, struct cache_settings *s)
{
    s->default_on = strcmp(mode->text, "default_on") == 0;
    if (!s->default_on && strcmp(mode->text, "default_off") != 0)
        config_error(l, mode->line, WHAT ".mode: \"%.64s\": use default_on or default_off", mode->text);
}

void config_cache(struct config_loader *l, bool on, const struct yaml_node *params)
{
    struct cache_source source = {0};
    struct cache_settings *s = &source.settings;
    schema_init(&CONFIG_KEYS, SECTION_CACHE, &source);
    schema_read(&l->reader, &CONFIG_KEYS, SECTION_CACHE, params, &source);
    read_call_types(l, source.call_types, s);
    read_mode(l, &source.mode, s);
    s->on = on;
    if (strcmp(source.type.text, "local") != 0) {
        config_warn(l, source.type.line, WHAT ".type: \"%.64s\" is not supported: replies are not cached",
                    source.type.text);
        s->on = false;
    }
    if (on && source.namespace.text && !(s->namespace = strdup(source.namespace.text)))
        config_no_memory(l);
    l->config->cache = *s;
}
