/* table: pure, except for memory shared by the processes. The virtual keys, and the accounts that they draw on: limits,
 * money spent and held. The keeper writes the definitions; workers find keys, hold and settle (gate.h). One robust
 * mutex guards it. Nothing in it is kept: the keeper makes it again from its store at each start.
 *
 *   SHA-256 of the secret ─▶ entry ─▶ key ─┬▶ its own account ─▶ its accounts for models, chained
 *   the hash before a rotation ─▶ entry ─┘ ├▶ the team's ─▶ …
 *                                          └▶ the user's, the budget's
 *   account: limits, budgets, spent, held, in flight; a window of a minute only while it is used
 */
#ifndef POINTSMAN_KEYS_TABLE_H
#define POINTSMAN_KEYS_TABLE_H

#include "proxy/keys/periods.h"

#define KEY_HASH_SIZE 32           /* bytes: SHA-256 of the whole secret */
#define ACCOUNT_BUDGETS 4          /* budgets of an account at once */
#define KEY_NAME_MAX 255           /* bytes of a name, alias or tag list's entry */
#define KEY_LIST_MAX 60000         /* bytes of a list with its ends */
#define TABLE_CAPACITY 262144      /* accounts, and as many keys: what the parent asks for */
#define MONEY_MAX 1000000000000000 /* nano-USD that one call or limit may have: a million dollars */
#define TOKENS_MAX 1000000000      /* tokens that one call may have */
#define NANO_USD 1000000000        /* nano-USD in a dollar */

/* What an account counts for; it names the account together with its name. The numbers are on disk. */
enum account_kind {
    ACCOUNT_KEY = 1,  /* name: the hash in hexadecimal that the key was made with; rotation keeps the account */
    ACCOUNT_TEAM = 2, /* name: the id, also below */
    ACCOUNT_USER = 3,
    ACCOUNT_BUDGET = 4,
    ACCOUNT_CUSTOMER = 5, /* the `user` of a request's body */
    ACCOUNT_MODEL = 6,    /* of one model of a key, team or user; name: "KIND:NAME/MODEL", kind in decimal */
    ACCOUNT_MASTER = 7,   /* the master key; name: "" */
    ACCOUNT_KINDS,
};

/* Identifies an account for ever, in the table, the calls file and the store; never 0. */
typedef uint64_t account_id;

/* Which routes a key may call; a set. */
enum key_route {
    KEY_ROUTE_LLM = 1,  /* models and aliases */
    KEY_ROUTE_READ = 2, /* GETs of management: info, list, spend */
    KEY_ROUTE_MANAGE = 4,
    KEY_ROUTE_ALL = 7,
};

/* Texts one after the other, each with a NUL at its end; at most KEY_LIST_MAX bytes. Empty: none. */
struct key_list {
    struct slice bytes;
};

struct budget_def {
    int64_t limit_nano; /* nano-USD, 0 to MONEY_MAX; negative: not a limit, only counted */
    struct period period;
};

/* An account as an object of the store defines it. Texts are copied. */
struct account_def {
    account_id id;
    enum account_kind kind;
    struct slice name;          /* ≤ KEY_NAME_MAX; see enum account_kind */
    struct slice label;         /* what messages call it: the alias; empty: the name */
    int64_t rpm, tpm, parallel; /* limits; negative: none */
    struct budget_def budgets[ACCOUNT_BUDGETS];
    unsigned budget_count;
    bool blocked;           /* of teams, users and customers: refuses all their keys */
    struct key_list models; /* teams and users: the models that their keys may call, as for keys; empty: all */
    account_id owner;       /* ACCOUNT_MODEL: the account that it is of, which must be in the table; else 0 */
    struct slice model;     /* ACCOUNT_MODEL: the alias or model, or a pattern with '*' at its end */
};

struct key_def {
    unsigned char hash[KEY_HASH_SIZE];
    unsigned char old_hash[KEY_HASH_SIZE]; /* before a rotation; valid until `old_until_ms` */
    int64_t old_until_ms;                  /* unix ms; 0: no old hash */
    account_id account;                    /* its own; must be in the table, as the next three. Identifies the key */
    account_id team, user, budget;         /* 0: none */
    bool blocked;
    bool master;             /* the master key: no check but the limits of its account, of which it has none */
    int64_t expires_ms;      /* unix ms; 0: never */
    unsigned routes;         /* set of enum key_route */
    struct key_list paths;   /* allowed_routes: paths, or with a '*' at their end; empty: as `routes` says */
    struct key_list models;  /* empty: all; see gate_allows_model() */
    struct key_list aliases; /* pairs: the model that a client names, the one that is meant */
    struct slice alias;      /* key_alias; empty: none */
    struct key_list tags;
};

/* What an account has now, for answers and headers. */
struct account_state {
    int64_t total_nano, held_nano; /* nano-USD: settled ever, held by calls in flight */
    unsigned in_flight;
    unsigned budget_count;
    struct {
        struct budget_def def;
        int64_t spent_nano, start_ms, next_ms; /* of the current period; next_ms INT64_MAX: no reset */
    } budgets[ACCOUNT_BUDGETS];
    int64_t rpm, tpm, parallel;             /* limits; negative: none */
    int64_t minute_requests, minute_tokens; /* of the last 60 s; 0 without rpm or tpm */
};

struct key_table;

/* Creates an empty table in shared memory; call before fork(2). Memory is used as accounts come. `capacity`: of
 * accounts, and of keys. `zone` is copied; NULL: UTC. NULL: out of memory. Unmap with keys_table_free(). */
struct key_table *keys_table_new(unsigned capacity, const struct zone *zone);
/* Unmaps the table in this process; NULL is allowed. */
void keys_table_free(struct key_table *t);

/* Returns the id of the account of this kind and name. */
account_id table_account_id(enum account_kind kind, struct slice name);
/* The hash of a secret, as it is stored: SHA-256. */
void table_hash(struct slice secret, unsigned char hash[KEY_HASH_SIZE]);

/* The keeper's side. Each change is in force in all processes when the function returns. */

enum table_result {
    TABLE_OK,
    TABLE_FULL,    /* no room for another account, key or text */
    TABLE_MISSING, /* an account that it names is not in the table */
    TABLE_INVALID, /* a value outside its range; a hash that another key has */
};

/* Adds or replaces the account `def->id`. What it has spent and held stays; a budget with the same period keeps its
 * amount, a new one begins at 0: call gate_set_spent(). */
MUST_CHECK enum table_result table_put_account(struct key_table *t, const struct account_def *def, int64_t now_ms);
/* Adds or replaces the key of `def->account`. */
MUST_CHECK enum table_result table_put_key(struct key_table *t, const struct key_def *def);
/* Removes an account, its key and its accounts for models; other keys that name it go on without it.
 * Calls in flight end as they would, except that nobody counts them here. Unknown: nothing happens. */
void table_remove_account(struct key_table *t, account_id id);
/* Removes the key of this account, and both its hashes. */
void table_remove_key(struct key_table *t, account_id account);

/* For all processes. */

/* Returns what an account has now. false: not in the table. */
bool table_read_account(struct key_table *t, account_id id, int64_t now_ms, uint64_t now_mono_ms,
                        struct account_state *out);
/* Returns the number of keys. */
unsigned table_keys(struct key_table *t);

#endif
