/* pure: except for shared memory: who sends a request, and what the key lets him call. */
#include "proxy/keys/private.h"

#include <stdio.h>

static void refuse_key(struct key_refusal *r, const char *type, const char *param, const char *message)
{
    *r = (struct key_refusal){.status = 401, .type = type, .param = param};
    (void)snprintf(r->message, sizeof r->message, "%s", message);
}

void refuse_unknown(struct key_refusal *r)
{
    refuse_key(r, "token_not_found_in_db", "key",
               "This key is not known: check that it is complete, and that it was not deleted.");
}

static bool is_blocked(const struct key_table *t, struct key *k, enum key_owner owner)
{
    k->at[owner] = account_find(t, k->ids[owner], k->at[owner]);
    return t->accounts[k->at[owner]].blocked;
}

struct key *key_of(struct key_table *t, const unsigned char hash[KEY_HASH_SIZE], int64_t now_ms,
                   struct key_refusal *refusal)
{
    const struct entry *e = &t->entries[entry_find(t, hash)];
    struct key *k = &t->keys[e->key];
    if (!e->key)
        refuse_unknown(refusal);
    else if (e->until_ms && now_ms >= e->until_ms)
        refuse_key(refusal, "token_not_found_in_db", "key",
                   "This key was replaced by a new one: use the key that /key/regenerate returned.");
    else if (k->blocked)
        refuse_key(refusal, "auth_error", "key", "This key is blocked: /key/unblock makes it usable again.");
    else if (k->expires_ms && now_ms >= k->expires_ms) {
        char date[PERIOD_DATE_SIZE];
        refuse_key(refusal, "expired_key", "key", "");
        (void)snprintf(refusal->message, sizeof refusal->message,
                       "This key expired at %s: make a new one, or give it a new duration with /key/update.",
                       period_date(k->expires_ms, date));
    } else if (is_blocked(t, k, OWNER_TEAM))
        refuse_key(refusal, "auth_error", "key",
                   "The team of this key is blocked: /team/unblock makes it usable again.");
    else if (is_blocked(t, k, OWNER_USER))
        refuse_key(refusal, "auth_error", "key", "The user of this key is blocked.");
    else
        return k;
    return NULL;
}

bool gate_find(struct gate *g, struct slice secret, const struct gate_time *now, struct key_ref *ref,
               struct key_refusal *refusal)
{
    *ref = (struct key_ref){0};
    if (secret.len == 0)
        return refuse_key(refusal, "auth_error", NULL,
                          "This request has no API key: send it as \"Authorization: Bearer KEY\"."),
               false;
    table_hash(secret, ref->hash);
    table_lock(g->table);
    const struct key *k = key_of(g->table, ref->hash, now->unix_ms, refusal);
    if (k) {
        ref->account = k->ids[OWNER_KEY];
        ref->master = k->master;
    }
    bool known = k || entry_find(g->table, ref->hash);
    table_unlock(g->table);
    if (!known && !slice_starts(secret, "sk-"))
        refuse_key(refusal, "auth_error", NULL, "This is not a key of this proxy: virtual keys begin with \"sk-\".");
    return k;
}

struct key *key_of_ref(struct key_table *t, const struct key_ref *ref)
{
    uint32_t at = t->accounts[account_find(t, ref->account, 0)].key;
    return at ? &t->keys[at] : NULL;
}

bool pattern_matches(const char *pattern, struct slice name)
{
    size_t len = strlen(pattern);
    if (len && pattern[len - 1] == '*')
        return name.len >= len - 1 && memcmp(name.ptr, pattern, len - 1) == 0;
    return slice_equal((struct slice){pattern, len}, name);
}

