/* Unit tests of proxy/keys/admin: what it answers, and what it refuses. */
#include "tests/unit/admin_lab.h"

/* Makes a key and returns its secret. */
static const char *make(const char *fields)
{
    static char secret[256];
    must_answer("POST /key/generate", fields, 200);
    snprintf(secret, sizeof secret, "%s", text_at("key"));
    return secret;
}

TEST(a_key_is_shown_once_and_in_force_at_once)
{
    const char *secret = make("{\"key_alias\":\"agent-7\",\"max_budget\":5,\"budget_duration\":\"1d\"}");
    char line[300];
    assert_int_equal(strlen(secret), 25);
    assert_int_equal(strlen(text_at("token")), 64);
    assert_string_equal(text_at("token"), text_at("token_id"));
    assert_string_equal(text_at("budget_reset_at"), "2026-12-02T00:00:00Z");
    assert_true(cJSON_IsNull(at("expires")));
    assert_true(cJSON_IsObject(at("metadata")));
    struct key_ref ref = lab_find(secret);
    assert_false(ref.master);
    snprintf(line, sizeof line, "GET /key/info?key=%s", secret);
    must_answer(line, "", 200);
    assert_string_equal(text_at("info.key_alias"), "agent-7");
    assert_null(at("info.token"));
    assert_null(at("info.key"));
}

TEST(an_update_keeps_what_is_absent_and_null_removes)
{
    make(
        "{\"key\":\"sk-0123456789abcdef\",\"max_budget\":5,\"rpm_limit\":3,\"metadata\":{\"a\":1},\"duration\":\"1h\"}");
    assert_string_equal(text_at("expires"), "2026-12-01T13:00:00Z");
    must_answer("POST /key/update", "{\"key\":\"sk-0123456789abcdef\",\"rpm_limit\":null,\"metadata\":{\"b\":2}}", 200);
    assert_true(at("max_budget")->valuedouble == 5);
    assert_true(cJSON_IsNull(at("rpm_limit")));
    assert_null(at("metadata.a"));
    assert_non_null(at("metadata.b"));
    assert_string_equal(text_at("expires"), "2026-12-01T13:00:00Z");
    must_answer("POST /key/update", "{\"key\":\"sk-0123456789abcdef\",\"duration\":\"-1\"}", 200);
    assert_true(cJSON_IsNull(at("expires")));
    must_answer("POST /key/update", "{\"key\":\"sk-0123456789abcdef\",\"max_budget\":-1}", 400);
    must_answer("GET /key/info?key=sk-0123456789abcdef", "", 200);
    assert_true(at("info.max_budget")->valuedouble == 5);
}

TEST(fields_that_are_refused)
{
    static const struct {
        const char *body;
        int status;
        const char *param;
    } CASES[] = {
        {"{\"max_budget\":-0.01}", 400, "max_budget"},
        {"{\"max_budget\":1e300}", 400, "max_budget"},
        {"{\"max_budget\":1e400}", 400, "max_budget"},
        {"{\"max_budget\":\"5\"}", 422, "max_budget"},
        {"{\"soft_budget\":true}", 422, "soft_budget"},
        {"{\"rpm_limit\":-1}", 400, "rpm_limit"},
        {"{\"tpm_limit\":[]}", 422, "tpm_limit"},
        {"{\"max_parallel_requests\":\"1\"}", 422, "max_parallel_requests"},
        {"{\"models\":{}}", 422, "models"},
        {"{\"models\":[1]}", 422, "models"},
        {"{\"tags\":[null]}", 422, "tags"},
        {"{\"metadata\":[]}", 422, "metadata"},
        {"{\"blocked\":1}", 422, "blocked"},
        {"{\"budget_duration\":\"2mo\"}", 400, "budget_duration"},
        {"{\"budget_duration\":30}", 422, "budget_duration"},
        {"{\"duration\":\"later\"}", 400, "duration"},
        {"{\"duration\":5}", 422, "duration"},
        {"{\"key\":\"sk-short\"}", 400, "key"},
        {"{\"key\":\"no-prefix-0123456789\"}", 400, "key"},
        {"{\"key\":\"sk-with a space 0123\"}", 400, "key"},
        {"{\"key\":17}", 400, "key"},
        {"{\"key_type\":\"root\"}", 400, "key_type"},
        {"{\"team_id\":\"nowhere\"}", 404, "team_id"},
        {"{\"budget_id\":\"nowhere\"}", 404, "budget_id"},
        {"{\"budget_limits\":[{\"max_budget\":1},{\"max_budget\":1},{\"max_budget\":1},{\"max_budget\":1}]}", 400,
         "budget_limits"},
        {"{\"budget_limits\":[{\"max_budget\":-1}]}", 400, "budget_limits"},
        {"{\"model_max_budget\":{\"m\":{\"max_budget\":-1}}}", 400, "model_max_budget"},
        {"{\"model_rpm_limit\":{\"m\":1.5}}", 400, "model_rpm_limit"},
    };
    for (unsigned i = 0; i < COUNT_OF(CASES); i++) {
        must_answer("POST /key/generate", CASES[i].body, CASES[i].status);
        assert_string_equal(text_at("error.param"), CASES[i].param);
        assert_string_equal(text_at("error.type"), CASES[i].status == 404 ? "not_found_error" : "bad_request_error");
    }
    must_answer("GET /key/list", "", 200);
    assert_int_equal(at("total_count")->valueint, 0);
}

