/* Unit tests of proxy/upstream/login_file: the text of auth.json, its tokens, and the token endpoint's replies. */
#include "tests/unit/unit.h"

#include "common/secret.h"
#include "proxy/upstream/login_file.h"

#include <sodium.h>

/* Returns a JWT with the payload; valid during the next call, too. */
static const char *jwt(const char *payload)
{
    static char texts[2][1024];
    static unsigned turn;
    char *out = texts[turn++ % 2], encoded[768];
    assert_non_null(sodium_bin2base64(encoded, sizeof encoded, (const unsigned char *)payload, strlen(payload),
                                      sodium_base64_VARIANT_URLSAFE_NO_PADDING));
    (void)snprintf(out, sizeof texts[0], "e30.%s.c2ln", encoded);
    return out;
}

#define ACCOUNT(id) "{\"exp\":1800000000,\"https://api.openai.com/auth\":{\"chatgpt_account_id\":\"" id "\"}}"

static enum login_file read_text(const char *text, struct login_tokens *out)
{
    struct buf why;
    buf_init(&why, 1024);
    enum login_file result = login_file_read(slice_of(text), out, &why);
    assert_int_equal(result == LOGIN_FILE_READ, why.len == 0);
    if (result != LOGIN_FILE_READ)
        assert_non_null(strstr(buf_text(&why), "run: codex login"));
    buf_free(&why);
    return result;
}

TEST(claims_are_read_from_tokens)
{
    struct login_claims claims;
    login_claims_read(slice_of(jwt(ACCOUNT("acc-1"))), &claims);
    assert_int_equal(claims.expires_s, 1800000000);
    assert_string_equal(claims.account_id, "acc-1");
    static const char *const others[] = {"", "opaque", "a.b", "a.!!.c", "a..c", "e30.W10.c2ln", "e30.e30.c2ln"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        login_claims_read(slice_of(others[i]), &claims);
        assert_int_equal(claims.expires_s, 0);
        assert_string_equal(claims.account_id, "");
    }
    /* Padding, which the standard omits. {"exp":1} has eight bytes. */
    login_claims_read(SLICE("e30.eyJleHAiOjF9.x"), &claims);
    assert_int_equal(claims.expires_s, 1);
    login_claims_read(SLICE("e30.eyJleHAiOjEyfQ==.x"), &claims);
    assert_int_equal(claims.expires_s, 12);
    /* An id with a line break would add a header field: it is ignored. */
    login_claims_read(slice_of(jwt(ACCOUNT("a\\r\\nX: y"))), &claims);
    assert_string_equal(claims.account_id, "");
}

TEST(three_layouts_are_read)
{
    static const char *const layouts[] = {
        "{\"OPENAI_API_KEY\":null,\"tokens\":{\"id_token\":\"i\",\"access_token\":\"acc\",\"refresh_token\":\"ref\","
        "\"account_id\":\"me\"},\"last_refresh\":\"2025-11-21T08:00:00.123456Z\"}",
        "{\"access_token\":\"acc\",\"refresh_token\":\"ref\",\"account_id\":\"me\",\"last_refresh\":\"2025-11-21T08:00:00Z\"}",
        "{\"chatgpt\":{\"access_token\":\"acc\",\"refresh_token\":\"ref\",\"account_id\":\"me\"},"
        "\"last_refresh\":\"2025-11-21T08:00:00Z\"}",
        "{\"tokens\":null,\"chatgpt\":{\"tokens\":{\"access_token\":\"acc\",\"refresh_token\":\"ref\",\"account_id\":\"me\"},"
        "\"last_refresh\":\"x\"},\"last_refresh\":\"2025-11-21T08:00:00Z\"}",
    };
    for (size_t i = 0; i < COUNT_OF(layouts); i++) {
        struct login_tokens t;
        assert_int_equal(read_text(layouts[i], &t), LOGIN_FILE_READ);
        assert_string_equal(t.access, "acc");
        assert_string_equal(t.refresh, "ref");
        assert_string_equal(t.account_id, "me");
        assert_int_equal(t.refreshed_s, 1763712000);
        assert_int_equal(t.expires_s, 0);
        login_tokens_free(&t);
    }
}

TEST(the_account_comes_from_file_then_id_then_access_token)
{
    char text[4096];
    struct login_tokens t;
    (void)snprintf(text, sizeof text, "{\"tokens\":{\"id_token\":\"%s\",\"access_token\":\"%s\"}}", jwt(ACCOUNT("id")),
                   jwt(ACCOUNT("access")));
    assert_int_equal(read_text(text, &t), LOGIN_FILE_READ);
    assert_string_equal(t.account_id, "id");
    assert_int_equal(t.expires_s, 1800000000);
    assert_null(t.refresh);
    login_tokens_free(&t);
    (void)snprintf(text, sizeof text, "{\"tokens\":{\"access_token\":\"%s\"}}", jwt(ACCOUNT("access")));
    assert_int_equal(read_text(text, &t), LOGIN_FILE_READ);
    assert_string_equal(t.account_id, "access");
    login_tokens_free(&t);
}

