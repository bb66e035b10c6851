/* admin_private: what the files of the administration share. */
#ifndef POINTSMAN_KEYS_ADMIN_PRIVATE_H
#define POINTSMAN_KEYS_ADMIN_PRIVATE_H

#include "proxy/keys/admin.h"

#define HASH_HEX (2 * KEY_HASH_SIZE + 1) /* bytes of a hash in hexadecimal, with its end */
#define ID_MAX KEY_NAME_MAX

/* A request that is being answered. */
struct admin {
    const struct objects *o;
    const struct admin_request *request;
    struct slice path; /* of the request, without /v1 */
    cJSON *body;       /* the request's, an object; owned */
    cJSON *answer;     /* owned */
    int status;
    bool no_memory;
};

/* Sets the error that is the answer: LiteLLM's {"error":{"message","type","param","code"}}. Returns false. */
bool admin_fail(struct admin *a, int status, const char *param, const char *format, ...) PRINTF_LIKE(4, 5);
/* Add a member; out of memory sets a->no_memory. `name` NULL: an element. */
void admin_add(struct admin *a, cJSON *in, const char *name, cJSON *item);
void admin_add_text(struct admin *a, cJSON *in, const char *name, const char *text);
void admin_add_number(struct admin *a, cJSON *in, const char *name, double number);
void admin_add_null(struct admin *a, cJSON *in, const char *name);
/* Adds a time as ISO 8601, UTC; 0 or less: null. */
void admin_add_time(struct admin *a, cJSON *in, const char *name, double unix_ms);
/* Adds nano-USD as USD. */
void admin_add_usd(struct admin *a, cJSON *in, const char *name, int64_t nano);
/* Sets a member of a document of the store, replacing an old one. */
void admin_set(struct admin *a, cJSON *doc, const char *name, cJSON *item);

/* Returns a parameter of the query, decoded, in `out`; false: it is not there. */
bool admin_parameter(const struct admin *a, const char *name, char out[ID_MAX + 1]);
/* The same as a whole number at least 0; `otherwise` if it is not there or no number. */
long admin_number_parameter(const struct admin *a, const char *name, long otherwise);

/* admin_fields.c: copies the body's fields for objects of this kind into `doc`; null removes one. false: a field has a
 * wrong type or value; the error is set. */
MUST_CHECK bool admin_take_fields(struct admin *a, enum object_kind kind, cJSON *doc);

/* admin_rows.c */

/* Returns an object of the store, owned by the caller; NULL: there is none, or out of memory. */
cJSON *admin_get(struct admin *a, enum object_kind kind, const char *id);
/* Returns an object as an answer shows it: its fields, and what it has spent. `hash`: of a key; else NULL. */
cJSON *admin_row(struct admin *a, enum object_kind kind, const char *id, const cJSON *doc);
/* Stores an object and puts it in force, both or neither. `old`: the object before; NULL: none. `old_id`: of a key with
 * a new secret, else NULL. false: the error is set. */
MUST_CHECK bool admin_store(struct admin *a, enum object_kind kind, const char *id, cJSON *doc, const cJSON *old,
                            const char *old_id);
/* Removes an object; false: the error is set. */
MUST_CHECK bool admin_remove(struct admin *a, enum object_kind kind, const char *id);
/* Makes a user who is named for the first time, as LiteLLM does. false: the error is set. */
MUST_CHECK bool admin_need_user(struct admin *a, const char *id);
/* Finds the object that the body names by its id. NULL: the error is set. Owned by the caller. (admin_others.c) */
cJSON *admin_find(struct admin *a, enum object_kind kind, char id[ID_MAX + 1]);
/* Adds the body's members, one or a list, to the team's. false: the error is set. (admin_members.c) */
MUST_CHECK bool admin_take_members(struct admin *a, const char *param, cJSON *team);
/* Writes the hash of a key that is named by its secret or its hash. */
void admin_hash(const char *named, char hash[HASH_HEX]);

/* The routes. Each fills a->answer, or sets an error and returns false. */
typedef bool admin_route(struct admin *a);
admin_route admin_key_generate, admin_key_update, admin_key_delete, admin_key_info, admin_key_list,
    admin_key_regenerate, admin_key_block, admin_key_unblock, admin_key_reset_spend, admin_key_health, admin_key_import;
admin_route admin_team_new, admin_team_update, admin_team_delete, admin_team_info, admin_team_list, admin_team_block,
    admin_team_unblock, admin_team_member_add, admin_team_member_delete;
admin_route admin_user_new, admin_user_update, admin_user_delete, admin_user_info, admin_user_list;
admin_route admin_budget_new, admin_budget_update, admin_budget_delete, admin_budget_info, admin_budget_list;
admin_route admin_customer_new, admin_customer_update, admin_customer_delete, admin_customer_info, admin_customer_list,
    admin_customer_block, admin_customer_unblock;
admin_route admin_spend_logs, admin_spend_keys, admin_spend_users, admin_spend_tags, admin_global_spend, admin_backup,
    admin_check;

#endif
