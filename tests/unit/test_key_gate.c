/* Unit tests of proxy/keys/gate_hold and gate_state: what calls hold, what they come to, and which limit refuses. */
#include "tests/unit/key_lab.h"
#include "proxy/keys/private.h"

TEST(a_call_holds_and_settles)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold, again;
    lab_budget(&own, USD(5), "1d");
    own.parallel = 9;
    account_id id = lab_new_key("sk-one", &own);
    struct key_need need = {.alias = SLICE("codex"),
                            .nano = USD(0.02),
                            .tokens = 3000,
                            .request_id = SLICE("req-1"),
                            .session = SLICE("an id of a session that is longer than the slot \303\244 has room for"),
                            .flags = CALL_STREAMED};
    struct key_ref ref = lab_find("sk-one");
    assert_true(gate_hold(&lab, &ref, &need, &lab_now, &hold, &lab_refusal));
    struct call_slot *s = calls_slot(lab.calls, hold.slot - 1);
    assert_int_equal(s->state, CALL_OPEN);
    assert_int_equal(s->id, hold.id);
    assert_memory_equal(s->key, ref.hash, KEY_HASH_SIZE);
    assert_true(s->accounts[ROLE_KEY] == id && s->accounts[ROLE_TEAM] == 0);
    assert_int_equal(s->held_nano, USD(0.02));
    assert_int_equal(s->started_ms, LAB_START_MS);
    assert_string_equal(s->alias, "codex");
    assert_string_equal(s->request_id, "req-1");
    assert_int_equal(strlen(s->session), sizeof s->session - 1);
    struct account_state now = lab_read(id);
    assert_int_equal(now.held_nano, USD(0.02));
    assert_int_equal(now.in_flight, 1);
    assert_int_equal(now.budgets[0].spent_nano, 0);
    lab_pass(2000);
    again = hold;
    struct key_bill bill = {USD(0.03), 2000, 500, 100, SLICE("gpt-5"), 200, CALL_ESTIMATED};
    assert_false(gate_settle(&lab, &hold, &bill, &lab_now, NULL)); /* nobody sleeps */
    assert_int_equal(hold.slot, 0);
    assert_int_equal(s->state, CALL_CLOSED);
    assert_int_equal(s->nano, USD(0.03));
    assert_true(s->tokens_in == 2000 && s->tokens_cached == 500 && s->tokens_out == 100 && s->http_status == 200);
    assert_int_equal(s->flags, CALL_STREAMED | CALL_ESTIMATED);
    assert_int_equal(s->ended_ms, LAB_START_MS + 2000);
    assert_string_equal(s->model, "gpt-5");
    for (unsigned i = 0; i < 3; i++) { /* a call ends once */
        now = lab_read(id);
        assert_true(now.held_nano == 0 && now.in_flight == 0);
        assert_true(now.total_nano == USD(0.03) && now.budgets[0].spent_nano == USD(0.03));
        (void)gate_settle(&lab, i ? &again : &hold, &bill, &lab_now, NULL);
    }
    assert_int_equal(calls_in_use(lab.calls), 1);
    gate_free_slot(&lab, (unsigned)(s - calls_slot(lab.calls, 0)));
    assert_int_equal(calls_in_use(lab.calls), 0);
}

TEST(texts_are_cut_between_characters)
{
    lab_new_key("sk-one", NULL);
    struct key_hold hold;
    char alias[100];
    memset(alias, 'a', sizeof alias);
    memcpy(alias + 70, "\342\202\254", 3); /* a slot has 72 bytes with the NUL */
    struct key_need need = {.alias = {alias, sizeof alias}};
    struct key_ref ref = lab_find("sk-one");
    assert_true(gate_hold(&lab, &ref, &need, &lab_now, &hold, &lab_refusal));
    assert_int_equal(strlen(calls_slot(lab.calls, hold.slot - 1)->alias), 70);
}

