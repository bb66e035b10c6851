/* Unit tests of proxy/keys/table, table_put and blobs: what the keeper puts into the table, and what workers find. */
#include "tests/unit/key_lab.h"

static struct key_list list_of(const char *bytes, size_t size)
{
    return (struct key_list){{bytes, size}};
}
#define LIST(literal) list_of(literal, sizeof(literal))

TEST(ids_are_of_kind_and_name)
{
    account_id team = table_account_id(ACCOUNT_TEAM, SLICE("core"));
    assert_true(team > 0 && team <= INT64_MAX);
    assert_true(team == table_account_id(ACCOUNT_TEAM, SLICE("core")));
    assert_true(team != table_account_id(ACCOUNT_USER, SLICE("core")));
    assert_true(team != table_account_id(ACCOUNT_TEAM, SLICE("corf")));
    unsigned char hash[KEY_HASH_SIZE];
    table_hash(SLICE("sk-1234"), hash);
    assert_int_equal(hash[0], 0x88); /* echo -n sk-1234 | sha256sum: LiteLLM's tokens are the same */
    assert_int_equal(hash[31], 0x4b);
}

TEST(a_key_is_found_by_its_secret)
{
    account_id id = lab_new_key("sk-one", NULL);
    lab_new_key("sk-two", NULL);
    struct key_ref ref = lab_find("sk-one");
    assert_true(ref.account == id);
    assert_false(ref.master);
    assert_int_equal(table_keys(lab.table), 2);
    static const char *const WRONG[] = {"sk-on", "sk-onee", "sk-One", "sk-three"};
    for (unsigned i = 0; i < COUNT_OF(WRONG); i++) {
        assert_false(gate_find(&lab, slice_of(WRONG[i]), &lab_now, &ref, &lab_refusal));
        lab_refused(401, "not known");
        assert_string_equal(lab_refusal.type, "token_not_found_in_db");
        assert_string_equal(lab_refusal.param, "key");
        assert_true(ref.account == 0);
    }
    assert_false(gate_find(&lab, SLICE("other"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "begin with \"sk-\"");
    assert_false(gate_find(&lab, SLICE(""), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "has no API key");
    table_remove_key(lab.table, id);
    table_remove_key(lab.table, id);
    assert_false(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    assert_int_equal(table_keys(lab.table), 1);
}

TEST(blocked_and_expired_keys)
{
    struct account_def team = lab_account(ACCOUNT_TEAM, "core"), user = lab_account(ACCOUNT_USER, "ann");
    lab_new_key("sk-one", NULL);
    struct key_def key = lab_key("sk-one");
    struct key_ref ref;
    key.team = lab_put(&team);
    key.user = lab_put(&user);
    key.expires_ms = LAB_START_MS + 1000;
    lab_put_key(&key);
    (void)lab_find("sk-one");
    lab_pass(1000);
    assert_false(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "expired at 2026-12-01T12:00:01Z");
    assert_string_equal(lab_refusal.type, "expired_key");
    key.expires_ms = 0;
    lab_put_key(&key);
    user.blocked = true;
    lab_put(&user);
    assert_false(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "user of this key is blocked");
    team.blocked = true;
    lab_put(&team);
    assert_false(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "team of this key is blocked");
    key.blocked = true;
    lab_put_key(&key);
    assert_false(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "key is blocked");
}

TEST(a_key_that_changes_changes_at_once)
{
    lab_new_key("sk-one", NULL);
    struct key_ref ref = lab_find("sk-one");
    struct key_def key = lab_key("sk-one");
    struct key_hold hold;
    key.blocked = true;
    lab_put_key(&key);
    assert_false(lab_hold_for(&ref, 1, 1, &hold)); /* it was found before */
    lab_refused(401, "blocked");
    assert_int_equal(hold.slot, 0);
    key.blocked = false;
    lab_put_key(&key);
    assert_true(lab_hold_for(&ref, 1, 1, &hold));
    table_remove_key(lab.table, key.account);
    assert_false(lab_hold_for(&ref, 1, 1, &hold));
    lab_refused(401, "not known");
}

TEST(a_rotated_key_keeps_its_account)
{
    account_id id = lab_new_key("sk-old", NULL);
    struct key_def key = lab_key("sk-old");
    struct key_hold hold;
    struct key_ref ref;
    assert_true(lab_hold("sk-old", 5, 0, &hold));
    lab_settle(&hold, 7, 0);
    memcpy(key.old_hash, key.hash, KEY_HASH_SIZE);
    table_hash(SLICE("sk-new"), key.hash);
    key.old_until_ms = LAB_START_MS + 5000;
    lab_put_key(&key);
    assert_true(lab_find("sk-old").account == id && lab_find("sk-new").account == id);
    assert_int_equal(table_keys(lab.table), 1);
    assert_int_equal(lab_read(id).total_nano, 7);
    lab_pass(5000);
    assert_false(gate_find(&lab, SLICE("sk-old"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "replaced");
    assert_true(lab_find("sk-new").account == id);
    table_hash(SLICE("sk-newer"), key.hash); /* at once */
    key.old_until_ms = 0;
    lab_put_key(&key);
    assert_false(gate_find(&lab, SLICE("sk-new"), &lab_now, &ref, &lab_refusal));
    lab_refused(401, "not known");
    assert_false(gate_find(&lab, SLICE("sk-old"), &lab_now, &ref, &lab_refusal)); /* forgotten with its time */
    lab_refused(401, "not known");
    assert_true(lab_find("sk-newer").account == id);
}

TEST(invalid_definitions_change_nothing)
{
    struct account_def a = lab_account(ACCOUNT_TEAM, "core"), wrong = a;
    lab_new_key("sk-one", NULL);
    account_id id = lab_new_key("sk-two", NULL);
    lab_budget(&wrong, 5, "3mo");
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID);
    wrong = a;
    lab_budget(&wrong, MONEY_MAX + 1, "1d");
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID);
    wrong = a;
    wrong.id = 0;
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID);
    wrong = a;
    wrong.models = list_of("gpt", 3);
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID);
    wrong.models = LIST("gpt\0");
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID);
    wrong = a;
    wrong.label = (struct slice){"a\0b", 3};
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID);
    wrong = lab_account(ACCOUNT_MODEL, "1:x/gpt");
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_INVALID); /* of nobody */
    wrong.owner = a.id;
    assert_int_equal(table_put_account(lab.table, &wrong, 0), TABLE_MISSING);
    struct key_def key = lab_key("sk-two");
    key.team = a.id;
    assert_int_equal(table_put_key(lab.table, &key), TABLE_MISSING);
    key = lab_key("sk-one");
    key.account = id;
    assert_int_equal(table_put_key(lab.table, &key), TABLE_INVALID); /* another key's hash */
    assert_true(lab_find("sk-two").account == id);
    struct account_state read;
    assert_false(table_read_account(lab.table, a.id, 0, 0, &read));
}