TEST(unknown_fields_are_ignored)
{
    make(
        "{\"key\":\"sk-0123456789abcdef\",\"config\":{\"x\":[]},\"access_group_ids\":[],\"models\":[\"m\"],\"spend\":0}");
    assert_null(at("config"));
    assert_int_equal(cJSON_GetArraySize(at("models")), 1);
    make(""); /* scripts send no body, too */
}

TEST(bodies_that_are_refused)
{
    static const char *const BODIES[] = {"[]",
                                         "1",
                                         "{",
                                         "{\"max_budget\":NaN}",
                                         "{\"max_budget\":1,}",
                                         "{\"key_alias\":\"a\",\"key_alias\":\"b\"}",
                                         "{\"metadata\":{\"a\":1,\"a\":2}}",
                                         "{\"model_rpm_limit\":{\"m\":1,\"m\":0}}",
                                         "{\"budget_limits\":[{\"max_budget\":1,\"max_budget\":9}]}",
                                         "{\"key_alias\":\"\xff\"}",
                                         "{\"key_alias\":\"\\udfdf\"}"};
    for (unsigned i = 0; i < COUNT_OF(BODIES); i++)
        must_answer("POST /key/generate", BODIES[i], 400);
    char deep[400] = "{\"metadata\":{\"a\":";
    size_t len = strlen(deep);
    memset(deep + len, '[', 100);
    memset(deep + len + 100, ']', 100);
    memcpy(deep + len + 200, "}}", 3);
    must_answer("POST /key/generate", deep, 400);
}

TEST(a_body_with_many_members_takes_no_quadratic_time)
{
    struct buf body;
    buf_init(&body, 8u << 20);
    buf_add_text(&body, "{\"m0\":0");
    for (unsigned i = 1; i < 40000; i++)
        buf_add_format(&body, ",\"m%u\":0", i);
    buf_add_text(&body, "}");
    assert_false(body.failed);
    assert_int_equal(admin_ask("POST /key/health", buf_slice(&body)), 400); /* no request has so many */
    buf_free(&body);
}

TEST(a_virtual_key_sends_small_bodies)
{
    struct buf body;
    buf_init(&body, 1u << 20);
    buf_add_text(&body, "{\"list\":[0");
    for (unsigned i = 1; i < 25000; i++)
        buf_add_text(&body, ",0");
    buf_add_text(&body, "]}");
    assert_int_equal(admin_ask("POST /key/health", buf_slice(&body)), 200); /* the master key may import keys */
    caller = "2ad554f6b928ef0ca3e7f463f9280e18e69b51e249bec62c63da8aa35bdf0f9a";
    assert_int_equal(admin_ask("POST /key/health", buf_slice(&body)), 400);
    must_answer("POST /key/health", "{}", 200);
    buf_free(&body);
}