TEST(a_budget_refuses)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold, other;
    own.label = SLICE("agent-7");
    lab_budget(&own, USD(5), "1d");
    lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", USD(4.98), 0, &hold));
    lab_settle(&hold, USD(4.975), 0);
    assert_true(lab_hold("sk-one", USD(0.01), 0, &hold));
    assert_false(lab_hold("sk-one", USD(0.0151), 0, &other));
    assert_string_equal(
        lab_refusal.message,
        "Budget has been exceeded: key \"agent-7\" may spend $5.00 per 1d, has spent $4.975, and $0.01 is reserved for "
        "requests in flight. This request may need $0.0151, and $0.015 is left. The budget resets at "
        "2026-12-02T00:00:00Z.");
    assert_int_equal(lab_refusal.status, 400);
    assert_string_equal(lab_refusal.code, "model_not_found");
    assert_string_equal(lab_refusal.type, "budget_exceeded");
    assert_int_equal(lab_refusal.retry_after_s, 0);
    assert_int_equal(lab_refusal.reset_at_ms, LAB_START_MS + 43200000);
    assert_true(lab_hold("sk-one", USD(0.015), 0, &other)); /* to the last cent */
    assert_false(lab_hold("sk-one", 1, 0, &other));
    assert_true(lab_hold("sk-one", 0, 0, &other)); /* what costs nothing goes on */
    lab.budget_status = 422;
    assert_false(lab_hold("sk-one", 1, 0, &other));
    assert_int_equal(lab_refusal.status, 422);
    assert_null(lab_refusal.code);
    lab_pass(43200000); /* midnight: what is in flight is still held */
    assert_true(lab_hold("sk-one", USD(4.975), 0, &other));
    assert_false(lab_hold("sk-one", 1, 0, &other));
    own.budget_count = 0;
    lab_budget(&own, USD(0.5), "");
    lab_put(&own);
    assert_false(lab_hold("sk-one", USD(0.51), 0, &other));
    lab_refused(422, "The budget does not reset.");
    assert_int_equal(lab_refusal.reset_at_ms, 0);
}

TEST(a_settle_may_exceed_its_hold)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold;
    lab_budget(&own, USD(1), "1d");
    account_id id = lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", USD(0.1), 0, &hold));
    lab_settle(&hold, USD(1.5), 0);
    assert_int_equal(lab_read(id).budgets[0].spent_nano, USD(1.5));
    assert_false(lab_hold("sk-one", 1, 0, &hold));
    lab_refused(400, "has spent $1.50");
    lab_refused(400, "and $0.00 is left");
    assert_true(lab_hold("sk-one", 0, 0, &hold)); /* what costs nothing goes on */
}

/* All accounts of a call, or none. */
TEST(several_accounts_at_once)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one"), team = lab_account(ACCOUNT_TEAM, "core");
    struct account_def user = lab_account(ACCOUNT_USER, "ann"), budget = lab_account(ACCOUNT_BUDGET, "shared");
    struct account_def model = lab_account(ACCOUNT_MODEL, "1:sk-one/codex"), wide = model, customer;
    customer = lab_account(ACCOUNT_CUSTOMER, "c1");
    own.label = SLICE("agent-7");
    lab_budget(&own, USD(9), "1d");
    lab_budget(&own, USD(50), "1mo");
    account_id all[] = {lab_new_key("sk-one", &own), team.id, user.id, budget.id, model.id, customer.id};
    struct account_def *limits[] = {&own, &team, &user, &budget, &model, &customer};
    static const char *const NAMES[] = {
        "key", "team \"core\"", "user \"ann\"", "budget \"shared\"", "model \"codex\" of key", "customer \"c1\""};
    struct key_def key = lab_key("sk-one");
    key.team = lab_put(&team);
    key.user = lab_put(&user);
    key.budget = lab_put(&budget);
    wide.id = table_account_id(ACCOUNT_MODEL, SLICE("1:sk-one/*"));
    wide.owner = model.owner = own.id;
    wide.model = SLICE("*");
    wide.rpm = 0;
    model.model = SLICE("codex");
    lab_put(&model);
    lab_put(&wide); /* the longer name wins: its limit of 0 is not asked */
    lab_put(&customer);
    lab_put_key(&key);
    struct key_need need = {.alias = SLICE("codex"), .nano = USD(1), .tokens = 10, .customer = SLICE("c1")};
    struct key_ref ref = lab_find("sk-one");
    struct key_hold hold;
    for (unsigned i = 1; i < COUNT_OF(limits); i++) { /* each in turn has too little */
        struct account_def tight = *limits[i];
        tight.budget_count = 0;
        lab_budget(&tight, USD(0.5), "7d");
        lab_put(&tight);
        assert_false(gate_hold(&lab, &ref, &need, &lab_now, &hold, &lab_refusal));
        lab_refused(400, NAMES[i]);
        lab_refused(400, "per 7d");
        for (unsigned k = 0; k < COUNT_OF(all); k++)
            assert_true(lab_read(all[k]).held_nano == 0 && lab_read(all[k]).in_flight == 0);
        lab_put(limits[i]);
    }
    assert_int_equal(calls_in_use(lab.calls), 0);
    assert_true(gate_hold(&lab, &ref, &need, &lab_now, &hold, &lab_refusal));
    for (unsigned k = 0; k < COUNT_OF(all); k++)
        assert_true(lab_read(all[k]).held_nano == USD(1) && lab_read(all[k]).in_flight == 1);
    lab_settle(&hold, USD(2), 10);
    for (unsigned k = 0; k < COUNT_OF(all); k++)
        assert_true(lab_read(all[k]).held_nano == 0 && lab_read(all[k]).total_nano == USD(2));
    assert_int_equal(lab_read(own.id).budgets[1].spent_nano, USD(2));
    need.alias = SLICE("other");
    assert_false(gate_hold(&lab, &ref, &need, &lab_now, &hold, &lab_refusal));
    lab_refused(400, "model \"*\" of key");
    customer.blocked = true;
    lab_put(&customer);
    assert_false(gate_hold(&lab, &ref, &need, &lab_now, &hold, &lab_refusal));
    lab_refused(400, "customer");
}