TEST(texts_are_freed_and_used_again)
{
    static char models[3000];
    memset(models, 'm', sizeof models);
    models[sizeof models - 1] = 0;
    struct account_def team = lab_account(ACCOUNT_TEAM, "core");
    lab_new_key("sk-one", NULL);
    struct key_def key = lab_key("sk-one");
    key.tags = LIST("red\0blue");
    for (unsigned i = 0; i < 20000; i++) { /* 60 MB, if nothing was used again */
        size_t size = (size_t)rand() % (sizeof models - 2) + 2;
        team.models = key.models = list_of(models + sizeof models - size, size);
        lab_budget(&team, 5, "1d");
        lab_put(&team);
        team.budget_count = i % 4;
        key.alias = (struct slice){models, size % 200};
        lab_put_key(&key);
        struct account_def more = lab_account(ACCOUNT_USER, "ann");
        more.label = (struct slice){models, size % 250};
        lab_put(&more);
        table_remove_account(lab.table, more.id);
    }
    struct gate_names names;
    struct key_ref ref = lab_find("sk-one");
    gate_names(&lab, &ref, &names);
    assert_string_equal(names.tags, "red,blue");
    assert_int_equal(strlen(names.alias), key.alias.len);
}

TEST(a_full_table_refuses)
{
    char name[32];
    unsigned made = 0;
    for (; made < 200; made++) {
        (void)snprintf(name, sizeof name, "t%u", made);
        struct account_def a = lab_account(ACCOUNT_TEAM, name);
        enum table_result result = table_put_account(lab.table, &a, 0);
        if (result != TABLE_OK) {
            assert_int_equal(result, TABLE_FULL);
            break;
        }
    }
    assert_int_equal(made, 100);
    table_remove_account(lab.table, table_account_id(ACCOUNT_TEAM, SLICE("t7")));
    struct account_def a = lab_account(ACCOUNT_USER, "ann");
    lab_put(&a);
    static char models[60000];
    memset(models, 'm', sizeof models - 1);
    a.models = (struct key_list){{models, sizeof models}};
    lab_put(&a); /* the longest list */
    unsigned lists = 0;
    for (made = 0; made < 100; made++) {
        (void)snprintf(name, sizeof name, "t%u", made == 7 ? 0 : made);
        struct account_def team = lab_account(ACCOUNT_TEAM, name);
        team.models = a.models;
        lists += table_put_account(lab.table, &team, 0) == TABLE_OK;
    }
    assert_true(lists > 10 && lists < 30); /* 1 MB and 1 KB per account */
    struct account_state read;
    assert_true(table_read_account(lab.table, table_account_id(ACCOUNT_TEAM, SLICE("t99")), 0, 0, &read));
}

