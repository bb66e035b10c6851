/* loop: one configuration in force and the state built from it. */
#include "proxy/serve/generation.h"

#include "common/clock.h"
#include "common/install_key.h"
#include "common/secret.h"
#include "proxy/bridge/carrier.h"
#include "proxy/cache/cache.h"
#include "proxy/cache/redis.h"
#include "proxy/record/debug_log.h"
#include "proxy/record/saved_state.h"
#include "proxy/exchange/sharing.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

void setup_free(struct setup *setup)
{
    catalog_free(setup->catalog);
    config_free(setup->config);
    *setup = (struct setup){NULL, NULL};
}

/* All names of a group share one account. */
static bool set_up_accounts(struct generation *g)
{
    const struct config *config = g->setup.config;
    for (unsigned i = 0; i < config->group_count; i++) {
        g->exchanges.accounts[i] = spending_of_group(g->exchanges.spending, config->groups[i].deployments[0]->alias);
        if (!g->exchanges.accounts[i])
            return false;
    }
    return true;
}

static void put(void *redis, const unsigned char *key, struct slice value, int64_t ttl_ms)
{
    redis_put(redis, key, value, ttl_ms);
}

static void remove_key(void *redis, const unsigned char *key)
{
    redis_delete(redis, key);
}

static void flush(void *redis)
{
    redis_flush(redis);
}

static const char *state(const void *redis)
{
    return redis_state(redis);
}

static bool set_up_cache(struct generation *g)
{
    const struct cache_settings *s = &g->setup.config->cache;
    unsigned char secret[CACHE_KEY_SIZE];
    install_key_derive(INSTALL_KEY_CACHE, secret);
    g->exchanges.cache = cache_new(g->setup.config, secret);
    sodium_memzero(secret, sizeof secret);
    if (!g->exchanges.cache || !s->redis.host)
        return g->exchanges.cache != NULL;
    g->exchanges.redis = redis_new(g->exchanges.base, &s->redis, s->namespace);
    g->exchanges.cache->remote = (struct cache_remote){g->exchanges.redis, put, remove_key, flush, state};
    return g->exchanges.redis != NULL;
}

static bool set_up(struct generation *g, const struct generation_options *options)
{
    const struct config *config = g->setup.config;
    g->exchanges = (struct exchange_shared){
        .base = options->base,
        .config = config,
        .baseline = config->baseline,
        .health = calloc(config->deployment_count + 1u, sizeof(struct health)),
        .affinity = calloc(1, sizeof(struct affinity)),
        .prefixes = options->journal ? calloc(1, sizeof(struct prefixes)) : NULL,
        .spending = options->spending,
        .bodies = options->bodies,
        .decisions = options->decisions,
        .accounts = calloc(config->group_count + 1u, sizeof(struct spend *)),
        .adaptive = config->adaptive.enabled ? adaptive_new(config) : NULL,
        .upstream = upstream_new(options->base, config),
        .journal = options->journal,
        .journal_flush = options->journal_flush,
        .share = options->share,
        .gate = options->gate,
        .wake_keeper = options->wake_keeper,
        .wake_ctx = options->wake_ctx,
    };
    if (config->cache.on) {
        if (!set_up_cache(g))
            return false;
    }
    install_key_derive(INSTALL_KEY_CONVERSATION, g->exchanges.name_key);
    if (g->exchanges.prefixes)
        secret_random(&g->exchanges.prefixes->seed, sizeof g->exchanges.prefixes->seed);
    install_key_derive(INSTALL_KEY_CARRIER, g->exchanges.carrier_keys.own);
    carrier_earlier_key(&g->exchanges.carrier_keys, slice_of(config->master_key));
    install_key_derive(INSTALL_KEY_HINT, g->exchanges.hint_key);
    secret_random(&g->exchanges.id_prefix, sizeof g->exchanges.id_prefix);
    if (g->exchanges.upstream)
        g->exchanges.sign_ins = sign_ins_new(options->base, g->exchanges.upstream, config);
    bool adapts = g->exchanges.adaptive || !config->adaptive.enabled;
    if (!g->exchanges.health || !g->exchanges.affinity || !adapts || !g->exchanges.accounts || !g->exchanges.sign_ins ||
        !set_up_accounts(g) || !sharing_set_up(&g->exchanges))
        return false;
    g->probes = probes_start(options->base, g->exchanges.upstream, config, g->exchanges.health, options->probes_changed,
                             options->ctx);
    return g->probes != NULL;
}

