/* pure: except for the store: takes over keys of LiteLLM's table LiteLLM_VerificationToken. Its `token` is the hash
 * that is used here, too, so clients keep their keys. */
#include "proxy/keys/admin_private.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* "2026-12-01T10:00:00", as LiteLLM's database prints it, or with a blank; UTC. 0: another text. */
static double read_time(const char *text)
{
    struct tm tm = {.tm_isdst = 0};
    if (sscanf(text, "%4d-%2d-%2d%*1[T ]%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec) != 6)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (double)timegm(&tm) * 1000;
}

/* Makes what the key refers to, if it is missing: its limits are in another table. */
static bool make_references(struct admin *a, const cJSON *row)
{
    static const struct {
        const char *field;
        enum object_kind kind;
    } references[] = {{"team_id", OBJECT_TEAM}, {"user_id", OBJECT_USER}, {"budget_id", OBJECT_BUDGET}};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof references / sizeof *references; i++) {
        const char *id = objects_text(row, references[i].field);
        cJSON *found = *id ? admin_get(a, references[i].kind, id) : NULL, *made = NULL;
        if (*id && !found)
            ok = (made = cJSON_CreateObject()) && admin_store(a, references[i].kind, id, made, NULL, NULL);
        cJSON_Delete(found);
        cJSON_Delete(made);
    }
    return ok;
}

/* The row's fields as a document of the store. false: the error is set. */
static bool read_row(struct admin *a, const char *id, cJSON *row, cJSON *doc)
{
    cJSON *body = a->body;
    a->body = row;
    bool ok = admin_take_fields(a, OBJECT_KEY, doc);
    a->body = body;
    double expires_ms = read_time(objects_text(row, "expires"));
    const char *name = objects_text(row, "key_name");
    admin_set(a, doc, "_account", cJSON_CreateString(id));
    admin_set(a, doc, "_name", cJSON_CreateString(*name ? name : "sk-...?"));
    if (expires_ms > 0)
        admin_set(a, doc, "_expires", cJSON_CreateNumber(expires_ms));
    return ok && make_references(a, row);
}

static bool take_row(struct admin *a, cJSON *row, unsigned *imported, unsigned *known)
{
    char id[HASH_HEX];
    const char *token = objects_text(row, "token");
    double spent = objects_number(row, "spend");
    if (strlen(token) != HASH_HEX - 1 || strspn(token, "0123456789abcdef") != HASH_HEX - 1)
        return admin_fail(a, 400, "token", "Each row needs `token`, the SHA-256 hash of a key; %u keys were imported.",
                          *imported);
    memcpy(id, token, sizeof id);
    cJSON *old = admin_get(a, OBJECT_KEY, id), *doc = old ? NULL : cJSON_CreateObject();
    bool ok = old || (doc && read_row(a, id, row, doc));
    account_id account = objects_account(OBJECT_KEY, id, doc);
    if (ok && !old && spent > 0)
        ok = key_store_adjust(a->o->store, account, a->request->now_ms, objects_nano(spent));
    ok = ok && (old || admin_store(a, OBJECT_KEY, id, doc, NULL, NULL));
    *known += old != NULL;
    *imported += ok && !old;
    cJSON_Delete(old);
    cJSON_Delete(doc);
    return ok;
}

bool admin_key_import(struct admin *a)
{
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(a->body, "keys");
    unsigned imported = 0, known = 0;
    cJSON *row;
    if (!cJSON_IsArray(rows))
        return admin_fail(a, 422, "keys", "keys: expected a list of rows.");
    cJSON_ArrayForEach(row, rows) if (!take_row(a, row, &imported, &known)) return false;
    a->answer = cJSON_CreateObject();
    admin_add_number(a, a->answer, "imported", imported);
    admin_add_number(a, a->answer, "known", known);
    return true;
}
