/* pure: except for the file: the key store's ledger, calls and what they took from accounts. */
#include "proxy/keys/key_store_private.h"

#include <sodium.h>
#include <string.h>

#define CHARGES_MS (32 * INT64_C(86400000))

/* What a call took, once it has ended. */
static bool charge(struct key_store *s, account_id account, int64_t ended_ms, int64_t call, int64_t nano)
{
    sqlite3_stmt *add = key_store_statement(s, ADD_CHARGE), *total = key_store_statement(s, ADD_TOTAL);
    if (!add || !total)
        return false;
    (void)sqlite3_bind_int64(add, 1, (int64_t)account);
    (void)sqlite3_bind_int64(add, 2, ended_ms);
    (void)sqlite3_bind_int64(add, 3, call);
    (void)sqlite3_bind_int64(add, 4, nano);
    (void)sqlite3_bind_int64(total, 1, (int64_t)account);
    (void)sqlite3_bind_int64(total, 2, nano);
    return key_store_run(s, add) && key_store_run(s, total);
}

static bool charge_all(struct key_store *s, const account_id accounts[ROLES], int64_t ended_ms, int64_t call,
                       int64_t nano)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < ROLES; i++)
        if (accounts[i])
            ok = charge(s, accounts[i], ended_ms, call, nano);
    return ok;
}

static struct slice text_of(const char *text, size_t size)
{
    return (struct slice){text, strnlen(text, size)};
}

static void bind_call(sqlite3_stmt *add, const struct call_slot *slot, const char *key, bool closed)
{
    const int64_t numbers[] = {closed ? slot->nano : slot->held_nano,
                               slot->tokens_in,
                               slot->tokens_cached,
                               slot->tokens_out,
                               slot->http_status,
                               (int64_t)slot->flags};
    const struct slice names[] = {text_of(slot->alias, sizeof slot->alias), text_of(slot->model, sizeof slot->model),
                                  text_of(slot->request_id, sizeof slot->request_id),
                                  text_of(slot->customer, sizeof slot->customer),
                                  text_of(slot->session, sizeof slot->session)};
    (void)sqlite3_bind_int64(add, 1, (int64_t)slot->id);
    key_store_bind(add, 2, slice_of(key));
    (void)sqlite3_bind_blob(add, 3, slot->accounts, sizeof slot->accounts, SQLITE_STATIC);
    (void)sqlite3_bind_int64(add, 4, slot->started_ms);
    if (closed)
        (void)sqlite3_bind_int64(add, 5, slot->ended_ms);
    else
        (void)sqlite3_bind_null(add, 5);
    for (int i = 0; i < 6; i++)
        (void)sqlite3_bind_int64(add, 6 + i, numbers[i]);
    for (int i = 0; i < 5; i++)
        key_store_bind(add, 12 + i, names[i]);
}

bool key_store_add_call(struct key_store *s, const struct call_slot *slot)
{
    char key[2 * KEY_HASH_SIZE + 1];
    bool closed = slot->state == CALL_CLOSED;
    sqlite3_stmt *add = key_store_statement(s, ADD_CALL);
    if (!add)
        return false;
    (void)sodium_bin2hex(key, sizeof key, slot->key, sizeof slot->key);
    bind_call(add, slot, key, closed);
    if (!key_store_run(s, add))
        return false;
    if (!closed || !sqlite3_changes(s->db)) /* no change: its end is stored already */
        return true;
    return charge_all(s, slot->accounts, slot->ended_ms, (int64_t)slot->id, slot->nano);
}

static bool in_calls_file(const struct calls *calls, uint64_t id)
{
    for (unsigned i = calls_find(calls, CALL_OPEN, 0); i < calls_end(calls); i = calls_find(calls, CALL_OPEN, i + 1))
        if (calls_slot((struct calls *)calls, i)->id == id)
            return true;
    return false;
}

