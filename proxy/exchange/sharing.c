/* loop: synchronizes limits and cost between worker processes. */
#include "proxy/exchange/sharing.h"

#include <math.h>
#include <stdlib.h>

/* Returns the slot of this name; SHARE_NONE: out of memory or slots. */
static unsigned slot_of(struct share *share, const char *kind, const char *id, const char *model, const char *base)
{
    struct buf name;
    buf_init(&name, 64u << 10);
    buf_add_format(&name, "%s\n%s\n%s\n%s", kind, id, model, base);
    unsigned slot = name.failed ? SHARE_NONE : share_slot(share, buf_slice(&name));
    buf_free(&name);
    return slot;
}

/* Deployments are the same if id, model and server are. */
static unsigned slot_of_deployment(struct share *share, const struct deployment *d)
{
    return slot_of(share, "deployment", d->id, d->model, d->api_base ? d->api_base : "");
}

static unsigned slot_of_account(struct share *share, const char *alias)
{
    return slot_of(share, "account", alias ? alias : "", "", "");
}

bool sharing_set_up(struct exchange_shared *shared)
{
    const struct config *config = shared->config;
    if (!shared->share)
        return true;
    shared->slots = calloc(config->deployment_count + config->group_count + 1u, sizeof *shared->slots);
    if (!shared->slots)
        return false;
    share_mark_unread(shared->share, SHARE_NONE);
    for (unsigned i = 0; i < config->deployment_count; i++)
        shared->slots[i] = slot_of_deployment(shared->share, &config->deployments[i]);
    for (unsigned i = 0; i < config->group_count; i++)
        shared->slots[config->deployment_count + i] = slot_of_account(shared->share, shared->accounts[i]->alias);
    shared->slots[config->deployment_count + config->group_count] = slot_of_account(shared->share, NULL);
    return true;
}

void sharing_tear_down(struct exchange_shared *shared)
{
    free(shared->slots);
    shared->slots = NULL;
}

/* Adds the other workers' counts to this worker's. */
static void sync_health(struct share *share, unsigned slot, struct health *h)
{
    const struct share_counts *own = share_own(share, slot);
    struct share_counts other;
    health_set_own_counts(h, own->in_flight, &own->window);
    for (unsigned i = 0; i < share_workers(share); i++)
        if (share_read(share, i, slot, &other))
            health_add_worker(h, other.in_flight, &other.window, &other.cooldown);
}

static void sync_account(struct share *share, unsigned slot, struct spend *account)
{
    const struct share_counts *own = share_own(share, slot);
    struct share_counts other;
    account->spent = own->spent;
    account->reserved = own->reserved;
    account->unpriced = own->unpriced;
    for (unsigned i = 0; i < share_workers(share); i++)
        if (share_read(share, i, slot, &other)) {
            account->spent += other.spent;
            account->reserved += other.reserved;
            account->unpriced += other.unpriced;
        }
}

void sharing_sync(struct exchange_shared *shared)
{
    const struct config *config = shared->config;
    struct share *share = shared->share;
    if (!share)
        return;
    for (unsigned i = 0; i < config->deployment_count; i++)
        if (share_has_updates(share, shared->slots[i]))
            sync_health(share, shared->slots[i], &shared->health[i]);
    for (unsigned i = 0; i < config->group_count; i++)
        if (share_has_updates(share, shared->slots[config->deployment_count + i]))
            sync_account(share, shared->slots[config->deployment_count + i], shared->accounts[i]);
    unsigned total = shared->slots[config->deployment_count + config->group_count];
    if (share_has_updates(share, total))
        sync_account(share, total, &shared->spending->total);
}

/* Publishes the cooldown. An older configuration's state must not overwrite a newer one. */
static void publish_cooldown(struct share_counts *own, const struct health *h)
{
    struct cooldown_state cooldown = health_cooldown_state(h);
    if (cooldown.cooldown_began_ms >= own->cooldown.cooldown_began_ms &&
        cooldown.recovered_ms >= own->cooldown.recovered_ms)
        own->cooldown = cooldown;
}

void sharing_started(struct exchange_shared *shared, const struct deployment *d, const struct health_attempt *call)
{
    struct share_counts *own = shared->share ? share_own(shared->share, shared->slots[d->index]) : NULL;
    if (!own)
        return;
    own->in_flight++;
    window_add(&own->window, 1, call->reserved_tokens, call->started_ms);
    publish_cooldown(own, &shared->health[d->index]);
    share_publish(shared->share, shared->slots[d->index]);
}

void sharing_ended(struct exchange_shared *shared, const struct deployment *d, const struct health_attempt *call,
                   int64_t correction, uint64_t now_ms)
{
    struct share_counts *own = shared->share ? share_own(shared->share, shared->slots[d->index]) : NULL;
    if (!own)
        return;
    own->in_flight--;
    window_correct(&own->window, correction, call->started_ms, now_ms);
    publish_cooldown(own, &shared->health[d->index]);
    share_publish(shared->share, shared->slots[d->index]);
    share_mark_unread(shared->share, shared->slots[d->index]); /* it may have started under an earlier configuration */
}

static void publish_spending(struct share *share, unsigned slot, double held, double spent)
{
    struct share_counts *own = share_own(share, slot);
    if (!own)
        return;
    own->reserved = fmax(0, own->reserved + held);
    if (isnan(spent))
        own->unpriced++;
    else
        own->spent += spent;
    share_publish(share, slot);
}

void sharing_spending(struct exchange_shared *shared, unsigned group, double held, double spent)
{
    const struct config *config = shared->config;
    if (!shared->share || (held == 0 && spent == 0))
        return;
    publish_spending(shared->share, shared->slots[config->deployment_count + group], held, spent);
    publish_spending(shared->share, shared->slots[config->deployment_count + config->group_count], held, spent);
}

_Static_assert(SHARE_KEY_SIZE == CACHE_KEY_SIZE, "a worker deletes by key");

static void remove_reply(void *store, const unsigned char *key)
{
    (void)store_delete(store, key);
}

void sharing_flush(struct exchange_shared *shared)
{
    struct cache *cache = shared->cache;
    if (!shared->share || !cache)
        return;
    if (!share_deleted(shared->share, remove_reply, &cache->store))
        store_flush(&cache->store);
    if (share_is_requested(shared->share, SHARE_FLUSH))
        cache_flush(cache);
}
