/* pure: except for memory shared by the processes: what the keeper changes in the key table. A change is made whole or
 * not at all: its texts are copied first. */
#include "proxy/keys/private.h"

static bool is_text(struct slice s)
{
    return s.len <= KEY_NAME_MAX && (s.len == 0 || !memchr(s.ptr, 0, s.len));
}

static bool is_list(const struct key_list *list)
{
    struct slice s = list->bytes;
    if (s.len == 0)
        return true;
    if (s.len > KEY_LIST_MAX || s.ptr[0] == 0 || s.ptr[s.len - 1] != 0)
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (s.ptr[i] == 0 && s.ptr[i - 1] == 0)
            return false;
    return true;
}

static bool is_valid_account(const struct account_def *d)
{
    if (!d->id || d->kind < ACCOUNT_KEY || d->kind >= ACCOUNT_KINDS || d->budget_count > ACCOUNT_BUDGETS)
        return false;
    for (unsigned i = 0; i < d->budget_count; i++) {
        const struct period *p = &d->budgets[i].period;
        if (d->budgets[i].limit_nano > MONEY_MAX || p->unit > PERIOD_MONTHS || !period_resets(p) ||
            (p->unit != PERIOD_NEVER && p->count == 0))
            return false;
    }
    return is_text(d->name) && is_text(d->label) && is_text(d->model) && is_list(&d->models) &&
           (d->kind == ACCOUNT_MODEL) == (d->owner != 0);
}

static void free_account_blobs(struct key_table *t, struct account *a)
{
    blob_free(t, a->budgets, a->budget_count * sizeof(struct budget));
    a->budgets = 0;
    blob_free_text(t, &a->name);
    blob_free_text(t, &a->label);
    blob_free_text(t, &a->model);
    blob_free_list(t, &a->list);
}

/* Makes the budgets of `def` in `a`, with what `old` has spent in the same periods. */
static bool make_budgets(struct key_table *t, const struct account_def *def, const struct account *old, int64_t now_ms,
                         struct account *a)
{
    a->budget_count = (uint8_t)def->budget_count;
    a->budgets = def->budget_count ? blob_new(t, def->budget_count * sizeof(struct budget)) : 0;
    if (!a->budgets)
        return def->budget_count == 0;
    const struct zone *zone = t->head->zoned ? &t->head->zone : NULL;
    const struct budget *before = account_budgets(t, old, now_ms);
    struct budget *b = blob_at(t, a->budgets);
    for (unsigned i = 0; i < def->budget_count; i++) {
        const struct period *p = &def->budgets[i].period;
        b[i] = (struct budget){.start_ms = period_start(p, now_ms, zone), .next_ms = period_next(p, now_ms, zone)};
        for (unsigned k = 0; k < old->budget_count; k++)
            if (period_equal(p, &before[k].period))
                b[i] = before[k];
        b[i].limit_nano = def->budgets[i].limit_nano;
        b[i].period = *p;
    }
    return true;
}

static int64_t limit_of(int64_t value)
{
    return value < 0 ? -1 : value;
}

/* Writes the definition over `old`, whose state stays, as *a. The blobs are new. */
static bool make_account(struct key_table *t, const struct account_def *def, const struct account *old, int64_t now_ms,
                         struct account *a)
{
    *a = *old;
    a->budgets = a->name = a->label = a->model = a->list = 0;
    a->id = def->id;
    a->kind = (uint8_t)def->kind;
    a->blocked = def->blocked;
    a->rpm = limit_of(def->rpm);
    a->tpm = limit_of(def->tpm);
    a->parallel = def->parallel > INT32_MAX ? INT32_MAX : (int32_t)limit_of(def->parallel);
    bool named = def->kind != ACCOUNT_KEY;
    if (make_budgets(t, def, old, now_ms, a) && blob_text(t, named ? def->name : SLICE(""), &a->name) &&
        blob_text(t, def->label, &a->label) && blob_text(t, def->model, &a->model) &&
        blob_list(t, &def->models, &a->list))
        return true;
    free_account_blobs(t, a);
    return false;
}

static uint32_t new_account(struct key_table *t)
{
    struct head *h = t->head;
    uint32_t at = h->free_account;
    if (at)
        h->free_account = t->accounts[at].next;
    else if (h->accounts <= h->capacity)
        at = h->accounts++;
    return at;
}