TEST(an_alias_is_unique)
{
    char first[256];
    snprintf(first, sizeof first, "%s", make("{\"key_alias\":\"a\"}"));
    must_answer("POST /key/generate", "{\"key_alias\":\"a\"}", 400);
    must_answer("POST /key/update", "{\"key_alias\":\"a\",\"rpm_limit\":1}", 200); /* its own is free */
    make("{\"key_alias\":\"b\"}");
    char body[300];
    snprintf(body, sizeof body, "{\"key\":\"%s\",\"key_alias\":\"b\"}", first);
    must_answer("POST /key/update", body, 400);
    must_answer("POST /key/delete", "{\"key_aliases\":[\"b\"]}", 200);
    must_answer("POST /key/update", body, 200);
}

TEST(a_list_page_by_page)
{
    static const char *const PAGES[] = {"GET /key/list?size=2&page=9223372036854775807",
                                        "GET /key/list?size=100&page=184467440737095517",
                                        "GET /key/list?page=4&size=1"};
    for (unsigned i = 0; i < 3; i++)
        make("{\"user_id\":\"u\"}");
    must_answer("GET /key/list?size=2&page=2", "", 200);
    assert_int_equal(cJSON_GetArraySize(at("keys")), 1);
    assert_int_equal(at("total_pages")->valueint, 2);
    for (unsigned i = 0; i < COUNT_OF(PAGES); i++) {
        must_answer(PAGES[i], "", 200);
        assert_int_equal(cJSON_GetArraySize(at("keys")), 0);
        assert_int_equal(at("total_count")->valueint, 3);
    }
    must_answer("GET /key/list?user_id=nobody", "", 200);
    assert_int_equal(at("total_count")->valueint, 0);
}

TEST(a_new_users_key_has_the_limits_of_the_request)
{
    must_answer("POST /user/new", "{\"user_id\":\"u\",\"max_budget\":5,\"duration\":\"1h\",\"key_alias\":\"of-u\"}",
                200);
    assert_string_equal(text_at("expires"), "2026-12-01T13:00:00Z");
    assert_int_equal(strlen(text_at("key")), 25);
    must_answer("GET /user/info?user_id=u", "", 200);
    assert_true(at("user_info.max_budget")->valuedouble == 5);
    assert_string_equal(text_at("user_id"), "u");
    must_answer("POST /user/new", "{\"user_id\":\"v\",\"duration\":\"soon\"}", 400);
    must_answer("GET /user/info?user_id=v", "", 404); /* both or neither */
    must_answer("POST /user/new", "{\"user_id\":\"w\",\"auto_create_key\":false}", 200);
    assert_null(at("key"));
}

TEST(what_is_stored_can_be_loaded_again)
{
    struct gate other = {.table = keys_table_new(100, NULL), .calls = lab.calls};
    const struct objects again = {.store = admin_lab.store, .gate = &other};
    struct buf error;
    buf_init(&error, 1000);
    must_answer("POST /team/new", "{\"team_id\":\"t\"}", 200);
    must_answer("POST /budget/new", "{\"budget_id\":\"b\"}", 200);
    make("{\"key_alias\":\"k\",\"team_id\":\"t\",\"user_id\":\"u\",\"budget_id\":\"b\"}");
    must_answer("POST /team/delete", "{\"team_ids\":[\"t\"]}", 400);
    must_answer("POST /user/delete", "{\"user_ids\":[\"u\"]}", 400);
    must_answer("POST /budget/delete", "{\"id\":\"b\"}", 400);
    bool loaded = objects_load(&again, lab_now.unix_ms, &error);
    if (!loaded)
        print_error("%s\n", buf_message(&error));
    assert_true(loaded);
    must_answer("POST /key/delete", "{\"key_aliases\":[\"k\"]}", 200);
    must_answer("POST /team/delete", "{\"team_ids\":[\"t\"]}", 200);
    must_answer("POST /user/delete", "{\"user_ids\":[\"u\"]}", 200);
    must_answer("POST /budget/delete", "{\"id\":\"b\"}", 200);
    must_answer("POST /budget/delete", "{\"id\":\"b\"}", 404);
    keys_table_free(other.table);
    buf_free(&error);
}

