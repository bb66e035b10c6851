/* Unit tests of cgi/keys: the fields of a start. */
#include "tests/unit/unit.h"
#include "cgi/keys.h"

#define AGENT "LITELLM_ENABLE_CODEX_AGENT=1&CODEX_AGENT_API_BASE="

struct row {
    const char *form;
    const char *code;  /* NULL: accepted */
    const char *field; /* the invalid field; NULL: any or none */
};

/* Variables of a configuration. */
static char *names[] = {"OPENAI_API_KEY", "GROQ_API_KEY", "OWN_API_BASE", "HUGGINGFACE_API_KEY"};
static struct config_variables named;

static void name_some(unsigned count, unsigned groups, unsigned ready)
{
    named = (struct config_variables){.count = count, .groups = groups, .ready_groups = ready};
    memcpy(named.names, names, sizeof names);
}

static bool read_form(const char *form, struct keys *keys, struct refusal *why)
{
    static char body[4096];
    struct fields fields;
    size_t len = strlen(form);
    assert_true(len < sizeof body);
    memcpy(body, form, len);
    assert_true(fields_from_form(body, len, &fields, why));
    return keys_read(&fields, &named, keys, why);
}

TEST(forms_are_accepted_or_refused)
{
    static const struct row rows[] = {
        {"OPENAI_API_KEY=sk-proj-abc", NULL, NULL},
        {"OPENAI_API_KEY=anything-else", NULL, NULL},
        {"GEMINI_API_KEY=AIzaabc", NULL, NULL},
        {"GEMINI_API_KEY=AQ.abc", NULL, NULL},
        {"USE_LOCAL_QWEN=1", NULL, NULL},
        {"DEMO=1", NULL, NULL},
        {"DEMO=1&token=whatever", NULL, NULL},
        {"USE_CHATGPT_LOGIN=1", NULL, NULL},
        {AGENT "http://127.0.0.1:8788", NULL, NULL},
        {AGENT "http://localhost:8788/", NULL, NULL},
        {AGENT "http%3A%2F%2F[::1]%3A8788%2Fv1", NULL, NULL},
        {AGENT "+https://agent.example/v1%0a&CODEX_AGENT_API_KEY=sk-any", NULL, NULL},
        {"CODEX_AGENT_API_BASE=nonsense&DEMO=1", NULL, NULL},
        {"OPENAI_API_KEY=++sk-abc%0d%0a", NULL, NULL},
        {"", "no_usable_key", NULL},
        {"token=x", "no_usable_key", NULL},
        {"HF_TOKEN=hf_abc", "no_usable_key", NULL},
        {"OPENAI_API_KEY=&GEMINI_API_KEY=+&USE_LOCAL_QWEN=0", "no_usable_key", NULL},
        {"OPENAI_API_KEY=AIzaabc", "wrong_provider", "OPENAI_API_KEY"},
        {"OPENAI_API_KEY=hf_abc", "wrong_provider", "OPENAI_API_KEY"},
        {"OPENAI_API_KEY=sk-ant-abc", "wrong_provider", "OPENAI_API_KEY"},
        {"OPENAI_API_KEY=sk-or-v1-abc", "wrong_provider", "OPENAI_API_KEY"},
        {"OPENAI_API_KEY=sk-local-abc", "wrong_provider", "OPENAI_API_KEY"},
        {"GEMINI_API_KEY=sk-abc", "wrong_provider", "GEMINI_API_KEY"},
        {"HF_TOKEN=sk-abc&DEMO=1", "wrong_provider", "HF_TOKEN"},
        {"OPENAI_API_KEY=sk-a%20b", "invalid_key", "OPENAI_API_KEY"},
        {"OPENAI_API_KEY=sk-a%0d%0aX-Header: 1", "invalid_key", "OPENAI_API_KEY"},
        {"OPENAI_API_KEY=sk-%c3%a9", "invalid_key", "OPENAI_API_KEY"},
        {"CODEX_AGENT_API_BASE=http://127.0.0.1:8788", "no_usable_key", NULL},
        {"CODEX_AGENT_API_KEY=sk-abc", "no_usable_key", NULL},
        {"LITELLM_ENABLE_CODEX_AGENT=1", "missing_base", "CODEX_AGENT_API_BASE"},
        {AGENT "+", "missing_base", "CODEX_AGENT_API_BASE"},
        {AGENT "127.0.0.1:8788", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "file:///etc/passwd", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://127.0.0.1:95659", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://127.0.0.1:0", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://u:p@127.0.0.1", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://127.0.0.1/%0d%0aX:1", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://127.0.0.1/%01", "invalid_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://agent.example", "insecure_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://127.agent.example", "insecure_base", "CODEX_AGENT_API_BASE"},
        {AGENT "http://127.0.0.1&CODEX_AGENT_API_KEY=a%20b", "invalid_key", "CODEX_AGENT_API_KEY"},
        {"LITELLM_ENABLE_CODEX_AGENT=on", "invalid_flag", "LITELLM_ENABLE_CODEX_AGENT"},
        {"USE_LOCAL_QWEN=yes", "invalid_flag", "USE_LOCAL_QWEN"},
        {"QWEN_API_KEY=", "qwen_key_refused", NULL},
        {"QWEN_API_BASE=http://x&USE_LOCAL_QWEN=1", "qwen_key_refused", NULL},
        {"LITELLM_API_KEY=x&DEMO=1", "unknown_field", NULL},
        {"LD_PRELOAD=x&DEMO=1", "unknown_field", NULL},
        {"openai_api_key=sk-a", "unknown_field", NULL},
        {"DEMO=1&DEMO=1", "invalid_body", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct keys keys;
        struct refusal why = {.code = NULL};
        bool ok = read_form(rows[i].form, &keys, &why);
        if (ok != !rows[i].code || (!ok && strcmp(why.code, rows[i].code) != 0))
            fail_msg("%s: %s", rows[i].form, ok ? "accepted" : why.code);
        if (!ok)
            assert_int_equal(why.status, 400);
        if (!ok && rows[i].field)
            assert_string_equal(why.field, rows[i].field);
    }
}

TEST(values_are_trimmed_and_kept)
{
    struct keys keys;
    struct refusal why;
    assert_true(read_form("OPENAI_API_KEY=+sk-a%0a&HF_TOKEN=hf_b&USE_LOCAL_QWEN=1", &keys, &why));
    assert_slice(keys.value[KEY_OPENAI], "sk-a");
    assert_slice(keys.value[KEY_HF], "hf_b");
    assert_int_equal(keys.value[KEY_GEMINI].len, 0);
    assert_true(keys.chosen[CHOICE_LOCAL_QWEN]);
    assert_false(keys.chosen[CHOICE_DEMO]);
    assert_string_equal(choice_variable(CHOICE_DEMO), "POINTSMAN_DEMO");
    assert_string_equal(key_name(KEY_HF), "HF_TOKEN");
    assert_string_equal(key_alias(KEY_HF), "HUGGINGFACE_API_KEY");
    assert_null(key_alias(KEY_OPENAI));
}

/* Fields of an option that is not chosen are ignored. */
TEST(codex_agents_fields_need_its_box)
{
    struct keys keys;
    struct refusal why;
    assert_true(read_form(AGENT "+http://127.0.0.1:8788%0a&CODEX_AGENT_API_KEY=k", &keys, &why));
    assert_slice(keys.agent_base, "http://127.0.0.1:8788");
    assert_slice(keys.value[KEY_CODEX_AGENT], "k");
    assert_true(read_form("DEMO=1&CODEX_AGENT_API_BASE=http://127.0.0.1:8788&CODEX_AGENT_API_KEY=k", &keys, &why));
    assert_int_equal(keys.agent_base.len, 0);
    assert_int_equal(keys.value[KEY_CODEX_AGENT].len, 0);
}

TEST(unknown_field_error_lists_the_known_ones)
{
    struct keys keys;
    struct refusal why;
    assert_false(read_form("NOPE=1", &keys, &why));
    assert_string_equal(
        why.message,
        "The request has an unknown field, which is not a variable of the configuration either. "
        "Known: OPENAI_API_KEY, GEMINI_API_KEY, "
        "HF_TOKEN, CODEX_AGENT_API_KEY, USE_LOCAL_QWEN, USE_CHATGPT_LOGIN, LITELLM_ENABLE_CODEX_AGENT, DEMO, "
        "CODEX_AGENT_API_BASE, risk_router, strategy, host, allow_host.");
    name_some(3, 2, 1);
    assert_false(read_form("NOPE=1", &keys, &why));
    assert_non_null(strstr(why.message, "DEMO, GROQ_API_KEY, OWN_API_BASE, CODEX_AGENT_API_BASE, risk_router"));
    name_some(0, 0, 0);
}

TEST(variables_of_the_configuration)
{
    struct keys keys;
    struct refusal why;
    assert_false(read_form("GROQ_API_KEY=gsk_1&DEMO=1", &keys, &why));
    assert_string_equal(why.code, "unknown_field");
    name_some(4, 3, 1);
    assert_true(read_form("GROQ_API_KEY=+gsk_1%0a&OWN_API_BASE=http://127.0.0.1:1/a b&HUGGINGFACE_API_KEY=", &keys,
                          &why));
    assert_int_equal(keys.variable_count, 2);
    assert_slice(keys.variables[0].name, "GROQ_API_KEY");
    assert_slice(keys.variables[0].value, "gsk_1");
    assert_slice(keys.variables[1].value, "http://127.0.0.1:1/a b");
    /* A variable with a field of its own is read as that field. */
    assert_true(read_form("OPENAI_API_KEY=sk-1", &keys, &why));
    assert_int_equal(keys.variable_count, 0);
    assert_false(read_form("GROQ_API_KEY=a%0ab", &keys, &why));
    assert_string_equal(why.code, "invalid_key");
    assert_null(strstr(why.message, "a\nb"));
    assert_false(read_form("LD_PRELOAD=/x&GROQ_API_KEY=gsk_1", &keys, &why));
    assert_string_equal(why.code, "unknown_field");
    name_some(0, 0, 0);
}

TEST(keys_of_other_providers_are_refused)
{
    static char *variables[] = {"GROQ_API_KEY", "DEEPSEEK_API_KEY", "OPENAI_LIKE_API_KEY", "LM_STUDIO_API_KEY", "OWN"};
    static const struct row rows[] = {
        {"GROQ_API_KEY=gsk_1", NULL, NULL},
        {"GROQ_API_KEY=hello", NULL, NULL},
        {"GROQ_API_KEY=sk-1", "wrong_provider", "GROQ_API_KEY"},
        {"GROQ_API_KEY=sk-ant-1", "wrong_provider", "GROQ_API_KEY"},
        {"DEEPSEEK_API_KEY=sk-1", NULL, NULL},
        {"DEEPSEEK_API_KEY=gsk_1", "wrong_provider", "DEEPSEEK_API_KEY"},
        {"DEEPSEEK_API_KEY=sk-local-1", "wrong_provider", "DEEPSEEK_API_KEY"},
        {"OPENAI_LIKE_API_KEY=sk-ant-1&LM_STUDIO_API_KEY=sk-ant-2&OWN=sk-ant-3", NULL, NULL},
        {"OPENAI_API_KEY=gsk_1", "wrong_provider", "OPENAI_API_KEY"},
    };
    name_some(0, 1, 1);
    memcpy(named.names, variables, sizeof variables);
    named.count = COUNT_OF(variables);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct keys keys;
        struct refusal why = {.code = NULL};
        if (read_form(rows[i].form, &keys, &why) != !rows[i].code)
            fail_msg("%s: %s", rows[i].form, why.code ? why.code : "accepted");
        if (rows[i].code) {
            assert_string_equal(why.code, rows[i].code);
            assert_string_equal(why.field, rows[i].field);
        }
    }
    struct keys keys;
    struct refusal why;
    assert_false(read_form("OPENAI_API_KEY=gsk_1", &keys, &why));
    assert_string_equal(why.message,
                        "The key in OPENAI_API_KEY begins with \"gsk_\": that is a key of Groq. Put it into "
                        "GROQ_API_KEY.");
    name_some(0, 0, 0);
    assert_false(read_form("OPENAI_API_KEY=gsk_1", &keys, &why));
    assert_string_equal(why.message, "The key in OPENAI_API_KEY begins with \"gsk_\": that is a key of Groq, not of "
                                     "OpenAI.");
}

TEST(options_have_inputs_of_their_own)
{
    static const char *const options[] = {"USE_LOCAL_QWEN", "DEMO", "CODEX_AGENT_API_BASE", "CODEX_AGENT_API_KEY",
                                          "token",          "host", "risk_router"};
    for (size_t i = 0; i < COUNT_OF(options); i++)
        assert_true(keys_is_option(slice_of(options[i])));
    assert_false(keys_is_option(SLICE("OPENAI_API_KEY")));
    assert_false(keys_is_option(SLICE("TOKEN")));
}

TEST(what_is_needed_is_named)
{
    static char *variables[] = {"GROQ_API_KEY",        "HF_TOKEN",      "USE_IT", "OWN_BASE",
                                "CODEX_AGENT_API_KEY", "OPENAI_API_KEY"};
    static const enum variable_use uses[] = {VARIABLE_KEY,  VARIABLE_KEY, VARIABLE_SWITCH,
                                             VARIABLE_NEED, VARIABLE_KEY, VARIABLE_KEY};
    struct keys keys;
    struct refusal why;
    name_some(0, 3, 1);
    for (unsigned i = 0; i < COUNT_OF(variables); i++) {
        named.names[i] = variables[i];
        named.purposes[i].use = uses[i];
    }
    named.count = 6;
    assert_false(read_form("HF_TOKEN=hf_1", &keys, &why));
    assert_string_equal(why.message, "Nothing to route to yet. One of these is needed: GROQ_API_KEY, USE_IT, "
                                     "OPENAI_API_KEY, DEMO. A Hugging Face token alone is not enough.");
    named.count = 5; /* without an OpenAI or Gemini key, a token is enough */
    assert_true(read_form("HF_TOKEN=hf_1", &keys, &why));
    assert_false(read_form("", &keys, &why));
    assert_string_equal(why.message, "Nothing to route to yet. One of these is needed: GROQ_API_KEY, HF_TOKEN, USE_IT, "
                                     "DEMO.");
    name_some(0, 0, 0);
}

TEST(something_must_be_ready)
{
    struct keys keys;
    struct refusal why;
    name_some(4, 3, 0);
    assert_false(read_form("GROQ_API_KEY=gsk_1", &keys, &why)); /* no alias is ready with it */
    assert_string_equal(why.code, "no_usable_key");
    name_some(4, 3, 1);
    assert_true(read_form("GROQ_API_KEY=gsk_1", &keys, &why));
    assert_false(read_form("HF_TOKEN=hf_1", &keys, &why)); /* not all aliases are ready */
    assert_false(read_form("", &keys, &why));
    name_some(4, 3, 3);
    assert_true(read_form("HF_TOKEN=hf_1", &keys, &why));
    assert_true(read_form("", &keys, &why));
    name_some(0, 0, 0);
}

TEST(addresses_are_not_secret)
{
    assert_true(keys_is_secret(SLICE("GROQ_API_KEY")));
    assert_true(keys_is_secret(SLICE("ANYTHING")));
    assert_true(keys_is_secret(SLICE("_URL")));
    assert_false(keys_is_secret(SLICE("OWN_API_BASE")));
    assert_false(keys_is_secret(SLICE("OLLAMA_HOST")));
}

TEST(serving_options_are_read)
{
    struct keys keys;
    struct refusal why;
    assert_true(read_form(
        "DEMO=1&risk_router=1&strategy=expected-cost&host=0.0.0.0&allow_host=a.example,+b-2,,[fd00::1]", &keys, &why));
    assert_true(keys.serving.risk_router);
    assert_slice(keys.serving.strategy, "expected-cost");
    assert_slice(keys.serving.host, "0.0.0.0");
    assert_slice(keys.serving.allow_host[0], "a.example");
    assert_slice(keys.serving.allow_host[1], "b-2");
    assert_slice(keys.serving.allow_host[2], "[fd00::1]");
    assert_int_equal(keys.serving.allow_host[3].len, 0);
    assert_true(read_form("DEMO=1&risk_router=&strategy=&host=&allow_host=", &keys, &why));
    assert_false(keys.serving.risk_router);
    static const struct row rows[] = {
        {"risk_router=1", "no_usable_key", NULL},
        {"DEMO=1&risk_router=yes", "invalid_flag", "risk_router"},
        {"DEMO=1&strategy=nonsense", "invalid_strategy", "strategy"},
        {"DEMO=1&strategy=--config", "invalid_strategy", "strategy"},
        {"DEMO=1&host=10.0.0.1", "invalid_host", "host"},
        {"DEMO=1&host=evil.test", "invalid_host", "host"},
        {"DEMO=1&allow_host=a:1", "invalid_host", "allow_host"},
        {"DEMO=1&allow_host=*", "invalid_host", "allow_host"},
        {"DEMO=1&allow_host=1+2+3+4+5+6+7+8+9", "invalid_host", "allow_host"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (read_form(rows[i].form, &keys, &why))
            fail_msg("accepted: %s", rows[i].form);
        assert_string_equal(why.code, rows[i].code);
        if (rows[i].field)
            assert_string_equal(why.field, rows[i].field);
    }
}

TEST(key_length_is_limited)
{
    char form[KEY_MAX_LEN + 64] = "GEMINI_API_KEY=";
    struct keys keys;
    struct refusal why;
    size_t start = strlen(form);
    memset(form + start, 'k', KEY_MAX_LEN);
    assert_true(read_form(form, &keys, &why));
    form[start + KEY_MAX_LEN] = 'k';
    assert_false(read_form(form, &keys, &why));
    assert_string_equal(why.code, "invalid_key");
}

/* A refused value may be a key in the wrong field: no message repeats it. */
TEST(messages_contain_no_value)
{
    static const char *const forms[] = {
        "OPENAI_API_KEY=AIzaCANARY", "GEMINI_API_KEY=a CANARY", "CANARY=x", "USE_LOCAL_QWEN=CANARY", AGENT "CANARY",
        AGENT "http://CANARY",       "QWEN_API_KEY=CANARY"};
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct keys keys;
        struct refusal why;
        assert_false(read_form(forms[i], &keys, &why));
        assert_null(strstr(why.message, "CANARY"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_are_accepted_or_refused),    cmocka_unit_test(values_are_trimmed_and_kept),
        cmocka_unit_test(codex_agents_fields_need_its_box), cmocka_unit_test(unknown_field_error_lists_the_known_ones),
        cmocka_unit_test(variables_of_the_configuration),   cmocka_unit_test(keys_of_other_providers_are_refused),
        cmocka_unit_test(options_have_inputs_of_their_own), cmocka_unit_test(what_is_needed_is_named),
        cmocka_unit_test(something_must_be_ready),          cmocka_unit_test(addresses_are_not_secret),
        cmocka_unit_test(serving_options_are_read),         cmocka_unit_test(key_length_is_limited),
        cmocka_unit_test(messages_contain_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
