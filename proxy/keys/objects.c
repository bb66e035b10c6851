/* pure: except for the store: its objects as definitions of the key table. */
#include "proxy/keys/objects.h"

#include "common/log.h"

#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define LIST_MAX 4096u /* bytes of a list, and of the model accounts' names */

static const enum account_kind account_kinds[] = {[OBJECT_KEY] = ACCOUNT_KEY,
                                                  [OBJECT_TEAM] = ACCOUNT_TEAM,
                                                  [OBJECT_USER] = ACCOUNT_USER,
                                                  [OBJECT_BUDGET] = ACCOUNT_BUDGET,
                                                  [OBJECT_CUSTOMER] = ACCOUNT_CUSTOMER};

const char *objects_text(const cJSON *doc, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(doc, name));
    return text ? text : "";
}

double objects_number(const cJSON *doc, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(doc, name);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

bool objects_is(const cJSON *doc, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(doc, name));
}

int64_t objects_nano(double usd)
{
    return usd >= 0 ? (int64_t)fmin(round(usd * NANO_USD), MONEY_MAX) : -1;
}

account_id objects_account(enum object_kind kind, const char *id, const cJSON *doc)
{
    const char *name = kind == OBJECT_KEY && *objects_text(doc, "_account") ? objects_text(doc, "_account") : id;
    return table_account_id(account_kinds[kind], slice_of(name));
}

static int64_t limit_of(const cJSON *doc, const char *name)
{
    double value = objects_number(doc, name);
    return value >= 0 ? (int64_t)fmin(value, MONEY_MAX) : -1;
}

static void add_budget(struct account_def *def, double usd, const char *duration, double created_ms)
{
    struct budget_def *budget = &def->budgets[def->budget_count];
    if (def->budget_count == ACCOUNT_BUDGETS || !(usd >= 0))
        return;
    budget->limit_nano = objects_nano(usd);
    if (!*duration || !periods_parse(slice_of(duration), &budget->period) || !period_resets(&budget->period))
        budget->period = (struct period){.unit = PERIOD_NEVER};
    budget->period.anchor_ms = created_ms > 0 ? (int64_t)created_ms : 0;
    def->budget_count++;
}

/* The limits that all kinds of objects have. */
static void read_limits(const cJSON *doc, struct account_def *def)
{
    const cJSON *further = cJSON_GetObjectItemCaseSensitive(doc, "budget_limits"), *one;
    double created_ms = objects_number(doc, "_created");
    def->rpm = limit_of(doc, "rpm_limit");
    def->tpm = limit_of(doc, "tpm_limit");
    def->parallel = limit_of(doc, "max_parallel_requests");
    def->blocked = objects_is(doc, "blocked");
    add_budget(def, objects_number(doc, "max_budget"), objects_text(doc, "budget_duration"), created_ms);
    cJSON_ArrayForEach(one, further)
        add_budget(def, objects_number(one, "max_budget"), objects_text(one, "budget_duration"), created_ms);
}

/* Writes the strings of an array one after the other. false: no room. */
static bool read_list(const cJSON *doc, const char *name, struct buf *out, struct key_list *list)
{
    const cJSON *one;
    size_t begin = out->len;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(doc, name)) if (cJSON_IsString(one))
        buf_add(out, one->valuestring, strlen(one->valuestring) + 1);
    list->bytes = (struct slice){out->data + begin, out->len - begin};
    return !out->failed;
}

static void set_spent(const struct objects *o, const struct account_def *def, int64_t now_ms)
{
    int64_t spent[ACCOUNT_BUDGETS] = {0}, total = key_store_charged(o->store, def->id, 0);
    for (unsigned i = 0; i < def->budget_count; i++) {
        int64_t since_ms = period_start(&def->budgets[i].period, now_ms, o->zone);
        spent[i] = since_ms ? key_store_charged(o->store, def->id, since_ms) : total;
    }
    gate_set_spent(o->gate, def->id, total, spent, now_ms);
}

static bool put(const struct objects *o, const struct account_def *def, int64_t now_ms, const char **why)
{
    static const char *const results[] = {[TABLE_OK] = NULL,
                                          [TABLE_FULL] = "the key table is full",
                                          [TABLE_MISSING] = "it refers to a team, user or budget that does not exist",
                                          [TABLE_INVALID] = "a value is outside its range"};
    *why = results[table_put_account(o->gate->table, def, now_ms)];
    if (!*why)
        set_spent(o, def, now_ms);
    return !*why;
}

/* Limits of single models: {"gpt-5": {"max_budget", "budget_duration", "rpm_limit", "tpm_limit"}}, and maps of one
 * limit each. */
