/* Unit tests of proxy/cache/canonical: which requests have the same key. */
#include "tests/unit/unit.h"
#include "proxy/cache/canonical.h"

#include <sodium.h>

#define CHAT(MORE) "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" MORE "}"

static const unsigned char SECRET[CACHE_KEY_SIZE] = "a secret", CONFIGURATION[CACHE_KEY_SIZE] = "one configuration";

static const struct canonical_scope SCOPE = {.client_key = {"sk-1", 4},
                                             .configuration = CONFIGURATION,
                                             .model = {"openai/m", 8},
                                             .spaces = {{"n", 1}, {NULL, 0}},
                                             .wire = WIRE_CHAT};

/* Writes the key of a body. false: it has none, *why is the reason. */
static bool key_of(const char *body, const struct canonical_scope *scope, unsigned char *key, const char **why)
{
    struct json j = {0};
    struct canonical c;
    assert_true(json_parse(&j, body, strlen(body)));
    *why = canonical_make(&c, &j, scope->wire, JSON_NONE);
    if (!*why)
        canonical_key(&c, scope, SECRET, key);
    canonical_free(&c);
    json_free(&j);
    return !*why;
}

static bool same(const char *a, const char *b, enum wire wire)
{
    unsigned char x[CACHE_KEY_SIZE], y[CACHE_KEY_SIZE];
    const char *why;
    struct canonical_scope scope = SCOPE;
    scope.wire = wire;
    assert_true(key_of(a, &scope, x, &why));
    assert_true(key_of(b, &scope, y, &why));
    return memcmp(x, y, sizeof x) == 0;
}

TEST(every_kept_field_changes_the_key)
{
    static const char *const chat[] = {
        CHAT(""),
        CHAT(",\"temperature\":0"),
        CHAT(",\"temperature\":0.0"),
        CHAT(",\"top_p\":1"),
        CHAT(",\"seed\":1"),
        CHAT(",\"seed\":2"),
        CHAT(",\"stop\":[\"a\",\"b\"]"),
        CHAT(",\"stop\":[\"b\",\"a\"]"),
        CHAT(",\"max_tokens\":1"),
        CHAT(",\"max_completion_tokens\":1"),
        CHAT(",\"reasoning_effort\":\"low\""),
        CHAT(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{}}}"),
        CHAT(",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"b\",\"schema\":{}}}"),
        CHAT(",\"service_tier\":\"flex\""),
        CHAT(",\"tool_choice\":\"none\""),
        CHAT(",\"parallel_tool_calls\":false"),
        CHAT(",\"user\":\"a\""),
        CHAT(",\"user\":\"b\""),
        CHAT(",\"safety_identifier\":\"a\""),
        "{\"model\":\"n\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"hi\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi \"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\\n\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\\r\\n\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"e\\u0301\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\"}]}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"user\",\"content\":\"b\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"b\"},{\"role\":\"user\",\"content\":\"a\"}]}",
    };
    for (size_t i = 0; i < COUNT_OF(chat); i++)
        for (size_t k = 0; k < i; k++)
            if (same(chat[i], chat[k], WIRE_CHAT))
                fail_msg("the same key: %s and %s", chat[i], chat[k]);
    assert_false(same("{\"model\":\"m\",\"prompt\":\"a\"}", "{\"model\":\"m\",\"prompt\":[\"a\"]}", WIRE_COMPLETIONS));
    assert_false(same("{\"model\":\"m\",\"prompt\":\"a\"}", "{\"model\":\"m\",\"prompt\":\"a\",\"suffix\":\"b\"}",
                      WIRE_COMPLETIONS));
    assert_false(same("{\"model\":\"m\",\"input\":[1,2]}", "{\"model\":\"m\",\"input\":[2,1]}", WIRE_EMBEDDINGS));
    assert_false(same("{\"model\":\"m\",\"input\":\"a\"}", "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":3}",
                      WIRE_EMBEDDINGS));
    assert_false(same("{\"model\":\"m\",\"input\":\"hi\",\"instructions\":\"a\"}",
                      "{\"model\":\"m\",\"input\":\"hi\",\"instructions\":\"b\"}", WIRE_RESPONSES));
}

