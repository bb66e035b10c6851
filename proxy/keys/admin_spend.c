/* pure: except for the store: the routes about what was spent, and about the store's file. */
#include "proxy/keys/admin_private.h"

#include "proxy/terms/wire.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROWS_MAX 10000
#define DAY_MS INT64_C(86400000)

static const char *call_type(unsigned flags)
{
    switch ((enum wire)(flags >> CALL_WIRE_SHIFT)) {
    case WIRE_RESPONSES: return "aresponses";
    case WIRE_COMPLETIONS: return "atext_completion";
    case WIRE_EMBEDDINGS: return "aembedding";
    default: return "acompletion";
    }
}

static void add_slice(struct admin *a, cJSON *in, const char *name, struct slice text)
{
    char copy[ID_MAX + 1];
    (void)snprintf(copy, sizeof copy, "%.*s", SLICE_ARGS(text));
    admin_add_text(a, in, name, copy);
}

struct logs {
    struct admin *a;
    cJSON *rows;      /* one for each call, */
    cJSON *days;      /* or for each day */
    const char *user; /* only this user's; empty: all */
    unsigned count;   /* rows */
};

static bool is_wanted(const struct logs *l, const cJSON *key)
{
    return !*l->user || strcmp(objects_text(key, "user_id"), l->user) == 0;
}

static void add_call(void *ctx, const struct key_store_call *call)
{
    struct logs *l = ctx;
    struct admin *a = l->a;
    char key[HASH_HEX];
    (void)snprintf(key, sizeof key, "%.*s", SLICE_ARGS(call->key));
    cJSON *doc = admin_get(a, OBJECT_KEY, key);
    if (l->count >= ROWS_MAX || !is_wanted(l, doc)) {
        cJSON_Delete(doc);
        return;
    }
    l->count++;
    cJSON *row = cJSON_CreateObject();
    add_slice(a, row, "request_id", call->request_id);
    admin_add_text(a, row, "call_type", call_type(call->flags));
    admin_add_text(a, row, "api_key", key);
    admin_add_usd(a, row, "spend", call->nano);
    admin_add_number(a, row, "prompt_tokens", (double)call->tokens_in);
    admin_add_number(a, row, "completion_tokens", (double)call->tokens_out);
    admin_add_number(a, row, "total_tokens", (double)(call->tokens_in + call->tokens_out));
    admin_add_number(a, row, "cached_tokens", (double)call->tokens_cached);
    admin_add_time(a, row, "startTime", (double)call->started_ms);
    admin_add_time(a, row, "endTime", (double)call->ended_ms);
    add_slice(a, row, "model", call->model.len ? call->model : call->alias);
    add_slice(a, row, "model_group", call->alias);
    admin_add_text(a, row, "user", objects_text(doc, "user_id"));
    admin_add_text(a, row, "team_id", objects_text(doc, "team_id"));
    add_slice(a, row, "end_user", call->customer);
    const cJSON *tags = cJSON_GetObjectItemCaseSensitive(doc, "tags");
    admin_add(a, row, "request_tags", tags ? cJSON_Duplicate(tags, true) : cJSON_CreateArray());
    add_slice(a, row, "session_id", call->session);
    admin_add_text(a, row, "status", call->status == 200 ? "success" : "failure");
    admin_add(a, row, "cache_hit", cJSON_CreateBool((call->flags & CALL_CACHE_HIT) != 0));
    admin_add(a, row, "estimated", cJSON_CreateBool((call->flags & CALL_ESTIMATED) != 0));
    admin_add(a, l->rows, NULL, row);
    cJSON_Delete(doc);
}

static void add_to(struct admin *a, cJSON *in, const char *name, double usd)
{
    cJSON *sum = cJSON_GetObjectItemCaseSensitive(in, name);
    if (sum)
        cJSON_SetNumberValue(sum, sum->valuedouble + usd);
    else
        admin_add_number(a, in, name, usd);
}