static const char *const model_maps[] = {"model_max_budget", "model_rpm_limit", "model_tpm_limit"};
#define MODEL_MAPS (sizeof model_maps / sizeof *model_maps)

static account_id model_account(const struct account_def *owner, const char *model)
{
    char name[LIST_MAX];
    (void)snprintf(name, sizeof name, "%d:%.*s/%s", (int)owner->kind, SLICE_ARGS(owner->name), model);
    return table_account_id(ACCOUNT_MODEL, slice_of(name));
}

static const cJSON *limits_of(const cJSON *doc, size_t map, const char *model)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(doc, model_maps[map]), model);
}

/* Whether a map before `map` has the model, too. */
static bool seen_before(const cJSON *doc, size_t map, const char *model)
{
    for (size_t i = 0; i < map; i++)
        if (limits_of(doc, i, model))
            return true;
    return false;
}

static double first_number(const cJSON *doc, const char *name, const char *other)
{
    double value = objects_number(doc, name);
    return isnan(value) ? objects_number(doc, other) : value;
}

static bool put_model(const struct objects *o, const struct account_def *owner, const cJSON *doc, const char *model,
                      int64_t now_ms, const char **why)
{
    const cJSON *budget = limits_of(doc, 0, model), *rpm = limits_of(doc, 1, model), *tpm = limits_of(doc, 2, model);
    char name[LIST_MAX];
    (void)snprintf(name, sizeof name, "%d:%.*s/%s", (int)owner->kind, SLICE_ARGS(owner->name), model);
    struct account_def def = {.id = model_account(owner, model),
                              .kind = ACCOUNT_MODEL,
                              .name = slice_of(name),
                              .label = slice_of(model),
                              .owner = owner->id,
                              .model = slice_of(model),
                              .rpm = limit_of(budget, "rpm_limit"),
                              .tpm = limit_of(budget, "tpm_limit"),
                              .parallel = -1};
    const char *duration = objects_text(budget, "budget_duration");
    if (cJSON_IsNumber(rpm))
        def.rpm = rpm->valueint;
    if (cJSON_IsNumber(tpm))
        def.tpm = tpm->valueint;
    add_budget(&def, cJSON_IsNumber(budget) ? budget->valuedouble : first_number(budget, "max_budget", "budget_limit"),
               *duration ? duration : objects_text(budget, "time_period"), objects_number(doc, "_created"));
    return put(o, &def, now_ms, why);
}

static bool put_models(const struct objects *o, const struct account_def *owner, const cJSON *doc, const cJSON *old,
                       int64_t now_ms, const char **why)
{
    const cJSON *one;
    for (size_t map = 0; map < MODEL_MAPS; map++)
        cJSON_ArrayForEach(one,
                           cJSON_GetObjectItemCaseSensitive(old, model_maps[map])) if (!seen_before(doc, MODEL_MAPS,
                                                                                                    one->string))
            table_remove_account(o->gate->table, model_account(owner, one->string));
    for (size_t map = 0; map < MODEL_MAPS; map++)
        cJSON_ArrayForEach(one,
                           cJSON_GetObjectItemCaseSensitive(doc,
                                                            model_maps[map])) if (!seen_before(doc, map, one->string) &&
                                                                                  !put_model(o, owner, doc, one->string,
                                                                                             now_ms, why)) return false;
    return true;
}

static account_id reference(const cJSON *doc, const char *name, enum account_kind kind)
{
    const char *id = objects_text(doc, name);
    return *id ? table_account_id(kind, slice_of(id)) : 0;
}

static bool read_hash(const char *hex, unsigned char hash[KEY_HASH_SIZE])
{
    size_t len = 0;
    return sodium_hex2bin(hash, KEY_HASH_SIZE, hex, strlen(hex), NULL, &len, NULL) == 0 && len == KEY_HASH_SIZE;
}

/* key_type's presets of routes. */
static unsigned routes_of(const char *type)
{
    static const struct {
        const char *name;
        unsigned routes;
    } types[] = {
        {"llm_api", KEY_ROUTE_LLM}, {"management", KEY_ROUTE_READ | KEY_ROUTE_MANAGE}, {"read_only", KEY_ROUTE_READ}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(type, types[i].name) == 0)
            return types[i].routes;
    return KEY_ROUTE_LLM;
}

static void read_aliases(const cJSON *doc, struct buf *out, struct key_list *list)
{
    const cJSON *one;
    size_t begin = out->len;
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(doc, "aliases")) if (cJSON_IsString(one))
    {
        buf_add(out, one->string, strlen(one->string) + 1);
        buf_add(out, one->valuestring, strlen(one->valuestring) + 1);
    }
    list->bytes = (struct slice){out->data + begin, out->len - begin};
}