static enum table_result add_account(struct key_table *t, const struct account_def *def, int64_t now_ms)
{
    uint32_t owner = account_find(t, def->owner, 0), at = new_account(t);
    struct account *a = &t->accounts[at];
    if (!at)
        return TABLE_FULL;
    struct account made;
    if (!make_account(t, def, &(struct account){0}, now_ms, &made)) {
        a->next = t->head->free_account;
        t->head->free_account = at;
        return TABLE_FULL;
    }
    uint32_t *bucket = &t->account_buckets[def->id & t->head->mask];
    made.next = *bucket;
    made.owner = owner;
    made.sibling = owner ? t->accounts[owner].models : 0;
    *a = made;
    if (owner)
        t->accounts[owner].models = at;
    *bucket = at;
    return TABLE_OK;
}

static enum table_result change_account(struct key_table *t, const struct account_def *def, struct account *a,
                                        int64_t now_ms)
{
    struct account made, old = *a;
    if (account_find(t, def->owner, 0) != a->owner || def->kind != a->kind)
        return TABLE_INVALID;
    if (!make_account(t, def, a, now_ms, &made))
        return TABLE_FULL;
    *a = made;
    free_account_blobs(t, &old);
    if (a->window && a->rpm < 0 && a->tpm < 0)
        account_drop_window(t, a);
    return TABLE_OK;
}

enum table_result table_put_account(struct key_table *t, const struct account_def *def, int64_t now_ms)
{
    if (!is_valid_account(def))
        return TABLE_INVALID;
    table_lock(t);
    enum table_result result = TABLE_MISSING;
    uint32_t at = account_find(t, def->id, 0);
    if (!def->owner || account_find(t, def->owner, 0))
        result = at ? change_account(t, def, &t->accounts[at], now_ms) : add_account(t, def, now_ms);
    table_unlock(t);
    return result;
}

/* Takes an index out of a list that is linked by the field `link` of the elements. */
#define UNLINK(first, array, link, at)     \
    do {                                   \
        uint32_t *from_ = (first);         \
        while (*from_ && *from_ != (at))   \
            from_ = &(array)[*from_].link; \
        if (*from_)                        \
            *from_ = (array)[at].link;     \
    } while (0)

static bool is_valid_key(const struct key_def *d)
{
    return d->account && is_text(d->alias) && is_list(&d->paths) && is_list(&d->models) && is_list(&d->aliases) &&
           is_list(&d->tags);
}

static void free_key_blobs(struct key_table *t, struct key *k)
{
    blob_free_text(t, &k->alias);
    blob_free_list(t, &k->paths);
    blob_free_list(t, &k->models);
    blob_free_list(t, &k->aliases);
    blob_free_list(t, &k->tags);
}

/* Returns whether nobody but the key `at` has this hash. */
static bool is_free_hash(const struct key_table *t, const unsigned char hash[KEY_HASH_SIZE], uint32_t at)
{
    uint32_t entry = entry_find(t, hash);
    return !entry || t->entries[entry].key == at;
}

static uint32_t *entry_bucket(const struct key_table *t, const unsigned char hash[KEY_HASH_SIZE])
{
    uint32_t bucket;
    memcpy(&bucket, hash, sizeof bucket);
    return &t->entry_buckets[bucket & t->head->mask];
}

static void remove_entry(struct key_table *t, uint32_t *entry)
{
    uint32_t at = *entry;
    if (!at)
        return;
    UNLINK(entry_bucket(t, t->entries[at].hash), t->entries, next, at);
    t->entries[at] = (struct entry){.next = t->head->free_entry};
    t->head->free_entry = at;
    *entry = 0;
}

/* There are two entries for each key: this finds one always. */
static uint32_t add_entry(struct key_table *t, const unsigned char hash[KEY_HASH_SIZE], int64_t until_ms, uint32_t key)
{
    uint32_t at = t->head->free_entry, *bucket = entry_bucket(t, hash);
    if (at)
        t->head->free_entry = t->entries[at].next;
    else
        at = t->head->entries++;
    struct entry *e = &t->entries[at];
    *e = (struct entry){.until_ms = until_ms, .key = key, .next = *bucket};
    memcpy(e->hash, hash, KEY_HASH_SIZE);
    *bucket = at;
    return at;
}

