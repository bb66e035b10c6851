/* Unit tests of cli/start_keys: which variables go to the proxy. */
#include "tests/unit/folder.h"
#include "cli/start_keys.h"

#include <fcntl.h>

static const char CONFIG[] = "model_list:\n"
                             "  - model_name: fast\n"
                             "    litellm_params:\n"
                             "      model: groq/some-model\n"
                             "      api_key: os.environ/GROQ_API_KEY\n"
                             "  - model_name: own\n"
                             "    litellm_params:\n"
                             "      model: openai_like/m\n"
                             "      api_base: os.environ/OWN_BASE\n"
                             "      api_key: os.environ/OWN_SECRET\n"
                             "general_settings:\n"
                             "  master_key: os.environ/LITELLM_MASTER_KEY\n";

static void write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

static int enter(void **state)
{
    static const char *const names[] = {"GROQ_API_KEY", "OWN_BASE", "OWN_SECRET", "LITELLM_API_KEY", "OTHER_KEY"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
    setenv("OWN_BASE", "http://127.0.0.1:9/v1", 1);
    return folder_enter(state);
}

static void read_text(struct start_keys *keys, const char *text, bool good)
{
    struct buf error;
    buf_init(&error, 1024);
    write_text(folder_at("given"), text);
    int fd = open(folder_at("given"), O_RDONLY);
    assert_int_equal(start_keys_read(keys, fd, &error), good);
    assert_int_equal(error.len > 0, !good);
    assert_null(good ? NULL : strstr(buf_text(&error), "sekrit"));
    close(fd);
    buf_free(&error);
}

static void learn(struct start_keys *keys)
{
    struct buf error;
    buf_init(&error, 8192);
    write_text(folder_at("c.yaml"), CONFIG);
    assert_true(start_keys_learn(keys, folder_at("c.yaml"), &error));
    buf_free(&error);
}

TEST(only_variables_of_the_configuration_are_passed)
{
    struct start_keys keys;
    struct buf json, names;
    buf_init(&json, 4096);
    buf_init(&names, 1024);
    setenv("OTHER_KEY", "other", 1);
    setenv("LITELLM_API_KEY", "sk-mine", 1);
    setenv("GROQ_API_KEY", "from-environment", 1);
    start_keys_init(&keys);
    read_text(&keys, "\n# a comment\r\nGROQ_API_KEY=gsk_\"1\"=\n  OWN_SECRET=first\r\nOWN_SECRET=second", true);
    learn(&keys);
    assert_true(keys.enough);
    BUF_ADD(&json, "{");
    assert_true(start_keys_json(&keys, &json, &names));
    BUF_ADD(&json, "}");
    assert_non_null(strstr(buf_text(&json), "\"GROQ_API_KEY\":\"gsk_\\\"1\\\"=\""));
    assert_non_null(strstr(buf_text(&json), "\"OWN_SECRET\":\"second\""));
    assert_non_null(strstr(buf_text(&json), "\"OWN_BASE\":\"http://127.0.0.1:9/v1\""));
    assert_null(strstr(buf_text(&json), "OTHER_KEY"));
    assert_null(strstr(buf_text(&json), "LITELLM"));
    assert_null(strstr(buf_text(&names), "gsk_"));
    buf_clear(&names);
    start_keys_sources(&keys, &names);
    assert_buf(&names, "GROQ_API_KEY:keys-fd,OWN_BASE:environment,OWN_SECRET:keys-fd");
    assert_true(start_keys_set(&keys, START_FROM_OPTION, "OWN_BASE", SLICE("http://127.0.0.1:8/v1")));
    buf_clear(&names);
    start_keys_sources(&keys, &names);
    assert_buf(&names, "GROQ_API_KEY:keys-fd,OWN_BASE:option,OWN_SECRET:keys-fd");
    assert_true(start_keys_fit(&keys, &names));
    assert_true(start_keys_set(&keys, START_FROM_PROMPT, "OTHER_KEY", SLICE("x")));
    buf_clear(&names);
    assert_false(start_keys_fit(&keys, &names));
    assert_buf(&names, "OTHER_KEY");
    start_keys_free(&keys);
    buf_free(&json);
    buf_free(&names);
}

TEST(keys_may_be_insufficient)
{
    struct start_keys keys;
    struct buf error;
    unsetenv("OWN_BASE");
    buf_init(&error, 8192);
    start_keys_init(&keys);
    write_text(folder_at("c.yaml"), "model_list:\n  - model_name: fast\n    litellm_params:\n      model: groq/m\n");
    assert_true(start_keys_learn(&keys, folder_at("c.yaml"), &error));
    assert_false(keys.enough);
    assert_int_equal(keys.wanted.count, 1);
    assert_string_equal(keys.wanted.names[0], "GROQ_API_KEY");
    assert_false(start_keys_learn(&keys, folder_at("absent.yaml"), &error));
    assert_true(error.len > 0);
    start_keys_free(&keys);
    buf_free(&error);
}

TEST(invalid_lines_are_refused)
{
    static const char *const texts[] = {"sekrit",    "=sekrit",         "A B=sekrit",
                                        "1A=sekrit", "export A=sekrit", "A-B=sekrit"};
    static char much[20000];
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct start_keys keys;
        start_keys_init(&keys);
        read_text(&keys, texts[i], false);
        start_keys_free(&keys);
    }
    struct start_keys keys;
    start_keys_init(&keys);
    memset(much, 'x', sizeof much - 1);
    memcpy(much, "A=", 2);
    read_text(&keys, much, false);
    start_keys_free(&keys);
}

TEST(keys_are_recognized_by_their_names)
{
    assert_true(start_keys_is_key("GROQ_API_KEY"));
    assert_true(start_keys_is_key("HF_TOKEN"));
    assert_true(start_keys_is_key("MY_SECRET"));
    assert_false(start_keys_is_key("USE_LOCAL_QWEN"));
    assert_false(start_keys_is_key("OWN_BASE"));
    assert_false(start_keys_is_key("EY"));
}

#define KEYS_TEST(function) cmocka_unit_test_setup_teardown(function, enter, folder_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        KEYS_TEST(only_variables_of_the_configuration_are_passed),
        KEYS_TEST(keys_may_be_insufficient),
        KEYS_TEST(invalid_lines_are_refused),
        cmocka_unit_test(keys_are_recognized_by_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
