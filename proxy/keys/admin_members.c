/* pure: except for the store: the members of teams. They are noted in the team, in `members_with_roles`; what limits a
 * request is the team of its key. */
#include "proxy/keys/admin_private.h"

#include <string.h>

#define MEMBERS "members_with_roles"
#define MEMBERS_MAX 1000

/* Removes the user from the list, if it is there. Returns whether it was. */
static bool leave(cJSON *list, const char *user)
{
    for (int i = 0; i < cJSON_GetArraySize(list); i++)
        if (strcmp(objects_text(cJSON_GetArrayItem(list, i), "user_id"), user) == 0) {
            cJSON_DeleteItemFromArray(list, i);
            return true;
        }
    return false;
}

/* Adds {"user_id", "role"} to the list; one who is in it gets the new role. The user is made if there is none. */
static bool join(struct admin *a, cJSON *list, const cJSON *member, const char *param)
{
    const char *user = objects_text(member, "user_id"), *role = objects_text(member, "role");
    role = *role ? role : "user";
    if (!cJSON_IsObject(member) || (strcmp(role, "user") != 0 && strcmp(role, "admin") != 0))
        return admin_fail(a, 422, param, "%s: expected {\"user_id\", \"role\"}, with the role user or admin.", param);
    if (!*user || strlen(user) > ID_MAX)
        return admin_fail(a, 400, param, "%s: name the user by user_id, 1 to %d bytes.", param, ID_MAX);
    (void)leave(list, user);
    if (cJSON_GetArraySize(list) == MEMBERS_MAX)
        return admin_fail(a, 400, param, "A team has at most %d members.", MEMBERS_MAX);
    cJSON *added = cJSON_CreateObject();
    admin_add_text(a, added, "user_id", user);
    admin_add_text(a, added, "role", role);
    admin_add(a, list, NULL, added);
    return !a->no_memory && admin_need_user(a, user);
}

bool admin_take_members(struct admin *a, const char *param, cJSON *team)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(a->body, param), *one;
    if (!given || cJSON_IsNull(given))
        return true;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(team, MEMBERS);
    if (!list) {
        admin_set(a, team, MEMBERS, cJSON_CreateArray());
        list = cJSON_GetObjectItemCaseSensitive(team, MEMBERS);
    }
    if (a->no_memory || !cJSON_IsArray(given))
        return !a->no_memory && join(a, list, given, param);
    cJSON_ArrayForEach(one, given) if (!join(a, list, one, param)) return false;
    return true;
}

/* Stores the team's new members, and answers with its row. */
static bool store(struct admin *a, const char *id, cJSON *team, const cJSON *old)
{
    if (!admin_store(a, OBJECT_TEAM, id, team, old, NULL))
        return false;
    a->answer = admin_row(a, OBJECT_TEAM, id, team);
    return true;
}

bool admin_team_member_add(struct admin *a)
{
    char id[ID_MAX + 1];
    const cJSON *budget = cJSON_GetObjectItemCaseSensitive(a->body, "max_budget_in_team");
    if (!cJSON_GetObjectItemCaseSensitive(a->body, "member"))
        return admin_fail(a, 422, "member", "Name the member: {\"user_id\", \"role\"}, or a list of them.");
    if (budget && !cJSON_IsNull(budget)) /* a limit that would not hold must not be accepted */
        return admin_fail(a, 400, "max_budget_in_team",
                          "max_budget_in_team: members have no budgets of their own: give the member's keys one.");
    cJSON *old = admin_find(a, OBJECT_TEAM, id), *team = old ? cJSON_Duplicate(old, true) : NULL;
    a->no_memory |= old && !team;
    bool ok = team && admin_take_members(a, "member", team) && store(a, id, team, old);
    if (ok) {
        admin_add(a, a->answer, "updated_users", cJSON_CreateArray());
        admin_add(a, a->answer, "updated_team_memberships", cJSON_CreateArray());
    }
    cJSON_Delete(old);
    cJSON_Delete(team);
    return ok;
}

bool admin_team_member_delete(struct admin *a)
{
    char id[ID_MAX + 1];
    const char *user = objects_text(a->body, "user_id");
    if (!*user)
        return admin_fail(a, 422, "user_id", "Name the member: user_id.");
    cJSON *old = admin_find(a, OBJECT_TEAM, id), *team = old ? cJSON_Duplicate(old, true) : NULL;
    a->no_memory |= old && !team;
    bool ok = team && (leave(cJSON_GetObjectItemCaseSensitive(team, MEMBERS), user) ||
                       admin_fail(a, 404, "user_id", "The team has no member '%.200s'.", user));
    ok = ok && store(a, id, team, old);
    cJSON_Delete(old);
    cJSON_Delete(team);
    return ok;
}
