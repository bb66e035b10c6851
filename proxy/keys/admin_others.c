/* pure: except for the store: the routes about teams, users, budgets and customers. What differs is a row of a table.
 */
#include "proxy/keys/admin_private.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define MADE_ID_BYTES 12 /* random bytes of an id that the caller does not give */

static const struct kind {
    const char *id;        /* the field that names one */
    const char *list;      /* the field that names several, to delete them */
    const char *parameter; /* the same in a query */
    const char *what;
} kinds[] = {
    [OBJECT_TEAM] = {"team_id", "team_ids", "team_id", "team"},
    [OBJECT_USER] = {"user_id", "user_ids", "user_id", "user"},
    [OBJECT_BUDGET] = {"budget_id", "budgets", "budget_id", "budget"},
    [OBJECT_CUSTOMER] = {"user_id", "user_ids", "end_user_id", "customer"},
};

/* Reads the id that the body gives. */
static bool take_id(struct admin *a, enum object_kind kind, char id[ID_MAX + 1])
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->body, kinds[kind].id);
    const char *text = cJSON_GetStringValue(item);
    *id = '\0';
    if (item && !cJSON_IsNull(item) && (!text || !*text || strlen(text) > ID_MAX))
        return admin_fail(a, text ? 400 : 422, kinds[kind].id, "%s: expected a text of 1 to %d bytes.", kinds[kind].id,
                          ID_MAX);
    (void)snprintf(id, ID_MAX + 1, "%s", text ? text : "");
    return true;
}

static void make_id(char id[ID_MAX + 1])
{
    unsigned char bytes[MADE_ID_BYTES];
    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2hex(id, ID_MAX + 1, bytes, sizeof bytes);
}

cJSON *admin_find(struct admin *a, enum object_kind kind, char id[ID_MAX + 1])
{
    if (!take_id(a, kind, id))
        return NULL;
    cJSON *doc = *id ? admin_get(a, kind, id) : NULL;
    if (!doc && !a->no_memory)
        (void)admin_fail(a, *id ? 404 : 422, kinds[kind].id, *id ? "There is no %s '%s'." : "Name the %s: %s.",
                         kinds[kind].what, *id ? id : kinds[kind].id);
    return doc;
}

static bool make(struct admin *a, enum object_kind kind)
{
    char id[ID_MAX + 1];
    if (!take_id(a, kind, id))
        return false;
    if (!*id)
        make_id(id);
    cJSON *old = admin_get(a, kind, id), *doc = cJSON_CreateObject();
    bool ok = doc && (!old || admin_fail(a, 400, kinds[kind].id, "The %s '%s' exists already.", kinds[kind].what, id));
    ok = ok && admin_take_fields(a, kind, doc) &&
         (kind != OBJECT_TEAM || admin_take_members(a, "members_with_roles", doc)) &&
         admin_store(a, kind, id, doc, NULL, NULL);
    if (ok)
        a->answer = admin_row(a, kind, id, doc);
    a->no_memory |= !doc;
    cJSON_Delete(doc);
    cJSON_Delete(old);
    return ok;
}

static bool change(struct admin *a, enum object_kind kind, const char *flag, bool value)
{
    char id[ID_MAX + 1];
    cJSON *old = admin_find(a, kind, id), *doc = old ? cJSON_Duplicate(old, true) : NULL;
    bool ok = doc && admin_take_fields(a, kind, doc);
    if (ok && flag)
        admin_set(a, doc, flag, cJSON_CreateBool(value));
    ok = ok && admin_store(a, kind, id, doc, old, NULL);
    if (ok)
        a->answer = admin_row(a, kind, id, doc);
    cJSON_Delete(doc);
    cJSON_Delete(old);
    return ok;
}

struct use {
    const char *field, *id;
    bool found, no_memory;
};

static bool find_use(void *ctx, struct slice id, struct slice text)
{
    struct use *use = ctx;
    (void)id;
    cJSON *doc = cJSON_ParseWithLength(text.ptr, text.len);
    use->no_memory = !doc;
    use->found = doc && strcmp(objects_text(doc, use->field), use->id) == 0;
    cJSON_Delete(doc);
    return !use->found && !use->no_memory;
}

/* Removes one that no key or customer names: the next start could not put those in force. */
static bool remove_unused(struct admin *a, enum object_kind kind, const char *id)
{
    static const enum object_kind users[] = {OBJECT_KEY, OBJECT_CUSTOMER};
    struct use use = {.field = kinds[kind].id, .id = id};
    for (size_t i = 0; kind != OBJECT_CUSTOMER && *id && i < 2; i++) {
        if (!key_store_each(a->o->store, users[i], find_use, &use))
            return admin_fail(a, 500, NULL, "The key store can't be read: %s.", key_store_error(a->o->store));
        a->no_memory |= use.no_memory;
        if (use.no_memory || use.found)
            return !use.no_memory &&
                   admin_fail(a, 400, kinds[kind].id,
                              "The %s '%.200s' is named by a key or customer: change or delete it first.",
                              kinds[kind].what, id);
    }
    return admin_remove(a, kind, id) ||
           (a->status == 200 && !a->no_memory &&
            admin_fail(a, 404, kinds[kind].id, "There is no %s '%.200s'.", kinds[kind].what, id));
}

