/* private: the layout of the key table, for the files of this folder.
 *
 *   head │ accounts │ keys │ entries │ windows │ blobs       one mapping, whose pages come as they are written
 *
 * Indices are 32 bits, 0 for none; blobs are named by their offset. Everything is read and changed under the mutex.
 * A process may be killed in the middle of a change: what is linked is written before it is linked, so that the others
 * see a table that is whole, if not up to date, until they end, too. */
#ifndef POINTSMAN_KEYS_PRIVATE_H
#define POINTSMAN_KEYS_PRIVATE_H

#include "proxy/keys/gate.h"
#include "proxy/keys/rate.h"

#include <pthread.h>

#define BLOB_CLASSES 32

typedef uint32_t blob; /* offset in the blobs, in units of BLOB_UNIT; 0: none */
#define BLOB_UNIT 16

struct budget {
    int64_t limit_nano; /* negative: not a limit */
    int64_t spent_nano; /* since start_ms */
    int64_t start_ms, next_ms;
    struct period period;
};

struct account {
    account_id id;            /* 0: free */
    uint32_t next;            /* with the same bucket; free: the next free one */
    uint32_t owner;           /* of an account for a model */
    uint32_t key;             /* whose own account it is */
    uint32_t models, sibling; /* the first account for a model of this one; the next one of the owner */
    uint32_t window;          /* 0: none now */
    int32_t parallel;         /* negative: no limit */
    int32_t in_flight;
    uint8_t kind, budget_count;
    bool blocked;
    int64_t rpm, tpm;              /* negative: no limit */
    int64_t held_nano, total_nano; /* of calls in flight; settled ever */
    blob budgets;                  /* struct budget[budget_count] */
    blob name, label, model;       /* texts; name: none for ACCOUNT_KEY */
    blob list;                     /* the models that it allows: texts, and an empty one at the end */
};

enum key_owner { OWNER_KEY, OWNER_TEAM, OWNER_USER, OWNER_BUDGET, KEY_OWNERS };

struct key {
    account_id ids[KEY_OWNERS]; /* ids[OWNER_KEY] 0: free */
    uint32_t at[KEY_OWNERS];    /* where the account was; see account_find() */
    uint32_t entry, old_entry;
    uint32_t next; /* free: the next free one */
    uint8_t routes;
    bool blocked, master;
    int64_t expires_ms; /* 0: never */
    blob alias;
    blob paths, models, aliases, tags; /* lists, as account.list */
};

/* A hash with which a key is found. */
struct entry {
    unsigned char hash[KEY_HASH_SIZE];
    int64_t until_ms; /* 0: for ever */
    uint32_t key;
    uint32_t next; /* with the same bucket; free: the next free one */
};

struct head {
    pthread_mutex_t mutex;
    uint32_t capacity;
    uint32_t mask;                    /* number of buckets - 1 */
    uint32_t accounts, keys, entries; /* ever in use, and 1: index 0 is none */
    uint32_t free_account, free_key, free_entry;
    uint32_t key_count;
    uint32_t windows, hand;    /* ever in use, and 1; the next one to look at */
    uint32_t blobs, blobs_end; /* units in use, of all */
    blob free_blob[BLOB_CLASSES];
    bool sleeping; /* the keeper waits to be woken */
    bool zoned;
    struct zone zone;
};

struct key_table {
    struct head *head;
    struct account *accounts;
    struct key *keys;
    struct entry *entries;
    uint32_t *account_buckets, *entry_buckets;
    struct rate *windows;
    char *blobs;
    size_t size;
};

void table_lock(struct key_table *t);
void table_unlock(struct key_table *t);

/* Returns memory for `size` bytes, at most KEY_LIST_MAX + 1, all 0; 0: the table is full. */
blob blob_new(struct key_table *t, size_t size);
/* Frees it; `size` as for blob_new(). 0 is allowed. */
void blob_free(struct key_table *t, blob b, size_t size);
void *blob_at(const struct key_table *t, blob b);
/* Texts and lists as blobs. An empty one is 0. false: the table is full. */
bool blob_text(struct key_table *t, struct slice text, blob *out);
bool blob_list(struct key_table *t, const struct key_list *list, blob *out);
void blob_free_text(struct key_table *t, blob *b);
void blob_free_list(struct key_table *t, blob *b);
/* Returns the text of a blob; "" for 0. */
const char *blob_read(const struct key_table *t, blob b);
/* The texts of a list one after the other: for (const char *s = blob_read(t, list); *s; s = list_next(s)) */
const char *list_next(const char *text);

/* Returns the index of the account with this id, at first at `at`; 0: there is none. */
uint32_t account_find(const struct key_table *t, account_id id, uint32_t at);
/* Returns an account's window, which gets one if it has a limit per minute; NULL: no limit. */
struct rate *account_window(struct key_table *t, uint32_t account, uint64_t now_ms);
/* Returns the steps of a window. window_reserve() makes room for one more, if there is memory. */
struct rate_step *window_steps(const struct key_table *t, struct rate *r);
void window_reserve(struct key_table *t, struct rate *r);
void account_drop_window(struct key_table *t, struct account *a);
/* Moves an account's budgets on to the periods of now. Returns the first of them. A clock that was set back changes
 * nothing, so that no period begins twice. */
struct budget *account_budgets(struct key_table *t, const struct account *a, int64_t now_ms);

/* Returns the entry of a hash; 0: there is none. */
uint32_t entry_find(const struct key_table *t, const unsigned char hash[KEY_HASH_SIZE]);
/* Returns the key that this hash finds, if it may be used now. NULL: 401 in `refusal`. */
struct key *key_of(struct key_table *t, const unsigned char hash[KEY_HASH_SIZE], int64_t now_ms,
                   struct key_refusal *refusal);
/* Returns the key of a reference, whether it may still be used or not; NULL: it is gone. */
struct key *key_of_ref(struct key_table *t, const struct key_ref *ref);
/* Returns whether a name equals the pattern, or begins with what is before the '*' at its end. */
bool pattern_matches(const char *pattern, struct slice name);

/* A limit in which a call does not fit. */
struct limit_hit {
    uint32_t account;
    const struct budget *budget; /* else a limit per minute, or of calls at once: */
    enum { LIMIT_REQUESTS, LIMIT_TOKENS, LIMIT_PARALLEL } rate;
    int64_t most, left, need;
    uint64_t wait_ms; /* until it fits; UINT64_MAX: never */
};

void refuse_unknown(struct key_refusal *r);
void refuse_budget(struct key_refusal *r, const struct key_table *t, const struct limit_hit *hit, int status);
void refuse_rate(struct key_refusal *r, const struct key_table *t, const struct limit_hit *hit,
                 const struct gate_time *now);

/* Reads the limits of a call's accounts. Under the mutex. */
void limits_read(struct key_table *t, const struct call_slot *s, const struct gate_time *now, struct gate_limits *out);

#endif
