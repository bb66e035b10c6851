/* pure: except for the store: the routes about keys. */
#include "proxy/keys/admin_private.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_BYTES 16 /* random bytes of a secret */
#define SECRET_MIN 16   /* characters of a secret that the caller chooses */
#define SECRET_MAX 200

/* "sk-" and 22 characters of base64url. */
static void make_secret(char secret[SECRET_MAX + 1])
{
    unsigned char bytes[SECRET_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    memcpy(secret, "sk-", 3);
    (void)sodium_bin2base64(secret + 3, SECRET_MAX - 2, bytes, sizeof bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

/* Takes the secret that the field names, or makes one. */
static bool take_secret(struct admin *a, const char *field, char secret[SECRET_MAX + 1])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->body, field);
    if (!item || cJSON_IsNull(item)) {
        make_secret(secret);
        return true;
    }
    const char *text = cJSON_GetStringValue(item);
    size_t len = text ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++)
        if (!isgraph((unsigned char)text[i]))
            len = 0;
    if (!text || len < SECRET_MIN || len > SECRET_MAX || strncmp(text, "sk-", 3) != 0)
        return admin_fail(a, 400, field, "%s: a key begins with sk- and has %d to %d visible characters.", field,
                          SECRET_MIN, SECRET_MAX);
    memcpy(secret, text, len + 1);
    return true;
}

/* Reads `duration`, until the key expires: null or "-1": never. */
static bool take_expiry(struct admin *a, cJSON *doc)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->body, "duration");
    const char *text = cJSON_GetStringValue(item);
    struct period period;
    if (!item)
        return true;
    if (cJSON_IsNull(item) || (text && strcmp(text, "-1") == 0)) {
        cJSON_DeleteItemFromObjectCaseSensitive(doc, "_expires");
        return true;
    }
    if (!text || !periods_parse(slice_of(text), &period))
        return admin_fail(a, text ? 400 : 422, "duration",
                          "duration: expected one like 30s, 1h, 30d or 1mo; null: never.");
    admin_set(a, doc, "_expires", cJSON_CreateNumber((double)period_after(&period, a->request->now_ms)));
    return true;
}

/* No other key has the alias. */
static bool check_alias(struct admin *a, const char *id, const cJSON *doc)
{
    const char *alias = objects_text(doc, "key_alias");
    struct buf other;
    buf_init(&other, 256);
    bool free = !*alias || !key_store_find_alias(a->o->store, slice_of(alias), &other) ||
                slice_is(buf_slice(&other), id);
    buf_free(&other);
    return free || admin_fail(a, 400, "key_alias", "key_alias: another key is called '%s'.", alias);
}

static bool check_type(struct admin *a, const cJSON *doc)
{
    static const char *const types[] = {"", "default", "llm_api", "management", "read_only"};
    const char *type = objects_text(doc, "key_type");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i]) == 0)
            return true;
    return admin_fail(a, 400, "key_type", "key_type: expected default, llm_api, management or read_only.");
}

/* A team and a budget must exist; a user is made when it is first named, as LiteLLM does. */
static bool check_references(struct admin *a, const cJSON *doc)
{
    static const struct {
        const char *field;
        enum object_kind kind;
    } references[] = {{"team_id", OBJECT_TEAM}, {"budget_id", OBJECT_BUDGET}};
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        const char *id = objects_text(doc, references[i].field);
        cJSON *found = *id ? admin_get(a, references[i].kind, id) : NULL;
        if (*id && !found)
            return !a->no_memory &&
                   admin_fail(a, 404, references[i].field, "%s: there is no '%s'.", references[i].field, id);
        cJSON_Delete(found);
    }
    const char *user = objects_text(doc, "user_id");
    return !*user || admin_need_user(a, user);
}

/* The fields of the body are valid, and what they name exists. */
static bool take(struct admin *a, const char *id, cJSON *doc)
{
    return admin_take_fields(a, OBJECT_KEY, doc) && take_expiry(a, doc) && check_type(a, doc) &&
           check_alias(a, id, doc) && check_references(a, doc) && !a->no_memory;
}

static void name_secret(struct admin *a, cJSON *doc, const char *secret)
{
    char name[16];
    (void)snprintf(name, sizeof name, "sk-...%s", secret + strlen(secret) - 4);
    admin_set(a, doc, "_name", cJSON_CreateString(name));
}

/* Answers with the key's row and its secret, which is not shown again. */
static void answer_secret(struct admin *a, const char *secret, const char *id, const cJSON *doc)
{
    a->answer = admin_row(a, OBJECT_KEY, id, doc);
    admin_add_text(a, a->answer, "key", secret);
}

