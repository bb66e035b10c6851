/* Unit tests of cgi/keys: what a start takes. */
#include "tests/unit/unit.h"
#include "cgi/keys.h"

#define AGENT "LITELLM_ENABLE_CODEX_AGENT=1&CODEX_AGENT_API_BASE="

struct row {
    const char *form;
    const char *code;    /* NULL: taken */
    const char *field;   /* the field at fault, where one is named */
};

static bool read_form(const char *form, struct keys *keys, struct refusal *why)
{
    static char body[4096];
    struct fields fields;
    size_t len = strlen(form);
    assert_true(len < sizeof body);
    memcpy(body, form, len);
    assert_true(fields_from_form(body, len, &fields, why));
    return keys_read(&fields, keys, why);
}

static void verdicts(void **state)
{
    (void)state;
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
            fail_msg("%s: %s", rows[i].form, ok ? "taken" : why.code);
        if (!ok)
            assert_int_equal(why.status, 400);
        if (!ok && rows[i].field)
            assert_string_equal(why.field, rows[i].field);
    }
}

static void values(void **state)
{
    (void)state;
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

/* What was typed beside a box that is not ticked goes nowhere. */
static void codex_agents_fields_need_its_box(void **state)
{
    (void)state;
    struct keys keys;
    struct refusal why;
    assert_true(read_form(AGENT "+http://127.0.0.1:8788%0a&CODEX_AGENT_API_KEY=k", &keys, &why));
    assert_slice(keys.agent_base, "http://127.0.0.1:8788");
    assert_slice(keys.value[KEY_CODEX_AGENT], "k");
    assert_true(read_form("DEMO=1&CODEX_AGENT_API_BASE=http://127.0.0.1:8788&CODEX_AGENT_API_KEY=k", &keys, &why));
    assert_int_equal(keys.agent_base.len, 0);
    assert_int_equal(keys.value[KEY_CODEX_AGENT].len, 0);
}

static void unknown_fields_are_told_the_known_ones(void **state)
{
    (void)state;
    struct keys keys;
    struct refusal why;
    assert_false(read_form("NOPE=1", &keys, &why));
    assert_string_equal(why.message, "The request has a field that is not known. Known: OPENAI_API_KEY, GEMINI_API_KEY, "
                        "HF_TOKEN, CODEX_AGENT_API_KEY, USE_LOCAL_QWEN, USE_CHATGPT_LOGIN, LITELLM_ENABLE_CODEX_AGENT, DEMO, "
                        "CODEX_AGENT_API_BASE.");
}

static void length(void **state)
{
    (void)state;
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

/* What is refused may be a key in the wrong place: no message repeats it. */
static void messages_hold_no_value(void **state)
{
    (void)state;
    static const char *const forms[] = {"OPENAI_API_KEY=AIzaCANARY", "GEMINI_API_KEY=a CANARY", "CANARY=x",
                                        "USE_LOCAL_QWEN=CANARY", AGENT "CANARY", AGENT "http://CANARY", "QWEN_API_KEY=CANARY"};
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
        cmocka_unit_test(verdicts),
        cmocka_unit_test(values),
        cmocka_unit_test(codex_agents_fields_need_its_box),
        cmocka_unit_test(unknown_fields_are_told_the_known_ones),
        cmocka_unit_test(length),
        cmocka_unit_test(messages_hold_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