static bool is_users_call(const struct logs *l, const struct key_store_call *call)
{
    char key[HASH_HEX];
    (void)snprintf(key, sizeof key, "%.*s", SLICE_ARGS(call->key));
    cJSON *doc = *l->user ? admin_get(l->a, OBJECT_KEY, key) : NULL;
    bool wanted = is_wanted(l, doc);
    cJSON_Delete(doc);
    return wanted;
}

/* {"startTime": day, "spend", "users": {}, "models": {}} */
static void add_to_day(void *ctx, const struct key_store_call *call)
{
    struct logs *l = ctx;
    char day[16], model[ID_MAX + 1];
    time_t seconds = (time_t)(call->ended_ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || !strftime(day, sizeof day, "%Y-%m-%d", &tm) || !is_users_call(l, call))
        return;
    cJSON *last = cJSON_GetArrayItem(l->days, cJSON_GetArraySize(l->days) - 1);
    if (!last || strcmp(objects_text(last, "startTime"), day) != 0) {
        last = cJSON_CreateObject();
        admin_add_text(l->a, last, "startTime", day);
        admin_add_number(l->a, last, "spend", 0);
        admin_add(l->a, last, "users", cJSON_CreateObject());
        admin_add(l->a, last, "models", cJSON_CreateObject());
        admin_add(l->a, l->days, NULL, last);
    }
    double usd = (double)call->nano / NANO_USD;
    (void)snprintf(model, sizeof model, "%.*s", SLICE_ARGS(call->model.len ? call->model : call->alias));
    add_to(l->a, last, "spend", usd);
    add_to(l->a, cJSON_GetObjectItemCaseSensitive(last, "models"), model, usd);
}

/* "2026-12-01" as Unix time, ms, UTC. */
static bool read_day(const char *text, int64_t *ms)
{
    struct tm tm = {.tm_isdst = 0};
    char rest;
    if (sscanf(text, "%4d-%2d-%2d%c", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &rest) != 3)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *ms = (int64_t)timegm(&tm) * 1000;
    return *ms > 0;
}

bool admin_spend_logs(struct admin *a)
{
    char named[ID_MAX + 1], key[HASH_HEX] = "", id[ID_MAX + 1] = "", day[ID_MAX + 1], summarize[ID_MAX + 1] = "true";
    char user[ID_MAX + 1] = "";
    struct key_store_query query = {.until_ms = INT64_MAX, .most = ROWS_MAX};
    bool dates = false;
    if (admin_parameter(a, "api_key", named))
        admin_hash(named, key);
    (void)admin_parameter(a, "request_id", id);
    (void)admin_parameter(a, "user_id", user);
    (void)admin_parameter(a, "summarize", summarize);
    if (admin_parameter(a, "start_date", day)) {
        dates = true;
        if (!read_day(day, &query.since_ms))
            return admin_fail(a, 400, "start_date", "start_date: expected a date like 2026-12-01.");
    }
    if (admin_parameter(a, "end_date", day)) {
        if (!read_day(day, &query.until_ms))
            return admin_fail(a, 400, "end_date", "end_date: expected a date like 2026-12-01.");
        query.until_ms += DAY_MS;
    }
    query.key = slice_of(key);
    query.request_id = slice_of(id);
    bool sums = dates && strcmp(summarize, "false") != 0;
    query.most = sums || *user ? UINT32_MAX : ROWS_MAX;
    a->answer = cJSON_CreateArray();
    struct logs l = {.a = a, .rows = a->answer, .days = a->answer, .user = user};
    return key_store_calls(a->o->store, &query, sums ? add_to_day : add_call, &l) || a->no_memory ||
           admin_fail(a, 500, NULL, "The key store can't be read: %s.", key_store_error(a->o->store));
}

static int64_t total_of(struct admin *a, account_id account)
{
    struct account_state state;
    return table_read_account(a->o->gate->table, account, a->request->now_ms, a->request->mono_ms, &state)
               ? state.total_nano
               : 0;
}

