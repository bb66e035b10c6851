/* gate: pure, except for the shared memory of table.h and calls.h. What a worker asks for each call: who is it, may he,
 * is there enough left; and what it reports at the end. No allocation, no system call (but the mutex's if it is
 * contended).
 *
 *   gate_find ─▶ gate_allows_route, gate_allows_model ─▶ gate_hold ─▶ gate_grow … ─▶ gate_settle (or gate_cancel)
 *
 * Nothing is spent that was not held: a hold is checked against all accounts of the call at once, and either all have
 * room, or nothing changes. */
#ifndef POINTSMAN_KEYS_GATE_H
#define POINTSMAN_KEYS_GATE_H

#include "proxy/keys/calls.h"

/* Both clocks at one moment. */
struct gate_time {
    int64_t unix_ms;
    uint64_t mono_ms;
};

/* A process's way to the table; made by its user, who keeps everything it points to. */
struct gate {
    struct key_table *table;
    struct calls *calls;
    int budget_status; /* litellm_settings.budget_exceeded_status_code; 0: 400 */
    /* Returns whether the access group `group` has this alias; NULL: there are no groups. Called under the mutex: no
     * gate_* call inside. */
    bool (*in_group)(void *ctx, struct slice group, struct slice alias);
    void *group_ctx;
};

/* A key that was found; valid as long as the request. If the key changes, the next call that gets it sees that. */
struct key_ref {
    unsigned char hash[KEY_HASH_SIZE]; /* of the secret that was sent */
    account_id account;                /* identifies the key; 0: none was found */
    bool master;
};

#define REFUSAL_TEXT 512

/* Why a call is refused: all parts of {"error": {message, type, param, code}}, and of its headers. */
struct key_refusal {
    int status;                 /* HTTP */
    const char *type;           /* "auth_error", "budget_exceeded", "rate_limit_error", … */
    const char *code;           /* "model_not_found"; NULL: the status as text */
    const char *param;          /* "key", "model"; NULL: null */
    char message[REFUSAL_TEXT]; /* which limit, what is left, when it resets */
    int retry_after_s; /* Retry-After: seconds, rounded up, after which this very call would pass; 0: no header */
    const char *rate_limit_type; /* header of 429: "requests", "tokens", "max_parallel_requests"; NULL: none */
    int64_t reset_at_ms;         /* unix ms, when the limit resets; 0: unknown or never */
};

/* Finds the key of a secret. Takes the same time for whatever is sent. false: 401, with what is wrong (missing,
 * malformed, unknown, expired, blocked) in `refusal`. */
MUST_CHECK bool gate_find(struct gate *g, struct slice secret, const struct gate_time *now, struct key_ref *ref,
                          struct key_refusal *refusal);

/* Returns whether the key may call this path, which is of the kind `route`. false: 403 in `refusal`. */
MUST_CHECK bool gate_allows_route(struct gate *g, const struct key_ref *ref, enum key_route route, struct slice path,
                                  struct key_refusal *refusal);

/* Writes the model that a key's `aliases` mean by `model`. false: it is not one of them; `out` is unchanged. */
bool gate_model_alias(struct gate *g, const struct key_ref *ref, struct slice model, char out[KEY_NAME_MAX + 1]);

/* Returns whether the key, and its team (without a team: its user), may call the alias. `target`: the model behind it,
 * which a list may name instead; empty: unknown. A list is all models if it is empty or has `*` or `all-proxy-models`;
 * `all-team-models` means the team's list, `no-default-models` nothing; `prefix*` all that begin so; other names are
 * aliases, models, or access groups. false: 400 with code model_not_found in `refusal`. */
MUST_CHECK bool gate_allows_model(struct gate *g, const struct key_ref *ref, struct slice alias, struct slice target,
                                  struct key_refusal *refusal);
/* The same for a list of models: whether an alias is to be listed for the key. */
bool gate_lists_model(struct gate *g, const struct key_ref *ref, struct slice alias, struct slice target);

