/* calls: the calls file, "STORE-calls": a slot for each call that holds money, in a file that all processes map. What
 * is written there survives the death of any of them, at no system call; the keeper takes closed slots into its store.
 *
 *   FREE ──gate_hold()──▶ OPEN ──gate_settle()──▶ CLOSED ──the keeper has committed its row──▶ FREE
 *                          └─────── at the next start, OPEN after a crash: a row with the held amount, estimated
 *
 * Changes of a slot are made under the mutex of the key table (gate.c), except that the keeper may read at any time. */
#ifndef POINTSMAN_KEYS_CALLS_H
#define POINTSMAN_KEYS_CALLS_H

#include "proxy/keys/table.h"

#include <stdatomic.h>

#define CALLS_SLOTS 8192 /* what the parent asks for: calls in flight, and closed ones until a commit; 4 MB */

enum call_state { CALL_FREE, CALL_OPEN, CALL_CLOSED };

/* Which account a call draws on as what; index of call_slot.accounts. The numbers are in the file. */
enum call_role {
    ROLE_KEY, /* the key's own, or the master key's */
    ROLE_TEAM,
    ROLE_USER,
    ROLE_BUDGET,
    ROLE_CUSTOMER,
    ROLE_KEY_MODEL, /* the account of the called model of the key; below, of the team, of the user */
    ROLE_TEAM_MODEL,
    ROLE_USER_MODEL,
    ROLES,
};

enum call_flags {
    CALL_ESTIMATED = 1, /* the amount is not from the provider's usage */
    CALL_CACHE_HIT = 2, /* answered from the reply cache */
    CALL_STREAMED = 4,
    CALL_RECORDED = 8,   /* the keeper's: a row says that it is open */
    CALL_UNPRICED = 16,  /* its price is unknown: nano is 0 */
    CALL_WIRE_SHIFT = 8, /* enum wire << 8: the client's API */
};

/* 512 bytes (calls.c checks that). Texts are cut to their size and end with a NUL. */
struct call_slot {
    _Atomic uint32_t state; /* enum call_state; CLOSED is stored last, so that who reads it reads the rest, too */
    uint32_t flags;
    uint64_t id; /* of the call: unique for ever in this store; above 0 */
    unsigned char key[KEY_HASH_SIZE];
    account_id accounts[ROLES];   /* 0: none */
    uint32_t at[ROLES];           /* the table's index of each; means nothing after a restart */
    uint64_t rate_step;           /* as rate_add() returned it */
    int64_t started_ms, ended_ms; /* unix ms; ended_ms decides the period of the amount */
    int64_t held_nano, held_tokens;
    int64_t nano;                                 /* CLOSED: what it cost */
    int64_t tokens_in, tokens_cached, tokens_out; /* CLOSED; cached is a part of in */
    int32_t http_status;                          /* CLOSED: of the reply; 0: the client disconnected before it */
    uint32_t next;                                /* FREE: the list of free slots */
    char alias[72];                               /* the model that the client named */
    char model[72];                               /* CLOSED: the model that answered; "": none */
    char request_id[40];
    char customer[64]; /* the `user` of the request's body */
    char session[40];
};

struct calls;

/* Opens the calls file, or makes it with `slots` slots, 0600; its space is allocated, so that a full disk is an error
 * here and nowhere else. Locks it until the last process that inherited it ends. Call before fork(2). NULL: another
 * process has it, it is not a calls file or of a newer version, or an error of the system: a message in `error`. A file
 * with another number of slots is used as it is if a slot is in use, else made anew. */
struct calls *calls_open(const char *path, unsigned slots, struct buf *error);
/* Unmaps and closes it in this process; NULL is allowed. */
void calls_close(struct calls *c);

/* Makes ids begin at `id` at least: the keeper calls it with the greatest id of its store + 1, before the workers run.
 */
void calls_begin_at(struct calls *c, uint64_t id);
/* Returns the id that the next call will get: what the keeper stores to be sure that ids grow if the file is lost. */
uint64_t calls_next_id(const struct calls *c);

/* Returns the index of the first slot in this state, from index `from` on; calls_end() if there is none. Looks only at
 * slots that were ever in use. */
unsigned calls_find(const struct calls *c, enum call_state state, unsigned from);
unsigned calls_end(const struct calls *c);
/* Returns a slot, valid until calls_close(). A copy of an OPEN one may have one field newer than another. */
struct call_slot *calls_slot(struct calls *c, unsigned index);
unsigned calls_index(const struct calls *c, const struct call_slot *slot);
/* Returns how many slots are OPEN or CLOSED. */
unsigned calls_in_use(const struct calls *c);

/* For gate.c, under the mutex. */

/* Takes a free slot, with its id and the state FREE; everything else is 0. NULL: none is free. */
struct call_slot *calls_take(struct calls *c);
/* Gives a slot back. */
void calls_give_back(struct calls *c, struct call_slot *slot);

#endif
