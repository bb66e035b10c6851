/* key_store: what survives a restart: the keys, teams, users, budgets and customers, and the ledger of all calls, in
 * one SQLite file. Only the keeper opens it, with a single connection: SQLite up to 3.51.2 can damage a file in WAL
 * mode if two connections write or checkpoint at the same moment.
 *
 *   objects   what an administrator defined: JSON in LiteLLM's fields
 *   calls     a row for each call that ended, or that is open for long
 *   charges   what each call took from which account, by the time it ended: sums of any period
 *   totals    sums of each account for ever
 */
#ifndef POINTSMAN_KEY_STORE_H
#define POINTSMAN_KEY_STORE_H

#include "proxy/keys/calls.h"

enum object_kind { OBJECT_KEY, OBJECT_TEAM, OBJECT_USER, OBJECT_BUDGET, OBJECT_CUSTOMER, OBJECT_KINDS };

struct key_store;

/* Opens the file, or makes it, 0600; brings an older version up to date. NULL: not a key store, of a newer version,
 * damaged, locked or not accessible: a message in `error` that names the file and what to do. */
struct key_store *key_store_open(const char *path, struct buf *error);
/* Checkpoints and closes. NULL is allowed. */
void key_store_close(struct key_store *s);
/* Returns the message of the last error. */
const char *key_store_error(const struct key_store *s);

/* Several changes are made or none: everything between begin and commit. A false return means an error
 * (key_store_error()); then call key_store_rollback(). */
MUST_CHECK bool key_store_begin(struct key_store *s);
MUST_CHECK bool key_store_commit(struct key_store *s);
void key_store_rollback(struct key_store *s);

/* Adds or replaces an object. `alias`: of keys, unique among them; empty: none. `doc`: a JSON object. */
MUST_CHECK bool key_store_put(struct key_store *s, enum object_kind kind, struct slice id, struct slice alias,
                              struct slice doc);
/* Appends the object's JSON. false: there is none, or an error. */
bool key_store_get(struct key_store *s, enum object_kind kind, struct slice id, struct buf *doc);
/* Appends the id of the key with this alias. false: there is none, or an error. */
bool key_store_find_alias(struct key_store *s, struct slice alias, struct buf *id);
/* Returns whether there was one. */
bool key_store_delete(struct key_store *s, enum object_kind kind, struct slice id);
/* Calls `each` for the objects of a kind, in the order of their ids, until it returns false. The texts are valid during
 * the call; no store function may be called in it that changes objects. false: an error. */
MUST_CHECK bool key_store_each(struct key_store *s, enum object_kind kind,
                               bool (*each)(void *ctx, struct slice id, struct slice doc), void *ctx);

/* The ledger. */

/* Stores a slot's call: CLOSED, or OPEN as a row that is not complete yet. A call that is stored already is not stored
 * again. Within a transaction. */
MUST_CHECK bool key_store_add_call(struct key_store *s, const struct call_slot *slot);
/* Completes the rows of calls that are open, but not in the calls file: the file was lost. They cost what they held.
 * Returns their number; negative: an error. */
int key_store_settle_lost(struct key_store *s, const struct calls *calls);
/* Returns the greatest id of a call; 0: none. */
uint64_t key_store_last_call(struct key_store *s);
/* Returns what the account was charged since then, nano-USD; `since_ms` 0: ever. */
int64_t key_store_charged(struct key_store *s, account_id account, int64_t since_ms);
/* Corrects what the account was charged, by nano-USD that may be negative. */
MUST_CHECK bool key_store_adjust(struct key_store *s, account_id account, int64_t now_ms, int64_t nano);
/* Removes calls that ended before. Their charges are kept for 32 days, as long as the budget of a month needs them;
 * totals stay. Within a transaction. */
MUST_CHECK bool key_store_forget(struct key_store *s, int64_t before_ms, int64_t now_ms);

struct key_store_query {
    struct slice key;        /* hash in hexadecimal; empty: all */
    struct slice request_id; /* empty: all */
    int64_t since_ms, until_ms;
    unsigned most;
};
struct key_store_call {
    int64_t id, started_ms, ended_ms, nano, tokens_in, tokens_cached, tokens_out;
    int status;
    unsigned flags;
    struct slice key, alias, model, request_id, customer, session;
};
/* Calls `each` for the completed calls, the latest first. false: an error. */
MUST_CHECK bool key_store_calls(struct key_store *s, const struct key_store_query *query,
                                void (*each)(void *ctx, const struct key_store_call *call), void *ctx);

/* Writes a copy, which must not exist yet, 0600. false: a message in `error`. */
MUST_CHECK bool key_store_backup(struct key_store *s, const char *path, struct buf *error);
/* Looks at all pages and indexes. false: the first fault in `error`. */
MUST_CHECK bool key_store_check(struct key_store *s, struct buf *error);

#endif