TEST(rates_refuse_with_true_seconds)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one"), team = lab_account(ACCOUNT_TEAM, "core");
    struct key_hold hold;
    own.rpm = 2;
    own.tpm = 1000;
    lab_new_key("sk-one", &own);
    struct key_def key = lab_key("sk-one");
    key.team = lab_put(&team);
    lab_put_key(&key);
    assert_true(lab_hold("sk-one", 0, 600, &hold));
    lab_pass(20000);
    assert_false(lab_hold("sk-one", 0, 401, &hold)); /* 1000000 ms is the begin of a step: free after 60.5 s */
    assert_int_equal(lab_refusal.status, 429);
    assert_int_equal(lab_refusal.retry_after_s, 41);
    assert_int_equal(lab_refusal.reset_at_ms, LAB_START_MS + 60500);
    assert_string_equal(lab_refusal.rate_limit_type, "tokens");
    assert_string_equal(lab_refusal.message,
                        "Rate limit exceeded: key may have 1000 tokens per minute, 400 left, and this request needs "
                        "401. There is room at 2026-12-01T12:01:00Z, in 41 s.");
    assert_true(lab_hold("sk-one", 0, 400, &hold));
    assert_false(lab_hold("sk-one", 0, 0, &hold));
    assert_string_equal(lab_refusal.rate_limit_type, "requests");
    assert_int_equal(lab_refusal.retry_after_s, 41);
    team.parallel = 2;
    lab_put(&team);
    assert_false(lab_hold("sk-one", 0, 700, &hold)); /* the longest wait: for the tokens of the second, too */
    assert_string_equal(lab_refusal.rate_limit_type, "tokens");
    assert_int_equal(lab_refusal.retry_after_s, 61);
    lab_pass(40500);
    assert_false(lab_hold("sk-one", 0, 500, &hold));
    assert_string_equal(lab_refusal.rate_limit_type, "max_parallel_requests");
    assert_int_equal(lab_refusal.retry_after_s, 1);
    lab_refused(429, "team \"core\" may have 2 requests at once, 0 left");
    team.parallel = -1;
    lab_put(&team);
    assert_true(lab_hold("sk-one", 0, 500, &hold));
    assert_false(lab_hold("sk-one", 0, 1001, &hold)); /* would never pass */
    lab_refused(400, "It can never have that many.");
    assert_int_equal(lab_refusal.retry_after_s, 0);
    assert_string_equal(lab_refusal.code, "model_not_found");
}