TEST(removed_accounts_are_drawn_on_no_more)
{
    struct account_def team = lab_account(ACCOUNT_TEAM, "core"), model = lab_account(ACCOUNT_MODEL, "2:core/codex");
    struct account_def own = lab_account(ACCOUNT_KEY, "sk-one");
    struct key_hold hold;
    lab_new_key("sk-one", &own);
    struct key_def key = lab_key("sk-one");
    key.team = lab_put(&team);
    model.owner = team.id;
    model.model = SLICE("codex");
    model.rpm = 0;
    lab_put(&model);
    lab_put_key(&key);
    assert_false(lab_hold("sk-one", 0, 0, &hold));
    lab_refused(400, "model \"codex\" of team \"core\"");
    table_remove_account(lab.table, model.id);
    assert_true(lab_hold("sk-one", 5, 0, &hold));
    lab_put(&model);
    table_remove_account(lab.table, team.id); /* and its account of the model */
    struct account_state read;
    assert_false(table_read_account(lab.table, model.id, 0, 0, &read));
    lab_settle(&hold, 6, 0);
    assert_true(lab_hold("sk-one", 5, 0, &hold));
    team.rpm = 0;
    lab_put(&team); /* the key still names it */
    assert_false(lab_hold("sk-one", 5, 0, &hold));
    lab_refused(400, "team \"core\"");
    table_remove_account(lab.table, own.id); /* and its key */
    struct key_ref ref;
    assert_false(gate_find(&lab, SLICE("sk-one"), &lab_now, &ref, &lab_refusal));
    assert_int_equal(table_keys(lab.table), 0);
}

/* A random history against a simple list: what is put is found, what is removed is not. */
TEST(any_history)
{
    bool there[40] = {0};
    struct key_ref ref;
    srand(18);
    for (unsigned i = 0; i < 40000; i++) {
        char secret[32];
        unsigned n = (unsigned)rand() % COUNT_OF(there);
        (void)snprintf(secret, sizeof secret, "sk-%u", n);
        struct account_def own = lab_account(ACCOUNT_KEY, secret);
        switch (rand() % 4) {
        case 0:
            lab_new_key(secret, NULL);
            there[n] = true;
            break;
        case 1:
            if (rand() % 2)
                table_remove_key(lab.table, own.id);
            table_remove_account(lab.table, own.id);
            there[n] = false;
            break;
        default: assert_int_equal(gate_find(&lab, slice_of(secret), &lab_now, &ref, &lab_refusal), there[n]);
        }
    }
    unsigned count = 0;
    for (unsigned i = 0; i < COUNT_OF(there); i++)
        count += there[i];
    assert_int_equal(table_keys(lab.table), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LAB_TEST(ids_are_of_kind_and_name),
        LAB_TEST(a_key_is_found_by_its_secret),
        LAB_TEST(blocked_and_expired_keys),
        LAB_TEST(a_key_that_changes_changes_at_once),
        LAB_TEST(a_rotated_key_keeps_its_account),
        LAB_TEST(invalid_definitions_change_nothing),
        LAB_TEST(texts_are_freed_and_used_again),
        LAB_TEST(a_full_table_refuses),
        LAB_TEST(removed_accounts_are_drawn_on_no_more),
        LAB_TEST(any_history),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
