/* pure: except for shared memory: which models a key may call. */
#include "proxy/keys/private.h"

#include <stdio.h>

/* Returns whether one of the list's entries allows the model; an empty list allows all. */
static bool list_allows(const struct gate *g, blob list, struct slice alias, struct slice target)
{
    for (const char *s = blob_read(g->table, list); *s; s = list_next(s))
        if (strcmp(s, "all-proxy-models") == 0 || pattern_matches(s, alias) ||
            (target.len && pattern_matches(s, target)) ||
            (g->in_group && g->in_group(g->group_ctx, slice_of(s), alias)))
            return true;
    return list == 0;
}

static bool has_entry(const struct key_table *t, blob list, const char *entry)
{
    const char *s = blob_read(t, list);
    while (*s && strcmp(s, entry) != 0)
        s = list_next(s);
    return *s;
}

/* Writes the list as text, as far as it fits. */
static void write_list(const struct key_table *t, blob list, char *out, size_t size)
{
    size_t len = 0;
    for (const char *s = blob_read(t, list); *s; s = list_next(s)) {
        size_t more = strlen(s);
        if (len + more + sizeof ", …" + 2 > size) {
            (void)snprintf(out + len, size - len, ", …");
            return;
        }
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", s);
    }
    out[len] = 0;
}

static void refuse(struct key_refusal *r, const struct key_table *t, const char *type, const char *who, blob list,
                   struct slice model)
{
    char allowed[240] = "";
    *r = (struct key_refusal){.status = 400, .type = type, .code = "model_not_found", .param = "model"};
    write_list(t, list, allowed, sizeof allowed);
    (void)snprintf(r->message, sizeof r->message, "%s may not call the model \"%.*s\"%s%s%s.", who,
                   (int)(model.len < 100 ? model.len : 100), model.ptr, *allowed ? ": it may call " : "", allowed,
                   *allowed ? "" : ": it has no models");
}

/* Checks the key's list, then that of its team, or if it has none, of its user. */
static bool check(struct gate *g, struct key *k, struct slice alias, struct slice target, struct key_refusal *refusal)
{
    const struct key_table *t = g->table;
    enum key_owner above = k->ids[OWNER_TEAM] ? OWNER_TEAM : OWNER_USER;
    const struct account *a = &t->accounts[account_find(t, k->ids[above], k->at[above])];
    bool by_team = has_entry(t, k->models, "all-team-models") && a->kind == ACCOUNT_TEAM;
    if (!by_team && !list_allows(g, k->models, alias, target)) {
        refuse(refusal, t, "key_model_access_denied", "This key", k->models, alias);
        return false;
    }
    if (list_allows(g, a->list, alias, target))
        return true;
    if (above == OWNER_TEAM)
        refuse(refusal, t, "team_model_access_denied", "The team of this key", a->list, alias);
    else
        refuse(refusal, t, "user_model_access_denied", "The user of this key", a->list, alias);
    return false;
}

bool gate_allows_model(struct gate *g, const struct key_ref *ref, struct slice alias, struct slice target,
                       struct key_refusal *refusal)
{
    if (ref->master)
        return true;
    table_lock(g->table);
    struct key *k = key_of_ref(g->table, ref);
    bool allowed = k && check(g, k, alias, target, refusal);
    if (!k)
        refuse_unknown(refusal);
    table_unlock(g->table);
    return allowed;
}

bool gate_lists_model(struct gate *g, const struct key_ref *ref, struct slice alias, struct slice target)
{
    struct key_refusal refusal;
    return gate_allows_model(g, ref, alias, target, &refusal);
}