/* What retry-after promises: one second earlier it fails, then it passes, alone. */
TEST(retry_after_is_true)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold;
    unsigned refused = 0;
    own.rpm = 7;
    own.tpm = 1000;
    lab_new_key("sk-one", &own);
    srand(18);
    for (unsigned i = 0; i < 20000; i++) {
        int64_t tokens = rand() % 500;
        lab_pass(rand() % 3000);
        if (lab_hold("sk-one", 0, tokens, &hold)) {
            gate_free_slot(&lab, hold.slot - 1);
            continue;
        }
        int64_t seconds = lab_refusal.retry_after_s;
        assert_true(seconds >= 1 && seconds <= 61);
        struct gate_time before = lab_now;
        lab_pass(seconds * 1000 - 1500);
        if (seconds > 1)
            assert_false(lab_hold("sk-one", 0, tokens, &hold));
        lab_now = before;
        lab_pass(seconds * 1000);
        assert_true(lab_hold("sk-one", 0, tokens, &hold));
        gate_free_slot(&lab, hold.slot - 1);
        refused++;
    }
    assert_true(refused > 1000);
}

TEST(tokens_are_corrected)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold, more;
    own.tpm = 1000;
    account_id id = lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", 0, 900, &hold));
    assert_int_equal(lab_read(id).minute_tokens, 900);
    lab_pass(10000);
    lab_settle(&hold, 0, 100);
    assert_int_equal(lab_read(id).minute_tokens, 100);
    assert_int_equal(lab_read(id).minute_requests, 1);
    assert_true(lab_hold("sk-one", 0, 800, &hold));
    assert_true(gate_grow(&lab, &hold, 0, 850, &lab_now));
    assert_true(gate_grow(&lab, &hold, 0, 820, &lab_now)); /* no less */
    assert_int_equal(lab_read(id).minute_tokens, 950);
    gate_cancel(&lab, &hold, &lab_now);
    assert_int_equal(lab_read(id).minute_tokens, 100);
    assert_int_equal(lab_read(id).minute_requests, 1);
    assert_true(lab_hold("sk-one", 0, 800, &more));
    lab_pass(70000); /* the window has moved on: nothing is left to correct */
    assert_int_equal(lab_read(id).minute_tokens, 0);
    lab_settle(&more, 0, 5000);
    assert_int_equal(lab_read(id).minute_tokens, 0);
}

/* A limit that comes while a call is in flight: what the call gives back is not taken from others. */
TEST(a_limit_that_came_later)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold first, second;
    account_id id = lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", 0, 900, &first));
    own.tpm = 1000;
    lab_put(&own);
    lab_pass(2000);
    assert_true(lab_hold("sk-one", 0, 700, &second));
    lab_settle(&first, 0, 100);
    assert_int_equal(lab_read(id).minute_tokens, 700);
    own.tpm = -1; /* and one that goes */
    lab_put(&own);
    lab_settle(&second, 0, 800);
    assert_int_equal(lab_read(id).minute_tokens, 0);
}

/* Two processes read their clocks, and the later one comes first: a call counts in one step everywhere. */
TEST(clocks_that_cross)
{
    struct account_def team = lab_account(ACCOUNT_TEAM, "core"), own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold one, two;
    team.tpm = own.tpm = 1000;
    lab_new_key("sk-one", &own);
    lab_new_key("sk-two", NULL);
    lab_put(&team);
    static const char *const SECRETS[] = {"sk-one", "sk-two"};
    for (unsigned i = 0; i < 2; i++) {
        struct key_def key = lab_key(SECRETS[i]);
        key.team = team.id;
        lab_put_key(&key);
    }
    assert_true(lab_hold("sk-two", 0, 500, &two));
    lab_pass(-600);
    assert_true(lab_hold("sk-one", 0, 400, &one));
    lab_settle(&one, 0, 100);
    assert_int_equal(lab_read(team.id).minute_tokens, 600);
    assert_int_equal(lab_read(own.id).minute_tokens, 100);
}