/* Deletes one that the body names, or a list, up to the first that can't be deleted. */
static bool delete(struct admin *a, enum object_kind kind)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(a->body, kinds[kind].list), *one;
    const char *single = objects_text(a->body, *kinds[kind].list == 'b' ? "id" : kinds[kind].id);
    if (!cJSON_IsArray(list) && !*single)
        return admin_fail(a, 422, kinds[kind].list, "Name them: a list `%s`.", kinds[kind].list);
    if (*single && !remove_unused(a, kind, single))
        return false;
    cJSON_ArrayForEach(one,
                       list) if (!remove_unused(a, kind, cJSON_IsString(one) ? one->valuestring : "")) return false;
    a->answer = cJSON_CreateObject();
    admin_add_text(a, a->answer, "status", "deleted");
    return true;
}

struct listing {
    struct admin *a;
    enum object_kind kind;
    cJSON *list;
};

static bool list_one(void *ctx, struct slice id, struct slice text)
{
    struct listing *l = ctx;
    char name[ID_MAX + 1];
    cJSON *doc = cJSON_ParseWithLength(text.ptr, text.len);
    (void)snprintf(name, sizeof name, "%.*s", SLICE_ARGS(id));
    l->a->no_memory |= !doc;
    if (doc)
        admin_add(l->a, l->list, NULL, admin_row(l->a, l->kind, name, doc));
    cJSON_Delete(doc);
    return !l->a->no_memory;
}

static bool list_all(struct admin *a, enum object_kind kind, cJSON *list)
{
    struct listing l = {a, kind, list};
    return key_store_each(a->o->store, kind, list_one, &l) || a->no_memory ||
           admin_fail(a, 500, NULL, "The key store can't be read: %s.", key_store_error(a->o->store));
}

static bool answer_list(struct admin *a, enum object_kind kind)
{
    a->answer = cJSON_CreateArray();
    return list_all(a, kind, a->answer);
}

struct keys_of {
    struct admin *a;
    const char *field, *id;
    cJSON *list;
};

static bool add_key_of(void *ctx, struct slice id, struct slice text)
{
    struct keys_of *k = ctx;
    char hash[HASH_HEX];
    cJSON *doc = cJSON_ParseWithLength(text.ptr, text.len);
    (void)snprintf(hash, sizeof hash, "%.*s", SLICE_ARGS(id));
    k->a->no_memory |= !doc;
    if (doc && strcmp(objects_text(doc, k->field), k->id) == 0)
        admin_add(k->a, k->list, NULL, admin_row(k->a, OBJECT_KEY, hash, doc));
    cJSON_Delete(doc);
    return !k->a->no_memory;
}

/* {"team_id","team_info","keys","team_memberships"} */
static bool answer_info(struct admin *a, enum object_kind kind)
{
    char id[ID_MAX + 1] = "", info[ID_MAX];
    if (!admin_parameter(a, kinds[kind].parameter, id) || !*id)
        return admin_fail(a, 422, kinds[kind].parameter, "Name the %s: ?%s=", kinds[kind].what, kinds[kind].parameter);
    cJSON *doc = admin_get(a, kind, id);
    if (!doc)
        return !a->no_memory && admin_fail(a, 404, kinds[kind].parameter, "There is no %s '%s'.", kinds[kind].what, id);
    cJSON *row = admin_row(a, kind, id, doc);
    cJSON_Delete(doc);
    if (kind == OBJECT_CUSTOMER) {
        a->answer = row;
        return true;
    }
    struct keys_of k = {a, kinds[kind].id, id, cJSON_CreateArray()};
    (void)snprintf(info, sizeof info, "%s_info", kinds[kind].what);
    a->answer = cJSON_CreateObject();
    admin_add_text(a, a->answer, kinds[kind].id, id);
    admin_add(a, a->answer, info, row);
    bool ok = key_store_each(a->o->store, OBJECT_KEY, add_key_of, &k);
    admin_add(a, a->answer, "keys", k.list);
    if (kind == OBJECT_TEAM)
        admin_add(a, a->answer, "team_memberships", cJSON_CreateArray());
    return ok || a->no_memory ||
           admin_fail(a, 500, NULL, "The key store can't be read: %s.", key_store_error(a->o->store));
}