static bool path_allows(const char *allowed, enum key_route route, struct slice path)
{
    static const struct {
        const char *name;
        enum key_route route;
    } GROUPS[] = {{"llm_api_routes", KEY_ROUTE_LLM},
                  {"openai_routes", KEY_ROUTE_LLM},
                  {"info_routes", KEY_ROUTE_READ},
                  {"management_routes", KEY_ROUTE_MANAGE},
                  {"management_routes", KEY_ROUTE_READ}};
    for (unsigned i = 0; i < sizeof GROUPS / sizeof *GROUPS; i++)
        if (strcmp(allowed, GROUPS[i].name) == 0 && GROUPS[i].route == route)
            return true;
    return pattern_matches(allowed, path);
}

bool gate_allows_route(struct gate *g, const struct key_ref *ref, enum key_route route, struct slice path,
                       struct key_refusal *refusal)
{
    table_lock(g->table);
    const struct key *k = key_of_ref(g->table, ref);
    bool allowed = k && (k->master || (!k->paths && (k->routes & route)));
    if (k && k->paths)
        for (const char *s = blob_read(g->table, k->paths); *s && !allowed; s = list_next(s))
            allowed = path_allows(s, route, path);
    table_unlock(g->table);
    if (allowed)
        return true;
    *refusal = (struct key_refusal){.status = 403, .type = "auth_error", .param = "key"};
    (void)snprintf(refusal->message, sizeof refusal->message,
                   "This key may not call %.*s: its allowed_routes or key_type do not include it.",
                   (int)(path.len < 200 ? path.len : 200), path.ptr);
    return false;
}

bool gate_model_alias(struct gate *g, const struct key_ref *ref, struct slice model, char out[KEY_NAME_MAX + 1])
{
    bool found = false;
    table_lock(g->table);
    const struct key *k = key_of_ref(g->table, ref);
    for (const char *from = blob_read(g->table, k ? k->aliases : 0); *from && !found;) {
        const char *to = list_next(from);
        found = slice_is(model, from) && strlen(to) <= KEY_NAME_MAX;
        if (found)
            memcpy(out, to, strlen(to) + 1);
        from = *to ? list_next(to) : to;
    }
    table_unlock(g->table);
    return found;
}

/* Appends to a text of this size, as far as whole entries fit. */
static void append(char *text, size_t size, const char *more)
{
    size_t len = strlen(text), add = strlen(more), comma = len > 0;
    if (len + comma + add >= size)
        return;
    memcpy(text + len, ",", comma);
    memcpy(text + len + comma, more, add + 1);
}

void gate_names(struct gate *g, const struct key_ref *ref, struct gate_names *out)
{
    const struct key_table *t = g->table;
    *out = (struct gate_names){.alias = ""};
    table_lock(g->table);
    const struct key *k = key_of_ref(g->table, ref);
    if (k) {
        const struct account *team = &t->accounts[account_find(t, k->ids[OWNER_TEAM], k->at[OWNER_TEAM])];
        const struct account *user = &t->accounts[account_find(t, k->ids[OWNER_USER], k->at[OWNER_USER])];
        append(out->alias, sizeof out->alias, blob_read(t, k->alias));
        append(out->team, sizeof out->team, blob_read(t, team->name));
        append(out->user, sizeof out->user, blob_read(t, user->name));
        for (const char *tag = blob_read(t, k->tags); *tag; tag = list_next(tag))
            append(out->tags, sizeof out->tags, tag);
    }
    table_unlock(g->table);
}

void gate_free_slot(struct gate *g, unsigned slot)
{
    table_lock(g->table);
    calls_give_back(g->calls, calls_slot(g->calls, slot));
    table_unlock(g->table);
}

bool gate_sleep(struct gate *g)
{
    table_lock(g->table);
    g->table->head->sleeping = true;
    table_unlock(g->table);
    /* A slot that is closed from now on wakes the keeper; all others are seen here. */
    if (calls_find(g->calls, CALL_CLOSED, 0) == calls_end(g->calls))
        return true;
    table_lock(g->table);
    g->table->head->sleeping = false;
    table_unlock(g->table);
    return false;
}
