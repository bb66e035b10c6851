/* Unit tests of cli/gateway: finds the proxy's address and key; none runs. */
#include "tests/unit/folder.h"
#include "cli/gateway.h"
#include "cli/session_client.h"

TEST(base_urls_end_in_v1)
{
    static const struct {
        const char *given, *base;
    } rows[] = {
        {"http://h:1", "http://h:1/v1"},      {"http://h:1/", "http://h:1/v1"}, {"http://h:1/v1", "http://h:1/v1"},
        {"http://h:1/v1//", "http://h:1/v1"}, {"http://h/p", "http://h/p/v1"},  {"http://h/xv1", "http://h/xv1/v1"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        buf_init(&out, 256);
        assert_true(gateway_base(slice_of(rows[i].given), &out));
        assert_buf(&out, rows[i].base);
        buf_free(&out);
    }
}

static int enter(void **state)
{
    int entered = folder_enter(state);
    setenv("POINTSMAN_RUNTIME_DIR", folder_at("none"), 1);
    unsetenv("LITELLM_BASE_URL");
    unsetenv("LITELLM_API_KEY");
    return entered;
}

/* Checks the base URL and key, or the error, for these variables. No session runs. */
static void assert_gateway(const char *base, const char *key, const char *expected, const char *why)
{
    struct gateway gateway;
    struct buf error;
    buf_init(&error, 1024);
    if (base)
        setenv("LITELLM_BASE_URL", base, 1);
    if (key)
        setenv("LITELLM_API_KEY", key, 1);
    assert_int_equal(gateway_find(&gateway, &error), expected != NULL);
    if (expected) {
        assert_string_equal(gateway.base_url, expected);
        assert_slice(gateway_key(&gateway), key);
        assert_false(gateway.own);
    } else {
        assert_buf(&error, why);
    }
    gateway_free(&gateway);
    buf_free(&error);
}

TEST(environment_names_the_proxy)
{
    assert_gateway(NULL, NULL, NULL, SESSION_NOT_RUNNING);
    assert_gateway("", "", NULL, SESSION_NOT_RUNNING);
    assert_gateway(NULL, "sk-1", GATEWAY_BASE, NULL);
    assert_gateway("http://proxy.example:4000", "sk-1", "http://proxy.example:4000/v1", NULL);
    unsetenv("LITELLM_API_KEY");
    assert_gateway("http://127.0.0.1:4000", NULL, NULL, "LITELLM_BASE_URL is set, but LITELLM_API_KEY is not");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base_urls_end_in_v1),
        cmocka_unit_test_setup_teardown(environment_names_the_proxy, enter, folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
