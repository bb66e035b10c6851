/* pure: what the workers publish to each other, in shared memory. */
#include "proxy/route/share.h"

#include "common/fast_hash.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define READ_ATTEMPTS 1000 /* reads of a cell before it counts as always being written */

/* A sequence lock: `version` is odd during a write. */
struct cell {
    _Atomic uint32_t version;
    struct share_counts counts;
};

/* The last keys that a worker has deleted. Only that worker writes. */
struct deleted {
    _Atomic uint64_t count; /* so far; key i is at i % SHARE_DELETED_MAX */
    unsigned char keys[SHARE_DELETED_MAX][SHARE_KEY_SIZE];
};

struct table {
    _Atomic uint64_t keys[SHARE_SLOTS];    /* 0: unused */
    _Atomic uint32_t orders[SHARE_ORDERS]; /* requests so far */
    _Atomic uint64_t log_dropped;
    struct ceiling_row bodies[SHARE_WORKERS_MAX];
    struct deleted deleted[SHARE_WORKERS_MAX];
    struct cell cells[]; /* [worker * SHARE_SLOTS + slot] */
};

struct share {
    struct table *table;
    size_t size;
    unsigned workers, worker;
    uint32_t orders[SHARE_ORDERS];       /* the last seen table.orders */
    uint64_t deleted[SHARE_WORKERS_MAX]; /* the last seen counts */
    struct share_counts own[SHARE_SLOTS];
    uint64_t read_versions[SHARE_SLOTS]; /* sums of the other workers' versions */
};

struct share *share_new(unsigned workers)
{
    struct share *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->workers = workers;
    s->size = sizeof *s->table + (size_t)workers * SHARE_SLOTS * sizeof *s->table->cells;
    s->table = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->table != MAP_FAILED)
        return s;
    free(s);
    return NULL;
}

void share_join(struct share *s, unsigned worker)
{
    s->worker = worker;
}

unsigned share_workers(const struct share *s)
{
    return s->workers;
}

unsigned share_worker(const struct share *s)
{
    return s->worker;
}

struct ceiling_row *share_ceiling_rows(struct share *s)
{
    return s->table->bodies;
}

_Atomic uint64_t *share_log_dropped(struct share *s)
{
    return &s->table->log_dropped;
}

void share_free(struct share *s)
{
    if (!s)
        return;
    (void)munmap(s->table, s->size);
    free(s);
}

/* Never 0. */
static uint64_t key_of(struct slice name)
{
    uint64_t hash = fast_hash_name(name);
    return hash ? hash : 1;
}

unsigned share_slot(struct share *s, struct slice name)
{
    uint64_t key = key_of(name);
    for (unsigned i = 0; i < SHARE_SLOTS; i++) {
        unsigned slot = (unsigned)((key + i) % SHARE_SLOTS);
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(&s->table->keys[slot], &found, key) || found == key)
            return slot;
    }
    return SHARE_NONE;
}

static struct cell *cell_of(const struct share *s, unsigned worker, unsigned slot)
{
    return &s->table->cells[(size_t)worker * SHARE_SLOTS + slot];
}

struct share_counts *share_own(struct share *s, unsigned slot)
{
    return slot < SHARE_SLOTS ? &s->own[slot] : NULL;
}

void share_publish(struct share *s, unsigned slot)
{
    if (slot >= SHARE_SLOTS)
        return;
    struct cell *cell = cell_of(s, s->worker, slot);
    uint32_t version = atomic_load_explicit(&cell->version, memory_order_relaxed);
    atomic_store_explicit(&cell->version, version + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
    cell->counts = s->own[slot];
    atomic_store_explicit(&cell->version, version + 2, memory_order_release);
}

bool share_has_updates(struct share *s, unsigned slot)
{
    uint64_t versions = 0;
    for (unsigned i = 0; slot < SHARE_SLOTS && i < s->workers; i++)
        if (i != s->worker)
            versions += atomic_load_explicit(&cell_of(s, i, slot)->version, memory_order_relaxed);
    bool updated = slot < SHARE_SLOTS && versions != s->read_versions[slot];
    if (updated)
        s->read_versions[slot] = versions;
    return updated;
}

void share_mark_unread(struct share *s, unsigned slot)
{
    if (slot < SHARE_SLOTS)
        s->read_versions[slot] = UINT64_MAX;
    else
        memset(s->read_versions, 0xff, sizeof s->read_versions);
}

bool share_read(const struct share *s, unsigned worker, unsigned slot, struct share_counts *out)
{
    if (slot >= SHARE_SLOTS || worker == s->worker)
        return false;
    const struct cell *cell = cell_of(s, worker, slot);
    for (unsigned i = 0; i < READ_ATTEMPTS; i++) {
        uint32_t before = atomic_load_explicit(&cell->version, memory_order_acquire);
        *out = cell->counts;
        atomic_thread_fence(memory_order_acquire);
        if (before % 2 == 0 && before == atomic_load_explicit(&cell->version, memory_order_relaxed))
            return true;
    }
    return false;
}

void share_request(struct share *s, enum share_order order)
{
    (void)atomic_fetch_add(&s->table->orders[order], 1);
    s->orders[order]++; /* its own request does not count; another worker's, not yet seen, still does */
}

bool share_is_requested(struct share *s, enum share_order order)
{
    uint32_t orders = atomic_load(&s->table->orders[order]);
    bool updated = orders != s->orders[order];
    s->orders[order] = orders;
    return updated;
}

void share_delete(struct share *s, const unsigned char *key)
{
    struct deleted *own = &s->table->deleted[s->worker];
    uint64_t count = atomic_load_explicit(&own->count, memory_order_relaxed);
    memcpy(own->keys[count % SHARE_DELETED_MAX], key, SHARE_KEY_SIZE);
    atomic_store(&own->count, count + 1);
    share_request(s, SHARE_DELETE);
}

/* The same for one worker. */
static bool read_deleted(const struct deleted *d, uint64_t *seen, void (*remove)(void *ctx, const unsigned char *key),
                         void *ctx)
{
    uint64_t count = atomic_load(&d->count), first = *seen;
    unsigned char key[SHARE_KEY_SIZE];
    *seen = count;
    for (uint64_t i = first; i < count && count - first < SHARE_DELETED_MAX; i++) {
        memcpy(key, d->keys[i % SHARE_DELETED_MAX], sizeof key);
        remove(ctx, key);
    }
    /* Of more, the worker may have overwritten some, now or while they were read. */
    return atomic_load(&d->count) - first < SHARE_DELETED_MAX;
}

bool share_deleted(struct share *s, void (*remove)(void *ctx, const unsigned char *key), void *ctx)
{
    bool all_read = true, any = share_is_requested(s, SHARE_DELETE);
    for (unsigned i = 0; i < s->workers && any; i++)
        if (i != s->worker)
            all_read &= read_deleted(&s->table->deleted[i], &s->deleted[i], remove, ctx);
    return all_read;
}