TEST(equivalent_requests_have_one_key)
{
    static const struct {
        enum wire wire;
        const char *a, *b;
    } rows[] = {
        {WIRE_CHAT, CHAT(",\"seed\":1"),
         " { \"seed\" : 1, \"messages\" : [ { \"content\":\"hi\", \"role\":\"user\" } ], \"model\":\"m\" } "},
        {WIRE_CHAT, CHAT(""),
         "{\"\\u006dodel\":\"\\u006d\",\"messages\":[{\"role\":\"us\\u0065r\",\"content\":\"h\\u0069\"}]}"},
        {WIRE_CHAT, CHAT(",\"stop\":\"\\ud83d\\ude00\\/\""), CHAT(",\"stop\":\"\xf0\x9f\x98\x80/\"")},
        {WIRE_CHAT, CHAT(""), CHAT(",\"stream\":true,\"stream_options\":{\"include_usage\":true}")},
        {WIRE_CHAT, CHAT(""), CHAT(",\"metadata\":{\"a\":\"b\"},\"prompt_cache_key\":\"k\",\"cache\":{\"ttl\":1}")},
        {WIRE_RESPONSES,
         "{\"model\":\"m\",\"input\":[{\"type\":\"message\",\"role\":\"user\",\"id\":\"msg_1\",\"content\":\"a\"}]}",
         "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"type\":\"message\",\"content\":\"a\",\"id\":\"msg_2\"}],"
         "\"client_metadata\":{\"x\":\"y\",\"turn\":\"1\"}}"},
        {WIRE_COMPLETIONS, "{\"model\":\"m\",\"prompt\":[\"\\u0061\"]}",
         "{\"prompt\":[\"a\"],\"model\":\"m\",\"stream\":false}"},
        {WIRE_EMBEDDINGS, "{\"model\":\"m\",\"input\":\"a\",\"cache\":{}}", "{\"input\":\"a\",\"model\":\"m\"}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!same(rows[i].a, rows[i].b, rows[i].wire))
            fail_msg("different keys: %s and %s", rows[i].a, rows[i].b);
}

TEST(unsafe_requests_have_no_key)
{
    static const struct {
        const char *body, *why;
    } rows[] = {
        {CHAT(",\"future\":1"), "unknown-field"},
        {CHAT(",\"input\":\"a\""), "unknown-field"},
        {CHAT(",\"logit_bias\":{\"1\":1,\"1\":2}"), "duplicate-key"},
        {CHAT(",\"logit_bias\":{\"1\":1,\"\\u0031\":2}"), "duplicate-key"},
        {CHAT(",\"stop\":\"\\ud800\""), "surrogate"},
        {CHAT(",\"stop\":\"\\udc00\\ud800\""), "surrogate"},
        {CHAT(",\"stop\":\"\\ud800\\ud800\\udc00\""), "surrogate"},
        {CHAT(",\"logit_bias\":{\"\\udfff\":1}"), "surrogate"},
    };
    unsigned char key[CACHE_KEY_SIZE];
    const char *why;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(key_of(rows[i].body, &SCOPE, key, &why));
        assert_string_equal(why, rows[i].why);
    }
    /* After an escaped backslash, "ud800" is text. */
    assert_true(key_of(CHAT(",\"stop\":\"\\\\ud800\""), &SCOPE, key, &why));
}

TEST(keys_differ_between_scopes)
{
    static const unsigned char other_configuration[CACHE_KEY_SIZE] = "another configuration";
    unsigned char keys[7][CACHE_KEY_SIZE];
    struct canonical_scope scopes[6] = {SCOPE, SCOPE, SCOPE, SCOPE, SCOPE, SCOPE};
    const char *why;
    scopes[1].client_key = SLICE("sk-2");
    scopes[2].configuration = other_configuration;
    scopes[3].model = SLICE("openai/n");
    scopes[4].spaces[0] = SLICE("");
    scopes[5].spaces[0] = SLICE("");
    scopes[5].spaces[1] = SLICE("n");
    for (size_t i = 0; i < COUNT_OF(scopes); i++)
        assert_true(key_of(CHAT(""), &scopes[i], keys[i], &why));
    for (size_t i = 0; i < COUNT_OF(scopes); i++)
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(keys[i], keys[k], CACHE_KEY_SIZE);
}

TEST(canonical_form_of_strings_and_numbers)
{
    static const char body[] = CHAT(",\"stop\":\"\\u0001\\\"\\\\\\ud83d\\ude00\",\"seed\":1e3");
    struct json j = {0};
    struct canonical c;
    assert_true(json_parse(&j, body, strlen(body)));
    assert_null(canonical_make(&c, &j, WIRE_CHAT, JSON_NONE));
    assert_buf(&c.text, "\"messages\":[{\"content\":\"hi\",\"role\":\"user\"}],\"model\":\"m\",\"seed\":1e3,"
                        "\"stop\":\"\\u0001\\\"\\\\\xf0\x9f\x98\x80\"");
    canonical_free(&c);
    json_free(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kept_field_changes_the_key),      cmocka_unit_test(equivalent_requests_have_one_key),
        cmocka_unit_test(unsafe_requests_have_no_key),           cmocka_unit_test(keys_differ_between_scopes),
        cmocka_unit_test(canonical_form_of_strings_and_numbers),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