static bool put_key(const struct objects *o, const char *id, const cJSON *doc, account_id account, struct buf *space,
                    const char **why)
{
    double expires_ms = objects_number(doc, "_expires"), old_until_ms = objects_number(doc, "_old_until");
    struct key_def def = {.account = account,
                          .team = reference(doc, "team_id", ACCOUNT_TEAM),
                          .user = reference(doc, "user_id", ACCOUNT_USER),
                          .budget = reference(doc, "budget_id", ACCOUNT_BUDGET),
                          .blocked = objects_is(doc, "blocked"),
                          .expires_ms = expires_ms > 0 ? (int64_t)expires_ms : 0,
                          .routes = routes_of(objects_text(doc, "key_type")),
                          .alias = slice_of(objects_text(doc, "key_alias"))};
    if (old_until_ms > 0 && read_hash(objects_text(doc, "_old_hash"), def.old_hash))
        def.old_until_ms = (int64_t)old_until_ms;
    if (!read_hash(id, def.hash) || !read_list(doc, "models", space, &def.models) ||
        !read_list(doc, "tags", space, &def.tags) || !read_list(doc, "allowed_routes", space, &def.paths)) {
        *why = "a list is too long";
        return false;
    }
    read_aliases(doc, space, &def.aliases);
    switch (table_put_key(o->gate->table, &def)) {
    case TABLE_OK: return true;
    case TABLE_FULL: *why = "the key table is full"; return false;
    case TABLE_MISSING: *why = "it refers to a team, user or budget that does not exist"; return false;
    case TABLE_INVALID: break;
    }
    *why = "a value is outside its range, or another key has this secret";
    return false;
}

bool objects_apply(const struct objects *o, enum object_kind kind, const char *id, const cJSON *doc, const cJSON *old,
                   int64_t now_ms, const char **why)
{
    static const char *const labels[] = {[OBJECT_KEY] = "key_alias",
                                         [OBJECT_TEAM] = "team_alias",
                                         [OBJECT_USER] = "user_email",
                                         [OBJECT_BUDGET] = "",
                                         [OBJECT_CUSTOMER] = "alias"};
    struct account_def def = {.id = objects_account(kind, id, doc),
                              .kind = account_kinds[kind],
                              .label = slice_of(objects_text(doc, labels[kind]))};
    const char *name = kind == OBJECT_KEY && *objects_text(doc, "_account") ? objects_text(doc, "_account") : id;
    struct buf space;
    buf_init(&space, KEY_LIST_MAX);
    bool ok = buf_reserve(&space, KEY_LIST_MAX); /* at once, because lists point into it */
    def.name = slice_of(name);
    read_limits(doc, &def);
    if (kind == OBJECT_TEAM || kind == OBJECT_USER)
        ok = ok && read_list(doc, "models", &space, &def.models);
    *why = "a list is too long";
    ok = ok && put(o, &def, now_ms, why) && put_models(o, &def, doc, old, now_ms, why);
    if (ok && kind == OBJECT_KEY)
        ok = put_key(o, id, doc, def.id, &space, why);
    buf_free(&space);
    return ok;
}

void objects_remove(const struct objects *o, enum object_kind kind, const char *id, const cJSON *doc)
{
    account_id account = objects_account(kind, id, doc);
    if (kind == OBJECT_KEY)
        table_remove_key(o->gate->table, account);
    table_remove_account(o->gate->table, account);
}

struct loading {
    const struct objects *objects;
    enum object_kind kind;
    int64_t now_ms;
};

static bool load_one(void *ctx, struct slice id, struct slice text)
{
    const struct loading *l = ctx;
    char name[KEY_NAME_MAX + 1];
    const char *why = "its JSON can't be read";
    cJSON *doc = cJSON_ParseWithLength(text.ptr, text.len);
    (void)snprintf(name, sizeof name, "%.*s", SLICE_ARGS(id));
    bool ok = doc && objects_apply(l->objects, l->kind, name, doc, NULL, l->now_ms, &why);
    if (!ok)
        log_warning("the key store's object %s is not in force: %s", name, why);
    cJSON_Delete(doc);
    return true; /* one object must not keep all others from working */
}

bool objects_load(const struct objects *o, int64_t now_ms, struct buf *error)
{
    static const enum object_kind order[] = {OBJECT_BUDGET, OBJECT_TEAM, OBJECT_USER, OBJECT_CUSTOMER, OBJECT_KEY};
    for (size_t i = 0; i < OBJECT_KINDS; i++) {
        struct loading l = {o, order[i], now_ms};
        if (!key_store_each(o->store, order[i], load_one, &l)) {
            buf_add_format(error, "can't read the key store: %s", key_store_error(o->store));
            return false;
        }
    }
    return true;
}
