/* objects: from the JSON of an object of the store to the definitions of the key table. An object has LiteLLM's fields;
 * those of the store's own begin with '_':
 *
 *   _account       of a key: the hash that it was made with, which names its account; rotation keeps it
 *   _old_hash      of a key that was rotated: the hash before, valid until _old_until (Unix time, ms) */
#ifndef POINTSMAN_KEYS_OBJECTS_H
#define POINTSMAN_KEYS_OBJECTS_H

#include "proxy/keys/gate.h"
#include "proxy/keys/key_store.h"

#include <cjson/cJSON.h>

/* What the functions change together; the owner keeps everything that it points to. */
struct objects {
    struct key_store *store;
    struct gate *gate;
    const struct zone *zone; /* NULL: UTC */
};

/* Puts an object in force: its accounts with what they have spent, and, of a key, the key. `old`: the object before;
 * NULL: none. false: the table has no room, or a reference leads nowhere: *why is a static text. */
MUST_CHECK bool objects_apply(const struct objects *o, enum object_kind kind, const char *id, const cJSON *doc,
                              const cJSON *old, int64_t now_ms, const char **why);
/* Takes an object out of force. */
void objects_remove(const struct objects *o, enum object_kind kind, const char *id, const cJSON *doc);
/* Puts all objects of the store in force; one that cannot be is logged, and its key is not known. false: the store
 * can't be read, a message in `error`. */
MUST_CHECK bool objects_load(const struct objects *o, int64_t now_ms, struct buf *error);

/* Returns the account of an object. `doc` matters for keys only. */
account_id objects_account(enum object_kind kind, const char *id, const cJSON *doc);

/* Read a member: text, "" if it is missing or not a string; a number, NAN likewise; whether it is true. */
const char *objects_text(const cJSON *doc, const char *name);
double objects_number(const cJSON *doc, const char *name);
bool objects_is(const cJSON *doc, const char *name);
/* Returns USD as nano-USD, at most MONEY_MAX; NAN: -1. */
int64_t objects_nano(double usd);

#endif
