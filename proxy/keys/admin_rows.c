/* pure: except for the store: objects as answers show them, and their changes. */
#include "proxy/keys/admin_private.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define DOC_MAX (1u << 20) /* bytes of an object's JSON */

void admin_hash(const char *named, char hash[HASH_HEX])
{
    unsigned char bytes[KEY_HASH_SIZE];
    if (strncmp(named, "sk-", 3) != 0 && strlen(named) == HASH_HEX - 1) {
        memcpy(hash, named, HASH_HEX);
        return;
    }
    table_hash(slice_of(named), bytes);
    (void)sodium_bin2hex(hash, HASH_HEX, bytes, sizeof bytes);
}

cJSON *admin_get(struct admin *a, enum object_kind kind, const char *id)
{
    struct buf text;
    cJSON *doc = NULL;
    buf_init(&text, DOC_MAX);
    if (key_store_get(a->o->store, kind, slice_of(id), &text) && !(doc = cJSON_ParseWithLength(text.data, text.len)))
        a->no_memory = true;
    a->no_memory |= text.failed;
    buf_free(&text);
    return doc;
}

bool admin_need_user(struct admin *a, const char *id)
{
    cJSON *user = admin_get(a, OBJECT_USER, id);
    bool ok = user && !a->no_memory;
    if (!user && !a->no_memory) {
        user = cJSON_CreateObject();
        a->no_memory |= !user;
        ok = user && admin_store(a, OBJECT_USER, id, user, NULL, NULL);
    }
    cJSON_Delete(user);
    return ok;
}

static const char *status_of(const cJSON *doc, int64_t now_ms)
{
    double expires_ms = objects_number(doc, "_expires");
    return objects_is(doc, "blocked")                       ? "revoked"
           : expires_ms > 0 && expires_ms <= (double)now_ms ? "expired"
                                                            : "active";
}

/* What an account has spent: in the period of its first budget, or ever; and all its budgets. */
static void add_spent(struct admin *a, cJSON *row, account_id account)
{
    struct account_state state;
    if (!table_read_account(a->o->gate->table, account, a->request->now_ms, a->request->mono_ms, &state)) {
        admin_add_usd(a, row, "spend", 0);
        return;
    }
    admin_add_usd(a, row, "spend", state.budget_count ? state.budgets[0].spent_nano : state.total_nano);
    admin_add_usd(a, row, "total_spend", state.total_nano);
    admin_add_usd(a, row, "held", state.held_nano);
    admin_add_number(a, row, "in_flight", state.in_flight);
    int64_t reset_ms = state.budget_count ? state.budgets[0].next_ms : 0;
    admin_add_time(a, row, "budget_reset_at", reset_ms == INT64_MAX ? 0 : (double)reset_ms);
}

/* Fields that scripts expect even if they are not set. */
static void add_nulls(struct admin *a, cJSON *row)
{
    static const char *const names[] = {"max_budget", "budget_duration", "tpm_limit", "rpm_limit",
                                        "max_parallel_requests"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!cJSON_GetObjectItemCaseSensitive(row, names[i]))
            admin_add_null(a, row, names[i]);
}

static const char *const id_names[] = {[OBJECT_KEY] = "token",
                                       [OBJECT_TEAM] = "team_id",
                                       [OBJECT_USER] = "user_id",
                                       [OBJECT_BUDGET] = "budget_id",
                                       [OBJECT_CUSTOMER] = "user_id"};

cJSON *admin_row(struct admin *a, enum object_kind kind, const char *id, const cJSON *doc)
{
    cJSON *row = cJSON_CreateObject();
    const cJSON *one;
    admin_add_text(a, row, id_names[kind], id);
    cJSON_ArrayForEach(one, doc) if (*one->string != '_') admin_add(a, row, one->string, cJSON_Duplicate(one, true));
    add_spent(a, row, objects_account(kind, id, doc));
    add_nulls(a, row);
    admin_add_time(a, row, "created_at", objects_number(doc, "_created"));
    admin_add_time(a, row, "updated_at", objects_number(doc, "_updated"));
    if (kind != OBJECT_KEY)
        return row;
    static const char *const lists[] = {"models", "tags"};
    admin_add_text(a, row, "token_id", id);
    admin_add_text(a, row, "key_name", objects_text(doc, "_name"));
    admin_add_time(a, row, "expires", objects_number(doc, "_expires"));
    admin_add_text(a, row, "status", status_of(doc, a->request->now_ms));
    for (size_t i = 0; i < 2; i++)
        if (!cJSON_GetObjectItemCaseSensitive(row, lists[i]))
            admin_add(a, row, lists[i], cJSON_CreateArray());
    if (!cJSON_GetObjectItemCaseSensitive(row, "metadata"))
        admin_add(a, row, "metadata", cJSON_CreateObject());
    return row;
}

/* Puts the earlier object back in force after a change that failed. */
static void undo(struct admin *a, enum object_kind kind, const char *id, const cJSON *doc, const cJSON *old,
                 const char *old_id)
{
    const char *why;
    key_store_rollback(a->o->store);
    if (!old)
        objects_remove(a->o, kind, id, doc);
    else
        a->no_memory |= !objects_apply(a->o, kind, old_id ? old_id : id, old, doc, a->request->now_ms, &why);
}

bool admin_store(struct admin *a, enum object_kind kind, const char *id, cJSON *doc, const cJSON *old,
                 const char *old_id)
{
    struct key_store *s = a->o->store;
    const char *why = NULL;
    if (!old)
        admin_set(a, doc, "_created", cJSON_CreateNumber((double)a->request->now_ms));
    admin_set(a, doc, "_updated", cJSON_CreateNumber((double)a->request->now_ms));
    char *text = a->no_memory ? NULL : cJSON_PrintUnformatted(doc);
    if (!text) {
        a->no_memory = true;
        return false;
    }
    bool ok = strlen(text) < DOC_MAX && key_store_begin(s) && (!old_id || key_store_delete(s, kind, slice_of(old_id)));
    struct slice alias = slice_of(kind == OBJECT_KEY ? objects_text(doc, "key_alias") : "");
    ok = ok && key_store_put(s, kind, slice_of(id), alias, slice_of(text));
    bool stored = ok;
    ok = ok && objects_apply(a->o, kind, id, doc, old, a->request->now_ms, &why) && key_store_commit(s);
    if (!ok && !stored)
        (void)admin_fail(a, 500, NULL, "The key store can't be written: %s.", key_store_error(s));
    else if (!ok && why)
        (void)admin_fail(a, 400, NULL, "The change can't be made: %s.", why);
    else if (!ok)
        (void)admin_fail(a, 500, NULL, "The key store can't be written: %s.", key_store_error(s));
    if (!ok)
        undo(a, kind, id, doc, old, old_id);
    cJSON_free(text);
    return ok;
}

bool admin_remove(struct admin *a, enum object_kind kind, const char *id)
{
    cJSON *doc = admin_get(a, kind, id);
    bool ok = doc && key_store_begin(a->o->store) && key_store_delete(a->o->store, kind, slice_of(id)) &&
              key_store_commit(a->o->store);
    if (ok)
        objects_remove(a->o, kind, id, doc);
    else if (doc)
        (void)admin_fail(a, 500, NULL, "The key store can't be written: %s.", key_store_error(a->o->store));
    key_store_rollback(a->o->store);
    cJSON_Delete(doc);
    return ok;
}