bool admin_team_new(struct admin *a)
{
    return make(a, OBJECT_TEAM);
}
bool admin_team_update(struct admin *a)
{
    return change(a, OBJECT_TEAM, NULL, false);
}
bool admin_team_delete(struct admin *a)
{
    return delete(a, OBJECT_TEAM);
}
bool admin_team_info(struct admin *a)
{
    return answer_info(a, OBJECT_TEAM);
}
bool admin_team_list(struct admin *a)
{
    return answer_list(a, OBJECT_TEAM);
}
bool admin_team_block(struct admin *a)
{
    return change(a, OBJECT_TEAM, "blocked", true);
}
bool admin_team_unblock(struct admin *a)
{
    return change(a, OBJECT_TEAM, "blocked", false);
}

bool admin_user_update(struct admin *a)
{
    return change(a, OBJECT_USER, NULL, false);
}
bool admin_user_delete(struct admin *a)
{
    return delete(a, OBJECT_USER);
}
bool admin_user_info(struct admin *a)
{
    return answer_info(a, OBJECT_USER);
}

bool admin_user_list(struct admin *a)
{
    cJSON *users = cJSON_CreateArray();
    a->answer = cJSON_CreateObject();
    admin_add(a, a->answer, "users", users);
    return !a->no_memory && list_all(a, OBJECT_USER, users);
}

/* The fields of a new user's key: those that are not the user's own, so that no limit is lost. */
static cJSON *key_fields(struct admin *a, const cJSON *user)
{
    static const char *const names[] = {"key_alias", "duration",       "aliases", "permissions",
                                        "key_type",  "allowed_routes", "tags",    "budget_id"};
    cJSON *fields = cJSON_CreateObject();
    admin_add_text(a, fields, "user_id", objects_text(user, "user_id"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(a->body, names[i]);
        if (item)
            admin_add(a, fields, names[i], cJSON_Duplicate(item, true));
    }
    return fields;
}

/* Makes a key for the user, too, unless auto_create_key is false. Both or neither. */
bool admin_user_new(struct admin *a)
{
    if (!make(a, OBJECT_USER))
        return false;
    cJSON *user = a->answer, *key;
    const cJSON *wanted = cJSON_GetObjectItemCaseSensitive(a->body, "auto_create_key");
    if (cJSON_IsFalse(wanted))
        return true;
    cJSON *body = a->body;
    a->body = key_fields(a, user);
    a->answer = NULL;
    bool ok = !a->no_memory && admin_key_generate(a);
    cJSON_Delete(a->body);
    a->body = body;
    if (ok) {
        key = a->answer;
        admin_add_text(a, user, "key", objects_text(key, "key"));
        admin_add_text(a, user, "token", objects_text(key, "token"));
        admin_add(a, user, "expires", cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(key, "expires"), true));
        cJSON_Delete(key);
        a->answer = user;
    } else {
        ok = admin_remove(a, OBJECT_USER, objects_text(user, "user_id")) && ok;
        cJSON_Delete(user);
    }
    return ok;
}

bool admin_budget_new(struct admin *a)
{
    return make(a, OBJECT_BUDGET);
}
bool admin_budget_update(struct admin *a)
{
    return change(a, OBJECT_BUDGET, NULL, false);
}
bool admin_budget_delete(struct admin *a)
{
    return delete(a, OBJECT_BUDGET);
}
bool admin_budget_list(struct admin *a)
{
    return answer_list(a, OBJECT_BUDGET);
}

bool admin_budget_info(struct admin *a)
{
    const cJSON *one;
    a->answer = cJSON_CreateArray();
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(a->body, "budgets"))
    {
        const char *id = cJSON_IsString(one) ? one->valuestring : "";
        cJSON *doc = admin_get(a, OBJECT_BUDGET, id);
        if (doc)
            admin_add(a, a->answer, NULL, admin_row(a, OBJECT_BUDGET, id, doc));
        cJSON_Delete(doc);
    }
    return true;
}

bool admin_customer_new(struct admin *a)
{
    return make(a, OBJECT_CUSTOMER);
}
bool admin_customer_update(struct admin *a)
{
    return change(a, OBJECT_CUSTOMER, NULL, false);
}
bool admin_customer_delete(struct admin *a)
{
    return delete(a, OBJECT_CUSTOMER);
}
bool admin_customer_info(struct admin *a)
{
    return answer_info(a, OBJECT_CUSTOMER);
}
bool admin_customer_list(struct admin *a)
{
    return answer_list(a, OBJECT_CUSTOMER);
}
bool admin_customer_block(struct admin *a)
{
    return change(a, OBJECT_CUSTOMER, "blocked", true);
}
bool admin_customer_unblock(struct admin *a)
{
    return change(a, OBJECT_CUSTOMER, "blocked", false);
}
