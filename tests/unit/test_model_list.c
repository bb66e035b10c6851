/* Unit tests of proxy/upstream/model_list: servers' lists of their models. */
#include "tests/unit/unit.h"
#include "proxy/upstream/model_list.h"

TEST(a_name_without_a_tag_means_the_latest)
{
    struct slice list =
        SLICE("{\"object\":\"list\",\"data\":[{\"id\":\"a:latest\"},{\"id\":\"b:3b\"},{\"name\":\"c\"}]}");
    assert_true(model_list_has(list, "a"));
    assert_true(model_list_has(list, "b:3b"));
    assert_false(model_list_has(list, "b"));
    assert_false(model_list_has(list, "c"));
    assert_false(model_list_has(SLICE("{\"data\":7}"), "a"));
    assert_false(model_list_has(SLICE("<html>"), "a"));
    assert_false(model_list_has((struct slice){NULL, 0}, "a"));
}

TEST(loaded_context_is_the_context_window)
{
    struct slice list =
        SLICE("{\"models\":[{\"model\":\"a:latest\",\"context_length\":8192},{\"model\":\"old:1b\"},"
              "{\"model\":\"odd\",\"context_length\":-5},{\"model\":\"text\",\"context_length\":\"x\"},7]}");
    assert_int_equal(model_list_window(list, "a"), 8192);
    assert_int_equal(model_list_window(list, "old:1b"), MODEL_LIST_LEAST_WINDOW);
    assert_int_equal(model_list_window(list, "odd"), MODEL_LIST_LEAST_WINDOW);
    assert_int_equal(model_list_window(list, "text"), MODEL_LIST_LEAST_WINDOW);
    assert_int_equal(model_list_window(list, "b"), -1);
    assert_int_equal(model_list_window(SLICE("{\"models\":[]}"), "a"), -1);
    static const char *const others[] = {"",       "{}",           "[]", "{\"models\":{}}", "{\"models\":null}",
                                         "<html>", "{\"models\":["};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(model_list_window(slice_of(others[i]), "a"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_without_a_tag_means_the_latest),
        cmocka_unit_test(loaded_context_is_the_context_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