int key_store_settle_lost(struct key_store *s, const struct calls *calls)
{
    struct call_slot slot;
    int count = 0;
    for (;;) {
        sqlite3_stmt *open = key_store_statement(s, OPEN_CALLS);
        bool found = false;
        int step = SQLITE_ERROR;
        while (open && !found && (step = sqlite3_step(open)) == SQLITE_ROW)
            found = !in_calls_file(calls, (uint64_t)sqlite3_column_int64(open, 0));
        if (found) {
            slot = (struct call_slot){.id = (uint64_t)sqlite3_column_int64(open, 0),
                                      .started_ms = sqlite3_column_int64(open, 2),
                                      .nano = sqlite3_column_int64(open, 3),
                                      .flags = CALL_ESTIMATED};
            slot.state = CALL_CLOSED;
            slot.ended_ms = slot.started_ms;
            if (sqlite3_column_bytes(open, 1) == sizeof slot.accounts)
                memcpy(slot.accounts, sqlite3_column_blob(open, 1), sizeof slot.accounts);
        }
        if (open)
            (void)sqlite3_reset(open);
        if (!found)
            return step == SQLITE_DONE ? count : -1;
        if (!key_store_add_call(s, &slot))
            return -1;
        count++;
    }
}

static int64_t sum(sqlite3_stmt *statement)
{
    int64_t value = statement && sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    if (statement)
        (void)sqlite3_reset(statement);
    return value;
}

uint64_t key_store_last_call(struct key_store *s)
{
    return (uint64_t)sum(key_store_statement(s, LAST_CALL));
}

int64_t key_store_charged(struct key_store *s, account_id account, int64_t since_ms)
{
    sqlite3_stmt *statement = key_store_statement(s, since_ms ? CHARGED : CHARGED_EVER);
    if (!statement)
        return 0;
    (void)sqlite3_bind_int64(statement, 1, (int64_t)account);
    if (since_ms)
        (void)sqlite3_bind_int64(statement, 2, since_ms);
    return sum(statement);
}

bool key_store_adjust(struct key_store *s, account_id account, int64_t now_ms, int64_t nano)
{
    bool ok = key_store_begin(s) && charge(s, account, now_ms, 0, nano) && key_store_commit(s);
    key_store_rollback(s);
    return ok;
}

bool key_store_forget(struct key_store *s, int64_t before_ms, int64_t now_ms)
{
    const int64_t month_ms = now_ms - CHARGES_MS;
    const struct {
        enum statement statement;
        int64_t before_ms;
    } both[] = {{FORGET_CALLS, before_ms}, {FORGET_CHARGES, before_ms < month_ms ? before_ms : month_ms}};
    bool ok = true;
    for (size_t i = 0; ok && i < 2; i++) {
        sqlite3_stmt *statement = key_store_statement(s, both[i].statement);
        if (statement)
            (void)sqlite3_bind_int64(statement, 1, both[i].before_ms);
        ok = key_store_run(s, statement);
    }
    return ok;
}

bool key_store_calls(struct key_store *s, const struct key_store_query *query,
                     void (*each)(void *ctx, const struct key_store_call *call), void *ctx)
{
    sqlite3_stmt *rows = key_store_statement(s, CALLS);
    int step = SQLITE_ERROR;
    if (!rows)
        return false;
    key_store_bind(rows, 1, query->key);
    key_store_bind(rows, 2, query->request_id);
    (void)sqlite3_bind_int64(rows, 3, query->since_ms);
    (void)sqlite3_bind_int64(rows, 4, query->until_ms);
    (void)sqlite3_bind_int64(rows, 5, query->most);
    while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
        const struct key_store_call call = {
            .id = sqlite3_column_int64(rows, 0),
            .started_ms = sqlite3_column_int64(rows, 1),
            .ended_ms = sqlite3_column_int64(rows, 2),
            .nano = sqlite3_column_int64(rows, 3),
            .tokens_in = sqlite3_column_int64(rows, 4),
            .tokens_cached = sqlite3_column_int64(rows, 5),
            .tokens_out = sqlite3_column_int64(rows, 6),
            .status = sqlite3_column_int(rows, 7),
            .flags = (unsigned)sqlite3_column_int(rows, 8),
            .key = key_store_column(rows, 9),
            .alias = key_store_column(rows, 10),
            .model = key_store_column(rows, 11),
            .request_id = key_store_column(rows, 12),
            .customer = key_store_column(rows, 13),
            .session = key_store_column(rows, 14),
        };
        each(ctx, &call);
    }
    (void)sqlite3_reset(rows);
    return step == SQLITE_DONE;
}
