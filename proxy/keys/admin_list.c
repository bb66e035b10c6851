/* pure: except for the store: the list of keys, page by page. */
#include "proxy/keys/admin_private.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PAGE_MAX 100 /* keys */

struct listing {
    struct admin *a;
    cJSON *keys;
    char user[ID_MAX + 1], team[ID_MAX + 1], alias[ID_MAX + 1], hash[ID_MAX + 1];
    bool full;
    long skip, size, total;
};

static bool list_one(void *ctx, struct slice id, struct slice text)
{
    struct listing *l = ctx;
    char hash[HASH_HEX];
    cJSON *doc = cJSON_ParseWithLength(text.ptr, text.len);
    bool wanted = doc && (!*l->user || strcmp(objects_text(doc, "user_id"), l->user) == 0) &&
                  (!*l->team || strcmp(objects_text(doc, "team_id"), l->team) == 0) &&
                  (!*l->alias || strcmp(objects_text(doc, "key_alias"), l->alias) == 0) &&
                  (!*l->hash || slice_is(id, l->hash));
    l->a->no_memory |= !doc;
    if (wanted && l->total++ >= l->skip && l->total <= l->skip + l->size) {
        (void)snprintf(hash, sizeof hash, "%.*s", SLICE_ARGS(id));
        admin_add(l->a, l->keys, NULL, l->full ? admin_row(l->a, OBJECT_KEY, hash, doc) : cJSON_CreateString(hash));
    }
    cJSON_Delete(doc);
    return !l->a->no_memory;
}

bool admin_key_list(struct admin *a)
{
    struct listing l = {.a = a, .keys = cJSON_CreateArray(), .size = admin_number_parameter(a, "size", 10)};
    long page = admin_number_parameter(a, "page", 1);
    page = page < LONG_MAX / PAGE_MAX ? page : LONG_MAX / PAGE_MAX;
    char full[ID_MAX + 1] = "";
    (void)admin_parameter(a, "user_id", l.user);
    (void)admin_parameter(a, "team_id", l.team);
    (void)admin_parameter(a, "key_alias", l.alias);
    (void)admin_parameter(a, "key_hash", l.hash);
    (void)admin_parameter(a, "return_full_object", full);
    l.full = strcmp(full, "true") == 0;
    l.size = l.size < 1 ? 1 : l.size > PAGE_MAX ? PAGE_MAX : l.size;
    l.skip = page < 1 ? 0 : (page - 1) * l.size;
    if (!key_store_each(a->o->store, OBJECT_KEY, list_one, &l) && !a->no_memory) {
        cJSON_Delete(l.keys);
        return admin_fail(a, 500, NULL, "The key store can't be read: %s.", key_store_error(a->o->store));
    }
    a->answer = cJSON_CreateObject();
    admin_add(a, a->answer, "keys", l.keys);
    admin_add_number(a, a->answer, "total_count", (double)l.total);
    admin_add_number(a, a->answer, "current_page", (double)(page < 1 ? 1 : page));
    admin_add_number(a, a->answer, "total_pages", (double)((l.total + l.size - 1) / l.size));
    return true;
}
