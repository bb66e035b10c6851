/* Unit tests of proxy/terms/client_name: what a User-Agent says. */
#include "tests/unit/unit.h"

#include "proxy/terms/client_name.h"

#define LONG_40 "abcdefghijklmnopqrstuvwxyz0123456789ABCD"

TEST(a_user_agent_is_read)
{
    static const char *const CASES[][3] = {
        {"codex_cli_rs/0.142.1 (Debian 12.0.0; x86_64) xterm", "codex_cli_rs", "0.142.1"},
        {"OpenAI/Python 2.8.1", "OpenAI/Python", "2.8.1"},
        {"OpenAI/JS 4.1.0 (linux)", "OpenAI/JS", "4.1.0"},
        {"curl/7.88.1", "curl", "7.88.1"},
        {"Python-urllib/3.11", "Python-urllib", "3.11"},
        {"tool", "tool", ""},
        {"tool words", "tool", ""},
        {"tool/beta words", "tool", "beta"},
        {"tool/", "tool", ""},
        {"tool/1\"2", "tool", ""},
        {"tool/1.0\x1b[31m", "tool", ""},
        {"", "", ""},
        {"/1.0", "", ""},
        {"two words/1", "two", ""},
        {"a\"b/1.0", "", ""},
        {"a\\u0000/1.0", "", ""},
        {"\xc3\xa9/1.0", "", ""},
        {LONG_40 "/1", LONG_40, "1"},
        {LONG_40 "x/1", "", ""},
        {"a/1234567890123456789012345", "a", ""},
        {LONG_40 "/beta 1.0", LONG_40, "beta"},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct client_name client;
        memset(&client, 'x', sizeof client);
        client_name_read(slice_of(CASES[i][0]), &client);
        if (strcmp(client.name, CASES[i][1]) != 0 || strcmp(client.version, CASES[i][2]) != 0)
            fail_msg("%s: '%s', '%s'", CASES[i][0], client.name, client.version);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_user_agent_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
