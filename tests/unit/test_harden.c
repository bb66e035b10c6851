/* Unit tests of common/harden: which variables are removed from the environment. */
#include "tests/unit/unit.h"
#include "common/harden.h"

#include <stdlib.h>
#include <unistd.h>

TEST(dangerous_variables_are_removed)
{
    char *given[] = {(char[]){"LD_PRELOAD=x"},
                     (char[]){"HOME=/home/user"},
                     (char[]){"SSLKEYLOGFILE=/tmp/x"},
                     (char[]){"https_proxy=http://x"},
                     (char[]){"ALL_PROXY=http://x"},
                     (char[]){"no_proxy=*"},
                     (char[]){"HTTP_PROXY=http://x"},
                     (char[]){"OUTGOING_PROXY=http://x"}, /* for general_settings.outgoing_proxy */
                     (char[]){"OPENAI_API_KEY=sk-1"},
                     (char[]){"SSL_CERT_FILE=/tmp/x"},
                     (char[]){"OPENSSL_CONF=/tmp/x"},
                     (char[]){"CURL_HOME=/tmp"},
                     (char[]){"NETRC=/tmp/x"},
                     (char[]){"MALLOC_TRACE=/tmp/x"},
                     (char[]){"GLIBC_TUNABLES=x"},
                     (char[]){"RES_OPTIONS=debug"},
                     (char[]){"HOSTALIASES=/tmp/x"},
                     (char[]){"PROXY_OF_MINE=1"},
                     (char[]){"NETRC_OF_MINE=1"},
                     (char[]){"LITELLM_API_KEY=sk-2"},
                     NULL};
    static const char *const kept[] = {"HOME=/home/user", "OUTGOING_PROXY=http://x", "OPENAI_API_KEY=sk-1",
                                       "PROXY_OF_MINE=1", "NETRC_OF_MINE=1",         "LITELLM_API_KEY=sk-2"};
    char **before = environ;
    environ = given;
    harden_environment();
    char **after = environ;
    environ = before;
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        assert_string_equal(after[i], kept[i]);
    assert_null(after[COUNT_OF(kept)]);
}

TEST(status_lists_the_measures_that_apply)
{
    struct buf out;
    buf_init(&out, 1000);
    struct document d;
    harden_describe(&(struct harden_status){.no_core = HARDEN_ON, .landlock = HARDEN_OFF}, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_buf(&out, "{\"no_core\":true,\"landlock\":false}");
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dangerous_variables_are_removed),
        cmocka_unit_test(status_lists_the_measures_that_apply),
    };
    return cmocka_run_group_tests_name("harden", tests, NULL, NULL);
}