/* Accounts that are used one after the other need few windows. */
TEST(windows_are_used_again)
{
    struct key_hold hold;
    char secret[16];
    for (unsigned i = 0; i < 90; i++) {
        (void)snprintf(secret, sizeof secret, "sk-%u", i);
        struct account_def own = lab_account(ACCOUNT_KEY, secret);
        own.rpm = 1;
        lab_new_key(secret, &own);
    }
    for (unsigned i = 0; i < 900; i++) {
        (void)snprintf(secret, sizeof secret, "sk-%u", i % 90);
        lab_pass(10000);
        assert_true(lab_hold(secret, 0, 0, &hold));
        gate_cancel(&lab, &hold, &lab_now);
        assert_true(lab_hold(secret, 0, 0, &hold));
        assert_false(lab_hold(secret, 0, 0, &hold));
        lab_refused(429, "may have 1 requests per minute");
        struct key_hold last = {calls_end(lab.calls), calls_next_id(lab.calls) - 1};
        (void)lab_settle(&last, 0, 0);
        gate_free_slot(&lab, calls_find(lab.calls, CALL_CLOSED, 0));
    }
    assert_true(lab.table->head->windows < 20);
}

TEST(a_hold_grows)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold, other;
    lab_budget(&own, USD(1), "1d");
    account_id id = lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", USD(0.1), 0, &hold));
    assert_true(gate_grow(&lab, &hold, USD(0.9), 0, &lab_now));
    assert_int_equal(lab_read(id).held_nano, USD(0.9));
    assert_int_equal(calls_slot(lab.calls, hold.slot - 1)->held_nano, USD(0.9));
    assert_true(gate_grow(&lab, &hold, USD(0.2), 0, &lab_now));
    assert_int_equal(lab_read(id).held_nano, USD(0.9));
    assert_false(lab_hold("sk-one", USD(0.2), 0, &other));
    assert_false(gate_grow(&lab, &hold, USD(1.1), 0, &lab_now)); /* more than there is: others see that */
    assert_int_equal(lab_read(id).held_nano, USD(1.1));
    lab_settle(&hold, USD(0.3), 0);
    assert_int_equal(lab_read(id).held_nano, 0);
    assert_true(lab_hold("sk-one", USD(0.7), 0, &other));
    struct key_hold none = {0};
    assert_true(gate_grow(&lab, &none, USD(9), 9, &lab_now));
    gate_cancel(&lab, &none, &lab_now);
    gate_cancel(&lab, &other, &lab_now);
    assert_true(lab_read(id).held_nano == 0 && lab_read(id).in_flight == 0);
    assert_int_equal(calls_in_use(lab.calls), 1);
}

TEST(no_slot_is_no_call)
{
    struct key_hold hold;
    account_id id = lab_new_key("sk-one", NULL);
    for (unsigned i = 0; i < 64; i++)
        assert_true(lab_hold("sk-one", 1, 0, &hold));
    assert_false(lab_hold("sk-one", 1, 0, &hold));
    lab_refused(503, "try again");
    assert_int_equal(lab_refusal.retry_after_s, 1);
    assert_int_equal(lab_read(id).in_flight, 64);
}

TEST(limits_for_headers)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one"), model = lab_account(ACCOUNT_MODEL, "1:sk-one/codex");
    struct key_hold hold;
    struct gate_limits limits;
    own.rpm = 10;
    own.parallel = 3;
    lab_budget(&own, USD(5), "1d");
    lab_new_key("sk-one", &own);
    model.owner = own.id;
    model.model = SLICE("codex");
    model.tpm = 1000;
    lab_put(&model);
    assert_true(lab_hold("sk-one", USD(1), 300, &hold));
    lab_settle(&hold, USD(0.5), 200);
    assert_true(lab_hold("sk-one", USD(1), 300, &hold));
    gate_limits(&lab, &hold, &lab_now, &limits);
    assert_true(limits.key.requests == 10 && limits.key.requests_left == 8);
    assert_true(limits.key.parallel == 3 && limits.key.parallel_left == 2);
    assert_true(limits.key.tokens == -1 && limits.key.tokens_left == -1);
    assert_true(limits.model_per_key.tokens == 1000 && limits.model_per_key.tokens_left == 500);
    assert_true(limits.team.requests == -1 && limits.user.parallel_left == -1);
    assert_int_equal(limits.spent_nano, USD(1.5));
    assert_int_equal(limits.max_budget_nano, USD(5));
    gate_limits(&lab, &(struct key_hold){0}, &lab_now, &limits);
    assert_true(limits.key.requests == -1 && limits.max_budget_nano == -1 && limits.spent_nano == 0);
}