TEST(members_of_a_team)
{
    must_answer("POST /team/new", "{\"team_id\":\"t\",\"members_with_roles\":[{\"role\":\"admin\",\"user_id\":\"a\"}]}",
                200);
    must_answer("POST /team/member_add", "{\"team_id\":\"t\",\"member\":{\"role\":\"user\",\"user_id\":\"b\"}}", 200);
    must_answer("POST /team/member_add", "{\"team_id\":\"t\",\"member\":[{\"user_id\":\"a\"},{\"user_id\":\"c\"}]}",
                200);
    assert_int_equal(cJSON_GetArraySize(at("members_with_roles")), 3);
    must_answer("GET /user/info?user_id=c", "", 200); /* made */
    must_answer("POST /team/member_delete", "{\"team_id\":\"t\",\"user_id\":\"b\"}", 200);
    must_answer("POST /team/member_delete", "{\"team_id\":\"t\",\"user_id\":\"b\"}", 404);
    must_answer("GET /team/info?team_id=t", "", 200);
    assert_int_equal(cJSON_GetArraySize(at("team_info.members_with_roles")), 2);
    must_answer("POST /team/member_add", "{\"team_id\":\"x\",\"member\":{\"user_id\":\"b\"}}", 404);
    must_answer("POST /team/member_add", "{\"team_id\":\"t\",\"member\":{\"user_id\":\"b\",\"role\":\"king\"}}", 422);
    must_answer("POST /team/member_add", "{\"team_id\":\"t\",\"member\":{\"user_email\":\"b@c.d\"}}", 400);
    must_answer("POST /team/member_add", "{\"team_id\":\"t\",\"member\":{\"user_id\":\"b\"},\"max_budget_in_team\":1}",
                400);
    must_answer("POST /team/member_add", "{\"team_id\":\"t\"}", 422);
}

/* A call of the key that costs one dollar, in the ledger. */
static void spend(const char *secret)
{
    struct key_hold hold;
    assert_true(lab_hold(secret, USD(1), 10, &hold));
    const struct call_slot *slot = calls_slot(lab.calls, hold.slot - 1);
    (void)lab_settle(&hold, USD(1), 10);
    assert_true(key_store_begin(admin_lab.store) && key_store_add_call(admin_lab.store, slot) &&
                key_store_commit(admin_lab.store));
}

TEST(the_ledger_of_one_user)
{
    spend(make("{\"user_id\":\"u\"}"));
    spend(make("{\"user_id\":\"v\"}"));
    must_answer("GET /spend/logs", "", 200);
    assert_int_equal(cJSON_GetArraySize(answer), 2);
    must_answer("GET /spend/logs?user_id=u", "", 200);
    assert_int_equal(cJSON_GetArraySize(answer), 1);
    must_answer("GET /spend/logs?user_id=u&start_date=2026-12-01&end_date=2026-12-01", "", 200);
    assert_true(cJSON_GetObjectItem(cJSON_GetArrayItem(answer, 0), "spend")->valuedouble == 1);
    must_answer("GET /spend/logs?user_id=nobody&start_date=2026-12-01", "", 200);
    assert_int_equal(cJSON_GetArraySize(answer), 0);
}

TEST(routes)
{
    must_answer("GET /key/generate", "", 405);
    must_answer("POST /key/nothing", "", 404);
    must_answer("POST /v1/key/health", "", 200);
    must_answer("POST /key/update", "{}", 404);
    must_answer("GET /key/info?key=sk-nobody-has-this", "", 404);
    assert_string_equal(text_at("error.type"), "not_found_error");
    must_answer("POST /end_user/new", "{\"user_id\":\"c\",\"max_budget\":1}", 200);
    must_answer("GET /customer/info?end_user_id=c", "", 200);
    assert_true(at("max_budget")->valuedouble == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ADMIN_TEST(a_key_is_shown_once_and_in_force_at_once),
        ADMIN_TEST(an_update_keeps_what_is_absent_and_null_removes),
        ADMIN_TEST(fields_that_are_refused),
        ADMIN_TEST(unknown_fields_are_ignored),
        ADMIN_TEST(bodies_that_are_refused),
        ADMIN_TEST(a_body_with_many_members_takes_no_quadratic_time),
        ADMIN_TEST(a_virtual_key_sends_small_bodies),
        ADMIN_TEST(an_alias_is_unique),
        ADMIN_TEST(a_list_page_by_page),
        ADMIN_TEST(a_new_users_key_has_the_limits_of_the_request),
        ADMIN_TEST(what_is_stored_can_be_loaded_again),
        ADMIN_TEST(members_of_a_team),
        ADMIN_TEST(the_ledger_of_one_user),
        ADMIN_TEST(routes),
        ADMIN_TEST(members_of_a_team),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
