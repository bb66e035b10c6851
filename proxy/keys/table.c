/* pure: except for memory shared by the processes: the key table, and how accounts and keys are found in it. */
#include "proxy/keys/private.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>

#define BLOBS_PER_ACCOUNT 1024 /* bytes, on average at most */
#define BLOBS_LEAST (1u << 20)

void table_lock(struct key_table *t)
{
    if (pthread_mutex_lock(&t->head->mutex) == EOWNERDEAD) /* it was killed with the lock; all will end */
        (void)pthread_mutex_consistent(&t->head->mutex);
}

void table_unlock(struct key_table *t)
{
    (void)pthread_mutex_unlock(&t->head->mutex);
}

static bool make_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t shared;
    bool ok = pthread_mutexattr_init(&shared) == 0;
    if (!ok)
        return false;
    ok = pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED) == 0 &&
         pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST) == 0 && pthread_mutex_init(mutex, &shared) == 0;
    (void)pthread_mutexattr_destroy(&shared);
    return ok;
}

static size_t round_up(size_t size)
{
    return (size + 4095) & ~(size_t)4095;
}

/* Computes where the parts begin; with base NULL, only the size. */
static void lay_out(struct key_table *t, char *base, size_t capacity, size_t buckets)
{
    size_t at = 0;
#define PART(field, size) t->field = (void *)(base ? base + at : NULL), at += round_up(size)
    PART(head, sizeof *t->head);
    PART(accounts, (capacity + 1) * sizeof *t->accounts);
    PART(keys, (capacity + 1) * sizeof *t->keys);
    PART(entries, (2 * capacity + 1) * sizeof *t->entries);
    PART(account_buckets, buckets * sizeof *t->account_buckets);
    PART(entry_buckets, buckets * sizeof *t->entry_buckets);
    PART(windows, (capacity + 1) * sizeof *t->windows);
    PART(blobs, BLOBS_LEAST + capacity * BLOBS_PER_ACCOUNT);
#undef PART
    t->size = at;
}

struct key_table *keys_table_new(unsigned capacity, const struct zone *zone)
{
    size_t buckets = 1024;
    while (buckets < capacity && buckets < UINT32_MAX / 2)
        buckets *= 2;
    struct key_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    lay_out(t, NULL, capacity, buckets);
    char *base = mmap(NULL, t->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return free(t), NULL;
    lay_out(t, base, capacity, buckets);
    struct head *h = t->head;
    h->capacity = capacity;
    h->mask = (uint32_t)buckets - 1;
    h->accounts = h->keys = h->entries = h->windows = h->hand = h->blobs = 1;
    h->blobs_end = (uint32_t)((BLOBS_LEAST + (size_t)capacity * BLOBS_PER_ACCOUNT) / BLOB_UNIT);
    h->zoned = zone;
    if (zone)
        h->zone = *zone;
    if (make_mutex(&h->mutex))
        return t;
    keys_table_free(t);
    return NULL;
}

void keys_table_free(struct key_table *t)
{
    if (!t)
        return;
    (void)munmap(t->head, t->size);
    free(t);
}

void table_hash(struct slice secret, unsigned char hash[KEY_HASH_SIZE])
{
    (void)crypto_hash_sha256(hash, (const unsigned char *)secret.ptr, secret.len);
}

account_id table_account_id(enum account_kind kind, struct slice name)
{
    unsigned char hash[crypto_hash_sha256_BYTES], first = (unsigned char)kind;
    crypto_hash_sha256_state state;
    account_id id;
    (void)crypto_hash_sha256_init(&state);
    (void)crypto_hash_sha256_update(&state, &first, 1);
    (void)crypto_hash_sha256_update(&state, (const unsigned char *)name.ptr, name.len);
    (void)crypto_hash_sha256_final(&state, hash);
    memcpy(&id, hash, sizeof id);
    id >>= 1; /* SQLite's integers have a sign */
    return id ? id : 1;
}

uint32_t account_find(const struct key_table *t, account_id id, uint32_t at)
{
    if (id == 0 || t->accounts[at].id == id)
        return id ? at : 0;
    uint32_t i = t->account_buckets[id & t->head->mask];
    while (i && t->accounts[i].id != id)
        i = t->accounts[i].next;
    return i;
}

uint32_t entry_find(const struct key_table *t, const unsigned char hash[KEY_HASH_SIZE])
{
    uint32_t bucket;
    memcpy(&bucket, hash, sizeof bucket);
    uint32_t i = t->entry_buckets[bucket & t->head->mask];
    while (i && sodium_memcmp(t->entries[i].hash, hash, KEY_HASH_SIZE) != 0)
        i = t->entries[i].next;
    return i;
}

struct budget *account_budgets(struct key_table *t, const struct account *a, int64_t now_ms)
{
    const struct zone *zone = t->head->zoned ? &t->head->zone : NULL;
    struct budget *b = a->budgets ? blob_at(t, a->budgets) : NULL;
    for (unsigned i = 0; i < a->budget_count; i++)
        if (now_ms >= b[i].next_ms) {
            b[i].start_ms = period_start(&b[i].period, now_ms, zone);
            b[i].next_ms = period_next(&b[i].period, now_ms, zone);
            b[i].spent_nano = 0;
        }
    return b;
}

bool table_read_account(struct key_table *t, account_id id, int64_t now_ms, uint64_t now_mono_ms,
                        struct account_state *out)
{
    table_lock(t);
    uint32_t at = account_find(t, id, 0);
    const struct account *a = &t->accounts[at];
    if (at) {
        const struct budget *b = account_budgets(t, a, now_ms);
        *out = (struct account_state){a->total_nano, a->held_nano,  (unsigned)a->in_flight, a->budget_count,
                                      .rpm = a->rpm, .tpm = a->tpm, .parallel = a->parallel};
        for (unsigned i = 0; i < a->budget_count; i++) {
            out->budgets[i].def = (struct budget_def){b[i].limit_nano, b[i].period};
            out->budgets[i].spent_nano = b[i].spent_nano;
            out->budgets[i].start_ms = b[i].start_ms;
            out->budgets[i].next_ms = b[i].next_ms;
        }
        if (a->window) {
            struct rate *r = &t->windows[a->window];
            rate_advance(r, window_steps(t, r), now_mono_ms);
            out->minute_requests = r->requests;
            out->minute_tokens = r->tokens;
        }
    }
    table_unlock(t);
    return at;
}

unsigned table_keys(struct key_table *t)
{
    table_lock(t);
    unsigned count = t->head->key_count;
    table_unlock(t);
    return count;
}