/* After a change the store's sums and the closed slots, which it does not have, are all there is. */
TEST(sums_of_the_store)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold;
    lab_budget(&own, USD(5), "1d");
    account_id id = lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", USD(1), 0, &hold));
    lab_settle(&hold, USD(0.5), 0); /* yesterday's */
    lab_pass(86400000);
    assert_true(lab_hold("sk-one", USD(1), 0, &hold));
    lab_settle(&hold, USD(0.25), 0);
    assert_true(lab_hold("sk-one", USD(1), 0, &hold)); /* in flight */
    lab_budget(&own, USD(9), "1h");
    lab_budget(&own, USD(9), "24h");
    lab_put(&own);
    assert_int_equal(lab_read(id).budgets[0].spent_nano, USD(0.25));
    assert_int_equal(lab_read(id).budgets[1].spent_nano, 0);
    gate_set_spent(&lab, id, USD(40), (int64_t[ACCOUNT_BUDGETS]){USD(2), USD(1), USD(3)}, lab_now.unix_ms);
    struct account_state now = lab_read(id);
    assert_int_equal(now.total_nano, USD(40.75));
    assert_int_equal(now.budgets[0].spent_nano, USD(2.25));
    assert_int_equal(now.budgets[1].spent_nano, USD(1.25));
    assert_int_equal(now.budgets[2].spent_nano, USD(3.25));
    assert_int_equal(now.held_nano, USD(1));
    gate_set_spent(&lab, 99, 5, (int64_t[ACCOUNT_BUDGETS]){0}, lab_now.unix_ms);
    lab_put(&own);
    assert_int_equal(lab_read(id).budgets[1].spent_nano, USD(1.25)); /* a change keeps it */
}

TEST(the_keeper_sleeps_and_is_woken)
{
    struct key_hold hold;
    lab_new_key("sk-one", NULL);
    assert_true(gate_sleep(&lab));
    assert_true(lab_hold("sk-one", 1, 0, &hold));
    assert_true(lab_settle(&hold, 1, 0));
    assert_true(lab_hold("sk-one", 1, 0, &hold));
    assert_false(lab_settle(&hold, 1, 0)); /* once */
    assert_false(gate_sleep(&lab));        /* two are closed */
    assert_true(lab_hold("sk-one", 1, 0, &hold));
    assert_false(lab_settle(&hold, 1, 0));
    for (unsigned i = 0; (i = calls_find(lab.calls, CALL_CLOSED, i)) < calls_end(lab.calls); i++)
        gate_free_slot(&lab, i);
    assert_true(gate_sleep(&lab));
}

/* A clock that is set back begins no period again. */
TEST(a_period_begins_once)
{
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold;
    lab_budget(&own, USD(1), "1h");
    account_id id = lab_new_key("sk-one", &own);
    assert_true(lab_hold("sk-one", USD(1), 0, &hold));
    lab_settle(&hold, USD(1), 0);
    for (unsigned i = 0; i < 3; i++) {
        lab_pass(i % 2 ? 300000 : -300000);
        assert_false(lab_hold("sk-one", 1, 0, &hold));
    }
    lab_pass(2 * 3600000);
    assert_int_equal(lab_read(id).budgets[0].spent_nano, 0);
    assert_true(lab_hold("sk-one", USD(1), 0, &hold));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(a_call_holds_and_settles), LAB_TEST(texts_are_cut_between_characters),
        LAB_TEST(a_budget_refuses),         LAB_TEST(a_settle_may_exceed_its_hold),
        LAB_TEST(several_accounts_at_once), LAB_TEST(rates_refuse_with_true_seconds),
        LAB_TEST(retry_after_is_true),      LAB_TEST(tokens_are_corrected),
        LAB_TEST(a_limit_that_came_later),  LAB_TEST(clocks_that_cross),
        LAB_TEST(windows_are_used_again),   LAB_TEST(a_hold_grows),
        LAB_TEST(no_slot_is_no_call),       LAB_TEST(limits_for_headers),
        LAB_TEST(sums_of_the_store),        LAB_TEST(the_keeper_sleeps_and_is_woken),
        LAB_TEST(a_period_begins_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