TEST(truncated_file_differs_from_logged_out)
{
    static const char whole[] = "{\"tokens\":{\"access_token\":\"acc\",\"refresh_token\":\"ref\"}}";
    struct login_tokens t;
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        char text[sizeof whole];
        memcpy(text, whole, len);
        text[len] = '\0';
        assert_int_equal(read_text(text, &t), LOGIN_FILE_TORN);
        assert_null(t.access);
    }
    static const char *const none[] = {"{}",
                                       "[]",
                                       "null",
                                       "\"text\"",
                                       "{\"OPENAI_API_KEY\":\"sk-1\",\"tokens\":null}",
                                       "{\"tokens\":{\"access_token\":7}}",
                                       "{\"tokens\":{\"access_token\":\"a b\"}}",
                                       "{\"tokens\":{\"access_token\":\"a\\nb\"}}",
                                       "{\"chatgpt\":[]}"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_int_equal(read_text(none[i], &t), LOGIN_FILE_NONE);
}

static void updates_to(const char *text, const char *reply, const char *expected)
{
    struct buf out;
    buf_init(&out, 64u << 10);
    assert_true(login_file_update(slice_of(text), slice_of(reply), 1763712000, &out));
    assert_buf(&out, expected);
    buf_free(&out);
}

TEST(update_changes_only_the_tokens)
{
    updates_to(
        "{\n  \"new_thing\": [1, {\"access_token\": \"not this\"}],\n  \"tokens\": {\n    \"id_token\": \"i\",\n"
        "    \"access_token\": \"a\",\n    \"refresh_token\": \"r\",\n    \"account_id\": \"me\",\n    \"x\": 1e3\n  },\n"
        "  \"last_refresh\": \"2025-01-01T00:00:00.1Z\"\n}\n",
        "{\"access_token\":\"A\",\"refresh_token\":\"R\",\"id_token\":\"I\",\"expires_in\":3600}",
        "{\n  \"new_thing\": [1, {\"access_token\": \"not this\"}],\n  \"tokens\": {\n    \"id_token\": \"I\",\n"
        "    \"access_token\": \"A\",\n    \"refresh_token\": \"R\",\n    \"account_id\": \"me\",\n    \"x\": 1e3\n  },\n"
        "  \"last_refresh\": \"2025-11-21T08:00:00Z\"\n}\n");
}

TEST(tokens_missing_in_the_reply_stay)
{
    updates_to(
        "{\"tokens\":{\"access_token\":\"a\",\"refresh_token\":\"r\"},\"last_refresh\":null}",
        "{\"access_token\":\"A\",\"refresh_token\":null}",
        "{\"tokens\":{\"access_token\":\"A\",\"refresh_token\":\"r\"},\"last_refresh\":\"2025-11-21T08:00:00Z\"}");
}

TEST(keys_missing_in_the_file_are_added)
{
    updates_to("{\n  \"tokens\": {\n    \"refresh_token\": \"r\"\n  }\n}",
               "{\"access_token\":\"A\",\"id_token\":\"I\"}",
               "{\n  \"last_refresh\": \"2025-11-21T08:00:00Z\",\n  \"tokens\": {\n    \"id_token\": \"I\",\n"
               "    \"access_token\": \"A\",\n    \"refresh_token\": \"r\"\n  }\n}");
    updates_to("{\"access_token\":\"a\"}", "{\"access_token\":\"A\"}",
               "{\"last_refresh\": \"2025-11-21T08:00:00Z\",\"access_token\":\"A\"}");
    updates_to("{\"chatgpt\":{\"last_refresh\":1,\"access_token\":\"a\"},\"last_refresh\":2}",
               "{\"access_token\":\"A\"}",
               "{\"chatgpt\":{\"last_refresh\":\"2025-11-21T08:00:00Z\",\"access_token\":\"A\"},\"last_refresh\":2}");
}