struct generation *generation_new(const struct generation_options *options, struct setup *setup)
{
    struct generation *g = calloc(1, sizeof *g);
    if (!g) {
        setup_free(setup);
        return NULL;
    }
    g->setup = *setup;
    *setup = (struct setup){NULL, NULL};
    debug_log_config(options->journal, g->setup.config, clock_unix_ms());
    if (set_up(g, options))
        return g;
    generation_free(g);
    return NULL;
}

void generation_preconnect(struct generation *g)
{
    g->preconnect = preconnect_start(g->exchanges.upstream, g->setup.config);
}

void generation_limit_spending(struct generation *g)
{
    spending_set_limits(g->exchanges.spending, g->setup.config);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_deployment(const struct deployment *a, const struct deployment *b)
{
    return same_text(a->id, b->id) && same_text(a->model, b->model) && same_text(a->api_base, b->api_base) &&
           same_text(a->api_key, b->api_key);
}

void generation_carry(const struct generation *from, struct generation *to)
{
    const struct config *old = from->setup.config, *new = to->setup.config;
    if (from->exchanges.prefixes && to->exchanges.prefixes)
        *to->exchanges.prefixes = *from->exchanges.prefixes;
    unsigned *moved = calloc(old->deployment_count + 1u, sizeof *moved);
    for (unsigned i = 0; i < old->deployment_count; i++) {
        if (moved)
            moved[i] = AFFINITY_GONE;
        for (unsigned k = 0; k < new->deployment_count; k++) {
            if (!same_deployment(&old->deployments[i], &new->deployments[k]))
                continue;
            health_carry(&to->exchanges.health[k], &from->exchanges.health[i]);
            if (moved)
                moved[i] = k;
            break;
        }
    }
    if (moved) { /* out of memory: conversations lose their sticky deployment */
        *to->exchanges.affinity = *from->exchanges.affinity;
        affinity_remap(to->exchanges.affinity, moved, old->deployment_count);
        if (from->exchanges.adaptive && to->exchanges.adaptive)
            adaptive_carry(from->exchanges.adaptive, to->exchanges.adaptive, moved, old->deployment_count);
    }
    free(moved);
}

void generation_save(const struct generation *g, const char *path)
{
    if (g && path && g->setup.config->keep_state)
        saved_state_save(path, g->setup.config, g->exchanges.health);
}

void generation_load(struct generation *g, const char *path)
{
    if (g && path && g->setup.config->keep_state)
        saved_state_load(path, g->setup.config, g->exchanges.health);
}

void generation_reset(struct generation *g)
{
    for (unsigned i = 0; i < g->setup.config->deployment_count; i++)
        health_reset(&g->exchanges.health[i], clock_monotonic_ms());
    memset(g->exchanges.affinity, 0, sizeof *g->exchanges.affinity);
    if (g->exchanges.adaptive)
        adaptive_reset(g->exchanges.adaptive);
}

void generation_retire(struct generation *g)
{
    probes_stop(g->probes);
    g->probes = NULL;
    preconnect_stop(g->preconnect);
    g->preconnect = NULL;
}

bool generation_check_sign_ins(const struct generation *g, struct sign_in_errors *errors)
{
    bool changed = false;
    for (unsigned kind = 0; kind < SIGN_INS; kind++) {
        struct failure f = {.message = ""};
        if (sign_in_ready(g->exchanges.sign_ins, kind, &f))
            *f.message = '\0';
        changed = changed || strcmp(errors->text[kind], f.message) != 0;
        (void)snprintf(errors->text[kind], sizeof errors->text[kind], "%s", f.message);
    }
    return changed;
}

void generation_free(struct generation *g)
{
    if (!g)
        return;
    probes_stop(g->probes);
    preconnect_stop(g->preconnect);
    if (g->exchanges.decisions && g->setup.config)
        decisions_detach(g->exchanges.decisions, g->setup.config);
    sign_ins_free(g->exchanges.sign_ins);
    upstream_free(g->exchanges.upstream);
    free(g->exchanges.health);
    free(g->exchanges.affinity);
    free(g->exchanges.prefixes);
    free(g->exchanges.accounts);
    sharing_tear_down(&g->exchanges);
    adaptive_free(g->exchanges.adaptive);
    cache_free(g->exchanges.cache);
    redis_free(g->exchanges.redis);
    setup_free(&g->setup);
    free(g);
}

void generation_free_idle(struct generation **list)
{
    while (*list) {
        struct generation *g = *list;
        if (g->exchanges.count) {
            list = &g->next;
        } else {
            *list = g->next;
            generation_free(g);
        }
    }
}