static bool make_key(struct key_table *t, const struct key_def *def, const uint32_t owners[KEY_OWNERS], struct key *k)
{
    *k = (struct key){.ids = {def->account, def->team, def->user, def->budget},
                      .routes = (uint8_t)def->routes,
                      .blocked = def->blocked,
                      .master = def->master,
                      .expires_ms = def->expires_ms};
    memcpy(k->at, owners, sizeof k->at);
    if (blob_text(t, def->alias, &k->alias) && blob_list(t, &def->paths, &k->paths) &&
        blob_list(t, &def->models, &k->models) && blob_list(t, &def->aliases, &k->aliases) &&
        blob_list(t, &def->tags, &k->tags))
        return true;
    free_key_blobs(t, k);
    return false;
}

static uint32_t new_key(struct key_table *t)
{
    struct head *h = t->head;
    uint32_t at = h->free_key;
    if (at)
        h->free_key = t->keys[at].next;
    else if (h->keys <= h->capacity)
        at = h->keys++;
    if (at)
        h->key_count++;
    return at;
}

/* The key `at` is the account's, if it has one. */
static enum table_result put_key(struct key_table *t, const struct key_def *def, const uint32_t owners[KEY_OWNERS])
{
    struct account *own = &t->accounts[owners[OWNER_KEY]];
    struct key made;
    uint32_t at = own->key;
    if (!is_free_hash(t, def->hash, at) || (def->old_until_ms && !is_free_hash(t, def->old_hash, at)))
        return TABLE_INVALID;
    if (!at && !t->head->free_key && t->head->keys > t->head->capacity)
        return TABLE_FULL;
    if (!make_key(t, def, owners, &made))
        return TABLE_FULL;
    at = at ? at : new_key(t);
    struct key *k = &t->keys[at], old = own->key ? *k : (struct key){0};
    remove_entry(t, &old.entry);
    remove_entry(t, &old.old_entry);
    free_key_blobs(t, &old);
    *k = made;
    k->entry = add_entry(t, def->hash, 0, at);
    if (def->old_until_ms)
        k->old_entry = add_entry(t, def->old_hash, def->old_until_ms, at);
    own->key = at;
    return TABLE_OK;
}

enum table_result table_put_key(struct key_table *t, const struct key_def *def)
{
    if (!is_valid_key(def))
        return TABLE_INVALID;
    const account_id ids[KEY_OWNERS] = {def->account, def->team, def->user, def->budget};
    uint32_t owners[KEY_OWNERS];
    table_lock(t);
    enum table_result result = TABLE_OK;
    for (unsigned i = 0; i < KEY_OWNERS; i++) {
        owners[i] = account_find(t, ids[i], 0);
        if (ids[i] && !owners[i])
            result = TABLE_MISSING;
    }
    if (result == TABLE_OK)
        result = put_key(t, def, owners);
    table_unlock(t);
    return result;
}

static void remove_key(struct key_table *t, struct account *own)
{
    uint32_t at = own->key;
    struct key *k = &t->keys[at];
    if (!at)
        return;
    own->key = 0;
    remove_entry(t, &k->entry);
    remove_entry(t, &k->old_entry);
    free_key_blobs(t, k);
    *k = (struct key){.next = t->head->free_key};
    t->head->free_key = at;
    t->head->key_count--;
}

void table_remove_key(struct key_table *t, account_id account)
{
    table_lock(t);
    remove_key(t, &t->accounts[account_find(t, account, 0)]);
    table_unlock(t);
}

static void remove_account(struct key_table *t, uint32_t at)
{
    struct account *a = &t->accounts[at];
    remove_key(t, a);
    UNLINK(&t->account_buckets[a->id & t->head->mask], t->accounts, next, at);
    if (a->owner)
        UNLINK(&t->accounts[a->owner].models, t->accounts, sibling, at);
    if (a->window)
        account_drop_window(t, a);
    free_account_blobs(t, a);
    *a = (struct account){.next = t->head->free_account};
    t->head->free_account = at;
}

void table_remove_account(struct key_table *t, account_id id)
{
    table_lock(t);
    uint32_t at = account_find(t, id, 0);
    while (at && t->accounts[at].models)
        remove_account(t, t->accounts[at].models);
    if (at)
        remove_account(t, at);
    table_unlock(t);
}