/* Any content: if the file can be read, it can be read after the update too. */
TEST(a_damaged_file_is_updated_or_refused)
{
    static const char whole[] =
        "{ \"a\":[{}], \"tokens\": {\"id_token\":7,\"access_token\":\"acc\",\"refresh_token\":\"ref\"},"
        "\"chatgpt\":{\"access_token\":\"x\"},\"last_refresh\":null}";
    static const char damage[] = "0\"{}[]:,\\tn\xff";
    for (size_t at = 0; at < sizeof whole - 1; at++)
        for (size_t d = 0; d < sizeof damage; d++) {
            struct login_tokens before, after;
            struct buf out, why;
            char text[sizeof whole];
            memcpy(text, whole, sizeof whole);
            text[at] = damage[d];
            buf_init(&out, 4096);
            buf_init(&why, 1024);
            if (login_file_read((struct slice){text, sizeof whole - 1}, &before, &why) == LOGIN_FILE_READ) {
                assert_true(login_file_update((struct slice){text, sizeof whole - 1},
                                              SLICE("{\"access_token\":\"A\",\"id_token\":\"I\"}"), 1, &out));
                assert_int_equal(login_file_read(buf_slice(&out), &after, &why), LOGIN_FILE_READ);
                assert_string_equal(after.access, "A");
                login_tokens_free(&after);
            }
            login_tokens_free(&before);
            buf_free(&out);
            buf_free(&why);
        }
}

TEST(damaged_tokens_are_refused)
{
    struct buf out;
    buf_init(&out, 1024);
    updates_to("{\"access_token\":\"a\",\"last_refresh\":1}", "{\"access_token\":\"A\\r\\nX: y\",\"refresh_token\":7}",
               "{\"access_token\":\"a\",\"last_refresh\":\"2025-11-21T08:00:00Z\"}");
    assert_false(login_file_update(SLICE("{}"), SLICE("{\"access_token\":\"A\"}"), 0, &out));
    assert_false(login_file_update(SLICE("{\"access_token\":\"a\"}"), SLICE("[]"), 0, &out));
    assert_false(login_file_update(SLICE("{\"access_token\":"), SLICE("{}"), 0, &out));
    buf_free(&out);
}

TEST(token_replies_are_read)
{
    static const struct {
        int status;
        const char *body;
        enum login_answer answer;
    } cases[] = {
        {200, "{\"access_token\":\"a\"}", LOGIN_ANSWER_TOKENS},
        {200, "{}", LOGIN_ANSWER_TOKENS},
        {200, "<html>", LOGIN_ANSWER_LATER},
        {401, "", LOGIN_ANSWER_FINAL},
        {401, "{\"error\":{\"code\":\"whatever\"}}", LOGIN_ANSWER_FINAL},
        {400, "{\"error\":{\"code\":\"refresh_token_expired\"}}", LOGIN_ANSWER_FINAL},
        {400, "{\"error\":\"refresh_token_reused\"}", LOGIN_ANSWER_FINAL},
        {403, "{\"code\":\"refresh_token_invalidated\"}", LOGIN_ANSWER_FINAL},
        {400, "{\"error\":\"invalid_grant\"}", LOGIN_ANSWER_LATER},
        {429, "{\"error\":{\"code\":\"rate_limited\"}}", LOGIN_ANSWER_LATER},
        {500, "", LOGIN_ANSWER_LATER},
        {302, "", LOGIN_ANSWER_LATER},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf why;
        buf_init(&why, 1024);
        assert_int_equal(login_answer_read(cases[i].status, slice_of(cases[i].body), &why), cases[i].answer);
        assert_int_equal(why.len == 0, cases[i].answer == LOGIN_ANSWER_TOKENS);
        assert_int_equal(why.len && strstr(buf_text(&why), "run: codex login"), cases[i].answer == LOGIN_ANSWER_FINAL);
        buf_free(&why);
    }
}

TEST(renewal_request_body)
{
    struct buf out;
    buf_init(&out, 1024);
    assert_true(login_refresh_body("re\"f", &out));
    assert_buf(&out, "{\"client_id\":\"app_EMoamEEZ73f0CkXaXp7hrann\",\"grant_type\":\"refresh_token\","
                     "\"refresh_token\":\"re\\\"f\"}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims_are_read_from_tokens),
        cmocka_unit_test(three_layouts_are_read),
        cmocka_unit_test(the_account_comes_from_file_then_id_then_access_token),
        cmocka_unit_test(truncated_file_differs_from_logged_out),
        cmocka_unit_test(update_changes_only_the_tokens),
        cmocka_unit_test(tokens_missing_in_the_reply_stay),
        cmocka_unit_test(keys_missing_in_the_file_are_added),
        cmocka_unit_test(damaged_tokens_are_refused),
        cmocka_unit_test(a_damaged_file_is_updated_or_refused),
        cmocka_unit_test(token_replies_are_read),
        cmocka_unit_test(renewal_request_body),
    };
    return secret_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
