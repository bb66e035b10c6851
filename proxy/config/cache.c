/* pure. Reads litellm_settings.cache_params: the keys of the cache of replies, and their rows. */
#include "proxy/config/key_rows.h"

#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

#define WHAT "litellm_settings.cache_params"
#define YEAR (365 * DAY)

#define CACHE_STRUCT cache_source
struct cache_source {
    struct cache_settings settings; /* fields that are stored as read */
    struct schema_text type, mode, namespace, embedding_model, semantic_mode;
    struct redis_source redis;
    const struct yaml_node *call_types;
};

const struct schema_row CONFIG_CACHE_KEYS[] = {
    USED(CACHE, TEXT, "type", type, "local",
         "`local`: in the memory of each process. `redis`: also in Redis, which all workers share. `semantic`, "
         "`redis-semantic`: like `local` and `redis`, and similar questions are compared."),
    USED(CACHE, TEXT, "host", redis.host, "(`REDIS_HOST`)", "`redis`: name or address."),
    USED(CACHE, LABEL, "port", redis.port, "(`REDIS_PORT`, 6379)", "`redis`: port."),
    USED(CACHE, TEXT, "username", redis.username, "(`REDIS_USERNAME`)", "`redis`: user of the ACL."),
    USED(CACHE, SECRET, "password", redis.password, "(`REDIS_PASSWORD`)",
         "`redis`: password; write it as `os.environ/NAME`."),
    USED(CACHE, SECRET, "url", redis.url, "(`REDIS_URL`)",
         "`redis`: all of these in one: `redis://user:password@host:port/db`. Ignored if `host` is set."),
    USED(CACHE, BOOL, "ssl", redis.ssl, "(`REDIS_SSL`)",
         "`redis`: TLS; true is refused, because Debian 12 has no libhiredis_ssl."),
    RANGED(CACHE, INT, "db", 0, 1000, settings.redis.db, "0", "`redis`: number of the database."),
    RANGED(CACHE, INT, "lookup_timeout_ms", 1, 10000, settings.redis.timeout_ms, "20",
           "`redis`: ms that a request waits for Redis; after that, the provider is called. Not in LiteLLM."),
    RANGED(CACHE, SECONDS, "default_in_redis_ttl", 1, YEAR, settings.ttl_ms, "", "Alias of `ttl`."),
    RANGED(CACHE, SECONDS, "default_in_memory_ttl", 1, YEAR, settings.ttl_ms, "", "Alias of `ttl`."),
    RANGED(CACHE, SECONDS, "ttl", 1, YEAR, settings.ttl_ms, "600",
           "How long a reply stays in the cache, unless the request sets it."),
    USED(CACHE, TEXT, "namespace", namespace, "", "Part of every key: requests share replies only within a namespace."),
    USED(CACHE, TEXT, "mode", mode, "default_on",
         "`default_off`: only requests with `cache: {\"use-cache\": true}` use the cache."),
    USED(CACHE, LIST, "supported_call_types", call_types, "(all)",
         "The APIs whose requests use the cache: `acompletion` (Chat Completions), `aresponses` (Responses), "
         "`atext_completion` (Completions), `aembedding` (Embeddings), also without the `a`."),
    RANGED(CACHE, INT, "max_size_mb", 1, 1 << 16, settings.max_size_mb, "64",
           "Memory for replies, MB; beyond it, the least recently used ones are removed. Not in LiteLLM."),
    USED(CACHE, BOOL, "any_temperature", settings.any_temperature, "false",
         "true: also cache requests whose `temperature` is absent or above 0. Not in LiteLLM, which always does."),
    RANGED(CACHE, SECONDS, "again_after", 0, DAY, settings.again_ms, "30",
           "If a conversation repeats a request within this time, it gets a new answer; 0: never. Not in LiteLLM."),
    USED(CACHE, TEXT, "semantic_embedding_model", embedding_model, "",
         "`semantic`: alias of the deployment that makes the vectors (`POST /embeddings`). Required. Not in LiteLLM."),
    USED(CACHE, TEXT, "redis_semantic_cache_embedding_model", embedding_model, "",
         "LiteLLM's name of `semantic_embedding_model`."),
    RANGED(CACHE, NUMBER, "similarity_threshold", 0, 1, settings.similarity_threshold, "0.95",
           "`semantic`: lowest similarity of the pairs that count."),
    USED(
        CACHE, TEXT, "semantic_mode", semantic_mode, "shadow",
        "`semantic`: `shadow`: compares, but never answers. `serve`: also answers with proven replies. Not in LiteLLM."),
    RANGED(CACHE, NUMBER, "semantic_max_error", 0.001, 0.2, settings.semantic_max_error, "0.02",
           "`semantic`: highest error rate of a proven reply, with 95 % confidence. Not in LiteLLM."),
    RANGED(CACHE, INT, "max_vectors", 1, 10000, settings.max_vectors, "1000",
           "`semantic`: questions to compare with; 768 dimensions take 3 KB each. Not in LiteLLM."),
    WARNS(CACHE, "max_size_in_memory", "use max_size_mb, which limits bytes"),
    WARNS(CACHE, "redis_startup_nodes sentinel_* service_name gcp_*", "only a single Redis is supported"),
    HARMLESS(CACHE, "socket_timeout socket_connect_timeout max_connections redis_flush_size"),
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
        {"text_completion", WIRE_COMPLETIONS},
        {"atext_completion", WIRE_COMPLETIONS},
        {"embedding", WIRE_EMBEDDINGS},
        {"aembedding", WIRE_EMBEDDINGS},
    };
    s->wires = list ? 0 : WIRES_ALL;
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

static const struct type {
    const char *name;
    bool redis, semantic;
} TYPES[] = {
    {"local", false, false},
    {"redis", true, false},
    {"semantic", false, true},
    {"redis-semantic", true, true},
};

static const struct type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++)
        if (strcmp(name, TYPES[i].name) == 0)
            return &TYPES[i];
    return NULL;
}

static void read_semantic(struct config_loader *l, const struct cache_source *source, struct cache_settings *s)
{
    const struct schema_text *model = &source->embedding_model, *mode = &source->semantic_mode;
    s->semantic_serves = strcmp(mode->text, "serve") == 0;
    if (!s->semantic_serves && strcmp(mode->text, "shadow") != 0)
        config_error(l, mode->line, WHAT ".semantic_mode: \"%.64s\": use shadow or serve", mode->text);
    if (!model->text || !*model->text)
        config_error(l, source->type.line, WHAT ".semantic_embedding_model: missing: name an alias of model_list");
    else if (!(s->embedding_model = strdup(model->text)))
        config_no_memory(l);
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
    const struct type *type = find_type(source.type.text);
    if (on && type && type->redis)
        config_redis(l, &source.redis, &s->redis);
    if (on && type && type->semantic)
        read_semantic(l, &source, s);
    if (!type) {
        config_warn(l, source.type.line, WHAT ".type: \"%.64s\" is not supported: replies are not cached",
                    source.type.text);
        s->on = false;
    }
    if (on && source.namespace.text && !(s->namespace = strdup(source.namespace.text)))
        config_no_memory(l);
    l->config->cache = *s;
}

void config_check_cache(struct config_loader *l)
{
    const char *model = l->config->cache.embedding_model;
    if (model && !config_find_group(l->config, model))
        config_error(l, 0, WHAT ".semantic_embedding_model: there is no model_name \"%.64s\"", model);
}

void config_free_cache(struct config *c)
{
    free(c->cache.namespace);
    free(c->cache.embedding_model);
    free(c->cache.redis.host);
    free(c->cache.redis.username);
    secret_free(c->cache.redis.password);
}
