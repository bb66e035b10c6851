/* key_lab: a key table, a calls file and a gate for unit tests, with a clock that the test sets. */
#ifndef POINTSMAN_UNIT_KEY_LAB_H
#define POINTSMAN_UNIT_KEY_LAB_H

#include "tests/unit/folder.h"
#include "proxy/keys/gate.h"

#define LAB_START_MS 1796126400000 /* 2026-12-01 12:00:00 UTC */
#define USD(amount) ((int64_t)((amount) * 1e9 + 0.5))

static struct gate lab;
static struct gate_time lab_now;
static struct key_refusal lab_refusal;

static inline void lab_open_calls(unsigned slots)
{
    struct buf error;
    buf_init(&error, 1000);
    lab.calls = calls_open(folder_at("keys-calls"), slots, &error);
    assert_string_equal(error.len ? buf_text(&error) : "", "");
    assert_non_null(lab.calls);
}

static inline void lab_make(unsigned capacity, unsigned slots)
{
    lab = (struct gate){.table = keys_table_new(capacity, NULL)};
    lab_now = (struct gate_time){LAB_START_MS, 1000000};
    assert_non_null(lab.table);
    lab_open_calls(slots);
}

static inline int lab_enter(void **state)
{
    if (folder_enter(state) != 0)
        return -1;
    lab_make(100, 64);
    return 0;
}

static inline int lab_leave(void **state)
{
    keys_table_free(lab.table);
    calls_close(lab.calls);
    return folder_leave(state);
}

static inline void lab_pass(int64_t ms)
{
    lab_now.unix_ms += ms;
    lab_now.mono_ms += (uint64_t)ms;
}

/* An account without limits. */
static inline struct account_def lab_account(enum account_kind kind, const char *name)
{
    return (struct account_def){.id = table_account_id(kind, slice_of(name)),
                                .kind = kind,
                                .name = slice_of(name),
                                .rpm = -1,
                                .tpm = -1,
                                .parallel = -1};
}

static inline void lab_budget(struct account_def *a, int64_t nano, const char *duration)
{
    struct budget_def *b = &a->budgets[a->budget_count++];
    *b = (struct budget_def){.limit_nano = nano};
    if (*duration)
        assert_true(periods_parse(slice_of(duration), &b->period));
}

static inline account_id lab_put(const struct account_def *a)
{
    assert_int_equal(table_put_account(lab.table, a, lab_now.unix_ms), TABLE_OK);
    return a->id;
}

/* A key of the account "KEY:secret" with the alias "agent-7". */
static inline struct key_def lab_key(const char *secret)
{
    struct key_def k = {
        .account = table_account_id(ACCOUNT_KEY, slice_of(secret)), .routes = KEY_ROUTE_ALL, .alias = SLICE("agent-7")};
    table_hash(slice_of(secret), k.hash);
    return k;
}

static inline void lab_put_key(const struct key_def *k)
{
    assert_int_equal(table_put_key(lab.table, k), TABLE_OK);
}

/* Makes a key with its account; `own` NULL: without limits. */
static inline account_id lab_new_key(const char *secret, const struct account_def *own)
{
    struct account_def plain = lab_account(ACCOUNT_KEY, secret);
    plain.label = SLICE("agent-7");
    account_id id = lab_put(own ? own : &plain);
    struct key_def key = lab_key(secret);
    lab_put_key(&key);
    return id;
}

static inline struct key_ref lab_find(const char *secret)
{
    struct key_ref ref;
    assert_true(gate_find(&lab, slice_of(secret), &lab_now, &ref, &lab_refusal));
    return ref;
}

static inline bool lab_hold_for(const struct key_ref *ref, int64_t nano, int64_t tokens, struct key_hold *hold)
{
    struct key_need need = {.alias = SLICE("codex"), .target = SLICE("openai/gpt"), .nano = nano, .tokens = tokens};
    return gate_hold(&lab, ref, &need, &lab_now, hold, &lab_refusal);
}

static inline bool lab_hold(const char *secret, int64_t nano, int64_t tokens, struct key_hold *hold)
{
    struct key_ref ref = lab_find(secret);
    return lab_hold_for(&ref, nano, tokens, hold);
}

static inline bool lab_settle(struct key_hold *hold, int64_t nano, int64_t tokens)
{
    struct key_bill bill = {.nano = nano, .tokens_in = tokens, .http_status = 200, .model = SLICE("gpt")};
    return gate_settle(&lab, hold, &bill, &lab_now, NULL);
}

static inline struct account_state lab_read(account_id id)
{
    struct account_state state = {0};
    assert_true(table_read_account(lab.table, id, lab_now.unix_ms, lab_now.mono_ms, &state));
    return state;
}

/* The last refusal says this. */
static inline void lab_refused(int status, const char *text)
{
    if (lab_refusal.status != status || !strstr(lab_refusal.message, text))
        print_error("%d: %s\n", lab_refusal.status, lab_refusal.message);
    assert_int_equal(lab_refusal.status, status);
    assert_non_null(strstr(lab_refusal.message, text));
}

#define LAB_TEST(name) cmocka_unit_test_setup_teardown(name, lab_enter, lab_leave)

#endif
