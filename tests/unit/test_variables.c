/* Unit tests of proxy/config/variables: what the variables of a configuration are for. */
#include "tests/unit/folder.h"
#include "common/secret.h"
#include "proxy/config/variables.h"

static struct config_variables variables;
static struct buf warnings;

static const char *look_up(const char *name, void *ctx)
{
    const char *const *set = ctx;
    for (; set && *set; set += 2)
        if (strcmp(name, *set) == 0)
            return set[1];
    return NULL;
}

/* `set`: names and values, alternating; NULL: none. */
static void learn(const char *model_list, const char *const *set)
{
    struct buf error;
    buf_init(&error, 8192);
    int fd = open(folder_at("c.yaml"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(dprintf(fd, "model_list:\n%s", model_list) > 0);
    close(fd);
    if (!config_variables_learn(&variables, folder_at("c.yaml"), look_up, (void *)set, &warnings, &error))
        fail_msg("%s", buf_text(&error));
    buf_free(&error);
}

static void check(const char *name, enum variable_use use, const char *model, unsigned deployments)
{
    int index = config_variables_find(&variables, slice_of(name));
    if (index < 0)
        fail_msg("%s is not recorded", name);
    const struct variable_purpose *purpose = &variables.purposes[index];
    assert_int_equal(purpose->use, use);
    assert_int_equal(purpose->deployments, deployments);
    if (model)
        assert_string_equal(purpose->model, model);
    else
        assert_null(purpose->model);
}

TEST(each_variable_has_a_purpose)
{
    learn(
        "- {model_name: a, litellm_params: {model: groq/m, api_key: os.environ/GROQ_API_KEY}}\n"
        "- {model_name: b, litellm_params: {model: groq/n}}\n"
        "- {model_name: c, litellm_params: {model: openai_like/o, api_base: os.environ/BASE, api_key: os.environ/K}}\n"
        "- {model_name: d, litellm_params: {model: ollama/q}, model_info: {requires_env: USE_Q}}\n"
        "- {model_name: e, litellm_params: {model: codex-agent/mini}}\n"
        "- {model_name: f, litellm_params: {model: os.environ/MODEL}}\n"
        "router_settings: {timeout: os.environ/SECONDS}\n"
        "general_settings: {outgoing_proxy: os.environ/OUT}\n",
        NULL);
    check("GROQ_API_KEY", VARIABLE_KEY, "groq/m", 2);
    check("BASE", VARIABLE_NEED, "openai_like/o", 1);
    check("K", VARIABLE_KEY, "openai_like/o", 1);
    check("USE_Q", VARIABLE_SWITCH, "ollama/q", 1);
    check("LITELLM_ENABLE_CODEX_AGENT", VARIABLE_SWITCH, "codex-agent/mini", 1);
    check("CODEX_AGENT_API_BASE", VARIABLE_NEED, "codex-agent/mini", 1);
    check("CODEX_AGENT_API_KEY", VARIABLE_KEY, "codex-agent/mini", 1);
    check("CODEX_AGENT_MAX_RETRIES", VARIABLE_SPARE, "codex-agent/mini", 1);
    check("MODEL", VARIABLE_NEED, "os.environ/MODEL", 1);
    check("SECONDS", VARIABLE_OTHER, NULL, 0);
    check("OUT", VARIABLE_NEED, "groq/m", 2);
}

/* Without api_key, the provider's variables are used: the first one counts until another is set. */
TEST(spare_names_of_a_key)
{
    static const char MODELS[] = "- {model_name: a, litellm_params: {model: gemini/m}}\n";
    learn(MODELS, NULL);
    check("GEMINI_API_KEY", VARIABLE_KEY, "gemini/m", 1);
    check("GOOGLE_API_KEY", VARIABLE_SPARE, "gemini/m", 1);
    learn(MODELS, (const char *const[]){"GOOGLE_API_KEY", "AIza1", NULL});
    check("GEMINI_API_KEY", VARIABLE_SPARE, "gemini/m", 1);
    check("GOOGLE_API_KEY", VARIABLE_KEY, "gemini/m", 1);
    learn(MODELS, (const char *const[]){"GEMINI_API_KEY", "AIza1", NULL});
    assert_int_equal(variables.count, 1); /* the other one was not looked up: the proxy does not get it */
    learn("- {model_name: a, litellm_params: {model: gemini/m}}\n"
          "- {model_name: b, litellm_params: {model: gemini/n, api_key: os.environ/GOOGLE_API_KEY}}\n",
          NULL);
    check("GOOGLE_API_KEY", VARIABLE_KEY, "gemini/n", 1);
}

/* The provider's key is never sent to another server, so it is no key of such a deployment. */
TEST(keys_that_are_not_sent_are_not_asked_for)
{
    learn("- {model_name: a, litellm_params: {model: openai/m, api_base: os.environ/BASE}}\n", NULL);
    check("OPENAI_API_KEY", VARIABLE_SPARE, "openai/m", 1);
    learn("- {model_name: a, litellm_params: {model: openai/m, api_base: https://other.example/v1}}\n", NULL);
    assert_int_equal(variables.count, 0);
    learn("- {model_name: a, litellm_params: {model: openai/m, api_key: sk-1}}\n", NULL);
    assert_int_equal(variables.count, 0);
}

TEST(warnings_are_kept_but_for_keys_that_are_not_set)
{
    learn("- {model_name: a, litellm_params: {model: groq/m, unknown_key: 1}}\n", NULL);
    assert_non_null(strstr(buf_text(&warnings), "c.yaml:2: "));
    assert_non_null(strstr(buf_text(&warnings), "unknown_key"));
    assert_null(strstr(buf_text(&warnings), "GROQ_API_KEY"));
}

static int enter(void **state)
{
    buf_init(&warnings, 8192);
    return folder_enter(state);
}

static int leave(void **state)
{
    buf_free(&warnings);
    config_variables_free(&variables);
    return folder_leave(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_variable_has_a_purpose, enter, leave),
        cmocka_unit_test_setup_teardown(spare_names_of_a_key, enter, leave),
        cmocka_unit_test_setup_teardown(keys_that_are_not_sent_are_not_asked_for, enter, leave),
        cmocka_unit_test_setup_teardown(warnings_are_kept_but_for_keys_that_are_not_set, enter, leave),
    };
    return !secret_init() || cmocka_run_group_tests(tests, NULL, NULL);
}