bool admin_key_generate(struct admin *a)
{
    char secret[SECRET_MAX + 1], id[HASH_HEX];
    cJSON *doc = cJSON_CreateObject(), *old = NULL;
    bool ok = doc && take_secret(a, "key", secret);
    if (ok) {
        admin_hash(secret, id);
        old = admin_get(a, OBJECT_KEY, id);
        ok = !old || admin_fail(a, 400, "key", "key: this key exists already: see /key/update.");
    }
    if (ok) {
        name_secret(a, doc, secret);
        admin_set(a, doc, "_account", cJSON_CreateString(id));
    }
    ok = ok && take(a, id, doc) && admin_store(a, OBJECT_KEY, id, doc, NULL, NULL);
    if (ok)
        answer_secret(a, secret, id, doc);
    a->no_memory |= !doc;
    cJSON_Delete(doc);
    cJSON_Delete(old);
    sodium_memzero(secret, sizeof secret);
    return ok;
}

/* The name in a path like /key/NAME/regenerate. false: the path has none. */
static bool name_in_path(const struct admin *a, char name[ID_MAX + 1])
{
    struct slice path = a->path;
    const char *begin = path.ptr + sizeof "/key/" - 1, *end = path.ptr + path.len;
    const char *slash = path.len > sizeof "/key/" ? memchr(begin, '/', (size_t)(end - begin)) : NULL;
    if (!slash || slash - begin > ID_MAX)
        return false;
    (void)snprintf(name, ID_MAX + 1, "%.*s", (int)(slash - begin), begin);
    return true;
}

/* Finds the key that the path names, or the body by `key`, `token` or `key_alias`; sets its hash, and returns its
 * object. NULL: the error is set. */
static cJSON *find(struct admin *a, char id[HASH_HEX])
{
    const char *key = objects_text(a->body, "key"), *token = objects_text(a->body, "token");
    const char *alias = objects_text(a->body, "key_alias");
    char name[ID_MAX + 1];
    struct buf found;
    buf_init(&found, 256);
    *id = '\0';
    if (name_in_path(a, name))
        admin_hash(name, id);
    else if (*key || *token)
        admin_hash(*key ? key : token, id);
    else if (*alias && key_store_find_alias(a->o->store, slice_of(alias), &found))
        (void)snprintf(id, HASH_HEX, "%s", buf_text(&found));
    buf_free(&found);
    cJSON *doc = *id ? admin_get(a, OBJECT_KEY, id) : NULL;
    if (!doc && !a->no_memory)
        (void)admin_fail(a, 404, "key",
                         *id || *alias ? "There is no such key."
                                       : "Name a key: `key` (the key or its hash) or `key_alias`.");
    return doc;
}

static void answer_row(struct admin *a, const char *id, const cJSON *doc)
{
    a->answer = admin_row(a, OBJECT_KEY, id, doc);
    if (!cJSON_GetObjectItemCaseSensitive(a->answer, "key"))
        admin_add_text(a, a->answer, "key", id);
}

bool admin_key_update(struct admin *a)
{
    char id[HASH_HEX];
    cJSON *old = find(a, id), *doc = old ? cJSON_Duplicate(old, true) : NULL;
    bool ok = doc && take(a, id, doc) && admin_store(a, OBJECT_KEY, id, doc, old, NULL);
    if (ok)
        answer_row(a, id, doc);
    cJSON_Delete(old);
    cJSON_Delete(doc);
    return ok;
}

static bool set_blocked(struct admin *a, bool blocked)
{
    char id[HASH_HEX];
    cJSON *old = find(a, id), *doc = old ? cJSON_Duplicate(old, true) : NULL;
    if (doc)
        admin_set(a, doc, "blocked", cJSON_CreateBool(blocked));
    bool ok = doc && admin_store(a, OBJECT_KEY, id, doc, old, NULL);
    if (ok)
        answer_row(a, id, doc);
    cJSON_Delete(old);
    cJSON_Delete(doc);
    return ok;
}

bool admin_key_block(struct admin *a)
{
    return set_blocked(a, true);
}

bool admin_key_unblock(struct admin *a)
{
    return set_blocked(a, false);
}

/* Deletes each key that a list of the body names. */
static bool delete_listed(struct admin *a, const char *list, bool by_alias)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(a->body, list))
    {
        char id[HASH_HEX] = "";
        struct buf found;
        buf_init(&found, 256);
        if (cJSON_IsString(one) && !by_alias)
            admin_hash(one->valuestring, id);
        else if (cJSON_IsString(one) && key_store_find_alias(a->o->store, slice_of(one->valuestring), &found))
            (void)snprintf(id, sizeof id, "%s", buf_text(&found));
        buf_free(&found);
        if (!admin_remove(a, OBJECT_KEY, id))
            return a->status != 200 || a->no_memory
                       ? false
                       : admin_fail(a, 404, list, "%s: there is no such key; those before it in the list are deleted.",
                                    list);
    }
    return true;
}