struct sums {
    struct admin *a;
    enum object_kind kind;
    cJSON *tags; /* by tag, instead of rows */
    int64_t nano;
};

static bool add_object(void *ctx, struct slice id, struct slice text)
{
    struct sums *s = ctx;
    char name[ID_MAX + 1];
    const cJSON *tag;
    cJSON *doc = cJSON_ParseWithLength(text.ptr, text.len);
    (void)snprintf(name, sizeof name, "%.*s", SLICE_ARGS(id));
    s->a->no_memory |= !doc;
    int64_t nano = doc ? total_of(s->a, objects_account(s->kind, name, doc)) : 0;
    s->nano += nano;
    if (doc && s->tags) {
        cJSON_ArrayForEach(tag, cJSON_GetObjectItemCaseSensitive(doc, "tags"))
            add_to(s->a, s->tags, tag->valuestring, (double)nano / NANO_USD);
    } else if (doc && s->a->answer) {
        admin_add(s->a, s->a->answer, NULL, admin_row(s->a, s->kind, name, doc));
    }
    cJSON_Delete(doc);
    return !s->a->no_memory;
}

static bool add_objects(struct sums *s)
{
    return key_store_each(s->a->o->store, s->kind, add_object, s) || s->a->no_memory ||
           admin_fail(s->a, 500, NULL, "The key store can't be read: %s.", key_store_error(s->a->o->store));
}

bool admin_spend_keys(struct admin *a)
{
    struct sums s = {.a = a, .kind = OBJECT_KEY};
    a->answer = cJSON_CreateArray();
    return add_objects(&s);
}

bool admin_spend_users(struct admin *a)
{
    struct sums s = {.a = a, .kind = OBJECT_USER};
    a->answer = cJSON_CreateArray();
    return add_objects(&s);
}

bool admin_spend_tags(struct admin *a)
{
    struct sums s = {.a = a, .kind = OBJECT_KEY, .tags = cJSON_CreateObject()};
    const cJSON *one;
    bool ok = s.tags && add_objects(&s);
    if (ok)
        a->answer = cJSON_CreateArray();
    const cJSON *tags = ok ? s.tags : NULL;
    cJSON_ArrayForEach(one, tags)
    {
        cJSON *row = cJSON_CreateObject();
        admin_add_text(a, row, "individual_request_tag", one->string);
        admin_add_number(a, row, "total_spend", one->valuedouble);
        admin_add(a, a->answer, NULL, row);
    }
    a->no_memory |= !s.tags;
    cJSON_Delete(s.tags);
    return ok;
}

/* What all keys have spent, the master key included. */
bool admin_global_spend(struct admin *a)
{
    struct sums s = {.a = a, .kind = OBJECT_KEY, .nano = total_of(a, table_account_id(ACCOUNT_MASTER, SLICE("")))};
    if (!add_objects(&s))
        return false;
    a->answer = cJSON_CreateObject();
    admin_add_usd(a, a->answer, "spend", s.nano);
    admin_add_null(a, a->answer, "max_budget");
    return true;
}

bool admin_backup(struct admin *a)
{
    const char *path = objects_text(a->body, "path");
    struct buf error;
    if (*path != '/')
        return admin_fail(a, 400, "path", "path: expected an absolute path in the key store's folder.");
    buf_init(&error, 1024);
    bool ok = key_store_backup(a->o->store, path, &error) || admin_fail(a, 400, "path", "%s", buf_message(&error));
    buf_free(&error);
    if (ok) {
        a->answer = cJSON_CreateObject();
        admin_add_text(a, a->answer, "path", path);
    }
    return ok;
}

bool admin_check(struct admin *a)
{
    struct buf error;
    buf_init(&error, 1024);
    bool ok = key_store_check(a->o->store, &error) || admin_fail(a, 500, NULL, "%s", buf_message(&error));
    buf_free(&error);
    if (ok) {
        a->answer = cJSON_CreateObject();
        admin_add_text(a, a->answer, "status", "ok");
    }
    return ok;
}