/* What a call needs, and what its row says. */
struct key_need {
    struct slice alias;    /* the model that the client named; decides the accounts of models, with `target` */
    struct slice target;   /* the model behind it; empty: unknown */
    int64_t nano;          /* nano-USD to hold, 0 to MONEY_MAX; 0 (no cost, or no price) passes each budget */
    int64_t tokens;        /* prompt and reply, for tpm; at least 0 */
    struct slice customer; /* `user` of the body; counts for a customer's account if the table has one. May be empty */
    struct slice request_id, session; /* may be empty */
    unsigned flags;                   /* enum call_flags */
};

/* A call that holds; {0}: none. */
struct key_hold {
    uint32_t slot; /* + 1; 0: none */
    uint64_t id;   /* of the call */
};

/* Holds what the call needs in all its accounts, or in none, and opens its slot. Checks the key again: it may have been
 * blocked since gate_find(). true: `hold` must be settled or canceled. false: `refusal`: 401; budget_exceeded, by
 * default 400 with code model_not_found; 429 with the time after which all limits have room; 503 if no slot is free. */
MUST_CHECK bool gate_hold(struct gate *g, const struct key_ref *ref, const struct key_need *need,
                          const struct gate_time *now, struct key_hold *hold, struct key_refusal *refusal);

/* Raises what the call holds to these amounts in all; smaller ones change nothing. Always raises, so that others see
 * it. false: a budget has less than that left: the caller may end the call. */
bool gate_grow(struct gate *g, const struct key_hold *hold, int64_t nano, int64_t tokens, const struct gate_time *now);

/* What a call came to. */
struct key_bill {
    int64_t nano;                                 /* nano-USD, 0 to MONEY_MAX; may exceed what was held */
    int64_t tokens_in, tokens_cached, tokens_out; /* at least 0; cached is a part of in */
    struct slice model;                           /* that answered; empty: none */
    int http_status;                              /* of the reply; 0: the client disconnected before it */
    unsigned flags;                               /* enum call_flags, added to those of the need */
};

/* Limits and what is left of them, for headers. Negative: no such limit. */
struct gate_left {
    int64_t requests, requests_left, tokens, tokens_left, parallel, parallel_left;
};
struct gate_limits {
    struct gate_left key, team, user, model_per_key;
    int64_t spent_nano;         /* of the key: in the period of its first budget, or ever; with what it holds */
    int64_t max_budget_nano;    /* its first budget; negative: none */
    int64_t start_ms, reset_ms; /* that budget's period, unix ms; reset_ms INT64_MAX: it does not end */
};

/* Replaces what is held by what it cost, in the period of now, closes the slot, and empties `hold`. Does nothing with
 * an empty one. `after`: gets the limits as they are then; NULL: not wanted. Returns true if the keeper sleeps and must
 * be woken. */
bool gate_settle(struct gate *g, struct key_hold *hold, const struct key_bill *bill, const struct gate_time *now,
                 struct gate_limits *after);
/* Undoes a hold, as if the call had never been: no row. */
void gate_cancel(struct gate *g, struct key_hold *hold, const struct gate_time *now);

/* Returns the limits as they are during this call; an empty hold: all negative. */
void gate_limits(struct gate *g, const struct key_hold *hold, const struct gate_time *now, struct gate_limits *out);

/* Names of a key, for the request log. */
struct gate_names {
    char alias[KEY_NAME_MAX + 1], team[KEY_NAME_MAX + 1], user[KEY_NAME_MAX + 1]; /* "": none */
    char tags[KEY_NAME_MAX + 1]; /* separated by commas; those that fit */
};
void gate_names(struct gate *g, const struct key_ref *ref, struct gate_names *out);

/* The keeper's side. */

/* Sets what an account has spent, from the sums of the store: `total_nano` ever, and `spent_nano[i]` in the current
 * period of its budget i. Adds the CLOSED slots, which are not in the store yet: take none into it between reading the
 * sums and this. Unknown: nothing happens. */
void gate_set_spent(struct gate *g, account_id id, int64_t total_nano, const int64_t spent_nano[ACCOUNT_BUDGETS],
                    int64_t now_ms);
/* Frees a slot whose row is committed. */
void gate_free_slot(struct gate *g, unsigned slot);
/* Says that the keeper sleeps until it is woken: the next gate_settle() returns true, once. false: there are closed
 * slots, do not sleep. */
MUST_CHECK bool gate_sleep(struct gate *g);

#endif