bool admin_key_delete(struct admin *a)
{
    const cJSON *keys = cJSON_GetObjectItemCaseSensitive(a->body, "keys");
    const cJSON *aliases = cJSON_GetObjectItemCaseSensitive(a->body, "key_aliases");
    if (!cJSON_IsArray(keys) && !cJSON_IsArray(aliases))
        return admin_fail(a, 422, "keys", "Name the keys: a list `keys` or `key_aliases`.");
    if (!delete_listed(a, "keys", false) || !delete_listed(a, "key_aliases", true))
        return false;
    a->answer = cJSON_CreateObject();
    admin_add(a, a->answer, "deleted_keys", cJSON_Duplicate(cJSON_IsArray(keys) ? keys : aliases, true));
    return true;
}

bool admin_key_info(struct admin *a)
{
    char named[ID_MAX + 1], id[HASH_HEX];
    struct slice caller = a->request->caller;
    if (admin_parameter(a, "key", named))
        admin_hash(named, id);
    else
        (void)snprintf(id, sizeof id, "%.*s", SLICE_ARGS(caller));
    cJSON *doc = *id ? admin_get(a, OBJECT_KEY, id) : NULL;
    if (doc) {
        cJSON *row = admin_row(a, OBJECT_KEY, id, doc);
        cJSON_DeleteItemFromObjectCaseSensitive(row, "token");
        a->answer = cJSON_CreateObject();
        admin_add_text(a, a->answer, "key", id);
        admin_add(a, a->answer, "info", row);
    }
    cJSON_Delete(doc);
    return doc || a->no_memory || admin_fail(a, 404, "key", "There is no such key.");
}

/* How long the old secret lives: `grace_period`, else at once. */
static bool take_grace(struct admin *a, int64_t *until_ms)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->body, "grace_period");
    const char *text = cJSON_GetStringValue(item);
    struct period period;
    *until_ms = 0;
    if (!item || cJSON_IsNull(item))
        return true;
    if (!text || !periods_parse(slice_of(text), &period))
        return admin_fail(a, 400, "grace_period", "grace_period: expected a duration like 24h.");
    *until_ms = period_after(&period, a->request->now_ms);
    return true;
}

bool admin_key_regenerate(struct admin *a)
{
    char secret[SECRET_MAX + 1], old_id[HASH_HEX], id[HASH_HEX];
    int64_t until_ms;
    cJSON *old = find(a, old_id), *doc = old ? cJSON_Duplicate(old, true) : NULL, *other = NULL;
    bool ok = doc && take_secret(a, "new_key", secret) && take_grace(a, &until_ms);
    if (ok) {
        admin_hash(secret, id);
        other = admin_get(a, OBJECT_KEY, id);
        ok = !other || admin_fail(a, 400, "new_key", "new_key: this key exists already.");
    }
    if (ok) {
        name_secret(a, doc, secret);
        cJSON_DeleteItemFromObjectCaseSensitive(doc, "_old_hash");
        cJSON_DeleteItemFromObjectCaseSensitive(doc, "_old_until");
        if (until_ms) {
            admin_set(a, doc, "_old_hash", cJSON_CreateString(old_id));
            admin_set(a, doc, "_old_until", cJSON_CreateNumber((double)until_ms));
        }
    }
    ok = ok && take(a, old_id, doc) && admin_store(a, OBJECT_KEY, id, doc, old, old_id);
    if (ok)
        answer_secret(a, secret, id, doc);
    cJSON_Delete(old);
    cJSON_Delete(doc);
    cJSON_Delete(other);
    sodium_memzero(secret, sizeof secret);
    return ok;
}

bool admin_key_reset_spend(struct admin *a)
{
    char id[HASH_HEX];
    double to = objects_number(a->body, "reset_to");
    cJSON *doc = find(a, id);
    const char *why;
    if (!doc)
        return false;
    struct account_state state;
    account_id account = objects_account(OBJECT_KEY, id, doc);
    bool ok = (to >= 0 && to * NANO_USD <= MONEY_MAX) ||
              admin_fail(a, 400, "reset_to", "reset_to: expected USD, 0 or more.");
    ok = ok && table_read_account(a->o->gate->table, account, a->request->now_ms, a->request->mono_ms, &state);
    if (ok) {
        int64_t spent = state.budget_count ? state.budgets[0].spent_nano : state.total_nano;
        ok = (key_store_adjust(a->o->store, account, a->request->now_ms, objects_nano(to) - spent) &&
              objects_apply(a->o, OBJECT_KEY, id, doc, doc, a->request->now_ms, &why)) ||
             admin_fail(a, 500, NULL, "The key store can't be written: %s.", key_store_error(a->o->store));
    }
    if (ok)
        answer_row(a, id, doc);
    cJSON_Delete(doc);
    return ok;
}

bool admin_key_health(struct admin *a)
{
    a->answer = cJSON_CreateObject();
    admin_add_text(a, a->answer, "key", "healthy");
    admin_add_null(a, a->answer, "logging_callbacks");
    return true;
}
