/* Unit tests of proxy/terms/prompt_cache and proxy/bridge/cache_hint: which provider gets which hint, and its value. */
#include "tests/unit/config_load.h"

#include "proxy/bridge/provider_body.h"
#include "proxy/terms/failure.h"

#include <math.h>
#include <string.h>

static const unsigned char KEY[CACHE_HINT_KEY_SIZE] = "this installation's key";
static const unsigned char OTHER_KEY[CACHE_HINT_KEY_SIZE] = "another installation's key";

#define CHAT(fields) "{\"model\":\"a\"" fields ",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}"
#define RESPONSES(fields) "{\"model\":\"a\"" fields ",\"input\":\"hello\"}"

struct sent {
    char body[2048];
    struct cache_hint hint;
};

/* Returns the body that the deployment gets for a request. */
static struct sent send_to(const struct deployment *d, enum wire wire, const char *request, const unsigned char *key)
{
    static const struct omissions NOTHING;
    struct sent sent = {.hint.place = CACHE_HINT_NONE};
    struct model_request asked = {0};
    struct model_request_error error;
    struct provider_body body;
    struct failure failure;
    struct buf whole;
    buf_init(&whole, sizeof sent.body);
    if (!model_request_read(&asked, wire, (struct slice){NULL, 0}, slice_of(request), &error))
        fail_msg("%s: %s", request, error.message);
    struct provider_body_options options = {.deployment = d, .omit = &NOTHING, .hint_key = key};
    if (!provider_body_make(&body, &asked, slice_of(request), &options, &failure))
        fail_msg("%s: %s", request, failure.message);
    assert_true(buf_add_pieces(&whole, &body.pieces));
    (void)snprintf(sent.body, sizeof sent.body, "%s", buf_text(&whole));
    sent.hint = body.hint;
    buf_free(&whole);
    provider_body_free(&body);
    model_request_free(&asked);
    return sent;
}

static struct deployment deployment_of(const struct provider *p, const char *base, const char *model, unsigned wires)
{
    return (struct deployment){.id = (char *)"d",
                               .alias = (char *)"a",
                               .upstream_model = (char *)model,
                               .provider = p,
                               .api_base = (char *)base,
                               .wires = wires,
                               .prompt_cache = prompt_cache_find(p, base, model)};
}

/* All providers with a hint. */
static const struct {
    const char *provider;
    enum hint_place chat, responses;
} HINTED[] = {
    {"openai", CACHE_HINT_PROMPT_CACHE_KEY, CACHE_HINT_PROMPT_CACHE_KEY},
    {"codex-oauth", CACHE_HINT_NONE, CACHE_HINT_PROMPT_CACHE_KEY},
    {"mistral", CACHE_HINT_PROMPT_CACHE_KEY, CACHE_HINT_NONE},
    {"xai", CACHE_HINT_GROK_CONV_ID, CACHE_HINT_PROMPT_CACHE_KEY},
    {"openrouter", CACHE_HINT_SESSION_ID, CACHE_HINT_NONE},
};

static enum hint_place expected(const struct provider *p, enum wire wire)
{
    for (size_t i = 0; i < COUNT_OF(HINTED); i++)
        if (strcmp(HINTED[i].provider, p->prefix) == 0)
            return wire == WIRE_CHAT ? HINTED[i].chat : HINTED[i].responses;
    return CACHE_HINT_NONE;
}

/* Passed through and translated, at the provider's own server and at another one. */
TEST(each_provider_gets_its_hint_and_no_other)
{
    static const enum wire wires[] = {WIRE_CHAT, WIRE_RESPONSES};
    static const char *const fields[] = {"\"prompt_cache_key\"", "\"session_id\""};
    for (const struct provider *p = provider_table(); p->prefix; p++) {
        for (size_t client = 0; client < 2; client++)
            for (size_t upstream = 0; upstream < 2; upstream++)
                for (int home = 0; home < 2; home++) {
                    const char *base = home && p->api_base ? p->api_base : "http://127.0.0.1:1/v1";
                    bool at_home = home && p->api_base && !p->local;
                    enum hint_place place = at_home ? expected(p, wires[upstream]) : CACHE_HINT_NONE;
                    struct deployment d = deployment_of(p, base, "m", wires[upstream]);
                    if (p->kind != PROVIDER_HTTP || p->chatgpt_fields)
                        continue;
                    struct sent sent = send_to(&d, wires[client], client ? RESPONSES("") : CHAT(""), KEY);
                    assert_int_equal(sent.hint.place, place);
                    bool has[] = {strstr(sent.body, fields[0]) != NULL, strstr(sent.body, fields[1]) != NULL};
                    if (has[0] != (place == CACHE_HINT_PROMPT_CACHE_KEY) || has[1] != (place == CACHE_HINT_SESSION_ID))
                        fail_msg("%s at %s: %s", p->prefix, base, sent.body);
                }
    }
}

TEST(the_clients_own_key_is_the_hint)
{
    struct deployment d = deployment_of(provider_find(SLICE("mistral")), "https://api.mistral.ai/v1", "m", WIRE_CHAT);
    struct sent sent = send_to(&d, WIRE_RESPONSES, RESPONSES(",\"prompt_cache_key\":\"thread-1\""), KEY);
    assert_non_null(strstr(sent.body, "\"prompt_cache_key\":\"thread-1\""));
    /* Passed through: once, at the client's place. */
    sent = send_to(&d, WIRE_CHAT, CHAT(",\"prompt_cache_key\":\"thread-1\""), KEY);
    assert_string_equal(sent.body, "{\"model\":\"m\",\"prompt_cache_key\":\"thread-1\","
                                   "\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]}");
    /* Another place. */
    d = deployment_of(provider_find(SLICE("openrouter")), "https://openrouter.ai/api/v1", "m", WIRE_CHAT);
    sent = send_to(&d, WIRE_RESPONSES, RESPONSES(",\"prompt_cache_key\":\"thread-1\""), KEY);
    assert_non_null(strstr(sent.body, "\"session_id\":\"thread-1\""));
    assert_null(strstr(sent.body, "prompt_cache_key"));
    d = deployment_of(provider_find(SLICE("xai")), "https://api.x.ai/v1", "m", WIRE_CHAT);
    sent = send_to(&d, WIRE_RESPONSES, RESPONSES(",\"prompt_cache_key\":\"thread-1\""), KEY);
    assert_string_equal(sent.hint.value, "thread-1");
}

/* OpenAI's limit is 64 characters, and a header cannot contain a line break. */
TEST(a_key_that_cannot_be_sent_is_hashed)
{
    static const char *const keys[] = {
        "0123456789012345678901234567890123456789012345678901234567890123x", "a\\nb", "a b", "\\\"", "h\xc3\xa9",
    };
    struct deployment d = deployment_of(provider_find(SLICE("xai")), "https://api.x.ai/v1", "m", WIRE_CHAT);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        char request[512];
        (void)snprintf(request, sizeof request, RESPONSES(",\"prompt_cache_key\":\"%s\""), keys[i]);
        struct sent sent = send_to(&d, WIRE_RESPONSES, request, KEY);
        assert_int_equal(strspn(sent.hint.value, "0123456789abcdef"), 32);
        assert_int_equal(strlen(sent.hint.value), 32);
    }
}

TEST(without_a_key_the_conversation_is_hashed)
{
    struct deployment d = deployment_of(provider_find(SLICE("openai")), "https://api.openai.com/v1", "m", WIRE_CHAT);
    struct sent first = send_to(&d, WIRE_CHAT, CHAT(""), KEY), again = send_to(&d, WIRE_CHAT, CHAT(",\"n\":1"), KEY);
    struct sent other =
        send_to(&d, WIRE_CHAT, "{\"model\":\"a\",\"messages\":[{\"role\":\"user\",\"content\":\"bye\"}]}", KEY);
    struct sent elsewhere = send_to(&d, WIRE_CHAT, CHAT(""), OTHER_KEY);
    assert_int_equal(strlen(first.hint.value), 32);
    assert_string_equal(first.hint.value, again.hint.value);
    assert_string_not_equal(first.hint.value, other.hint.value);
    assert_string_not_equal(first.hint.value, elsewhere.hint.value);
    assert_int_equal(send_to(&d, WIRE_CHAT, CHAT(""), NULL).hint.place, CACHE_HINT_NONE);
}

/* The client's other bytes do not change. */
TEST(a_hint_is_added_after_the_model)
{
    struct deployment d = deployment_of(provider_find(SLICE("openai")), "https://api.openai.com/v1", "m", WIRE_CHAT);
    struct sent sent = send_to(&d, WIRE_CHAT, "{ \"messages\" : [] ,\t\"model\" : \"a\" , \"x\" : 1.50 }", KEY);
    char expected_body[256];
    (void)snprintf(expected_body, sizeof expected_body,
                   "{ \"messages\" : [] ,\t\"model\" : \"m\",\"prompt_cache_key\":\"%s\" , \"x\" : 1.50 }",
                   sent.hint.value);
    assert_string_equal(sent.body, expected_body);
    /* The client's null counts as its key. */
    sent = send_to(&d, WIRE_CHAT, CHAT(",\"prompt_cache_key\":null"), KEY);
    assert_int_equal(sent.hint.place, CACHE_HINT_NONE);
}

/* Another server with OpenAI's API does not get the client's key either. */
TEST(a_translation_for_another_server_has_no_key)
{
    struct deployment d = deployment_of(provider_find(SLICE("openai")), "http://127.0.0.1:1/v1", "m", WIRE_RESPONSES);
    struct sent sent = send_to(&d, WIRE_CHAT, CHAT(",\"prompt_cache_key\":\"thread-1\""), KEY);
    assert_null(strstr(sent.body, "prompt_cache_key"));
    d.prompt_cache = NULL;
    sent = send_to(&d, WIRE_CHAT, CHAT(",\"prompt_cache_key\":\"thread-1\""), KEY);
    assert_null(strstr(sent.body, "prompt_cache_key"));
}

TEST(models_of_a_provider_differ)
{
    static const struct {
        const char *provider, *model;
        unsigned life_s;
        bool breakpoints;
    } cases[] = {
        {"openai", "gpt-5.6-sol", 1800, false},       {"openai", "gpt-5.5", 300, false},
        {"openai", "gpt-6-astra", 1800, false},       {"openrouter", "anthropic/claude-sonnet-5", 300, true},
        {"openrouter", "openai/gpt-5.6", 300, false}, {"deepseek", "deepseek-chat", 7200, false},
        {"groq", "openai/gpt-oss-120b", 7200, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct provider *p = provider_find(slice_of(cases[i].provider));
        const struct prompt_cache *c = prompt_cache_find(p, p->api_base, cases[i].model);
        assert_int_equal(c->life_s, cases[i].life_s);
        assert_int_equal(c->breakpoints, cases[i].breakpoints);
        assert_ptr_equal(prompt_cache_find(p, "https://gateway.example/v1", cases[i].model), prompt_cache_unknown());
    }
}

/* For a price that the configuration does not have. */
TEST(documented_write_price_is_the_default)
{
    struct deployment d = deployment_of(provider_find(SLICE("openrouter")), "https://openrouter.ai/api/v1",
                                        "anthropic/claude", WIRE_CHAT);
    d.price = (struct price){.input = 4e-6, .cached_input = 4e-7, .output = 2e-5, .reasoning = NAN, .cache_write = NAN};
    assert_true(fabs(deployment_price(&d, 1).cache_write - 5e-6) < 1e-12);
    d.price.cache_write = 6e-6;
    assert_true(fabs(deployment_price(&d, 1).cache_write - 6e-6) < 1e-12);
    d.price.cache_write = NAN;
    d.prompt_cache = NULL;
    assert_true(fabs(deployment_price(&d, 1).cache_write - 4e-6) < 1e-12);
}

/* A deployment whose model is a wildcard has the row of the request's model. */
TEST(models_of_a_wildcard_differ)
{
    struct deployment d =
        deployment_of(provider_find(SLICE("openrouter")), "https://openrouter.ai/api/v1", "*", WIRE_CHAT);
    assert_true(cache_hint_row(&d, "anthropic/claude-sonnet-5")->breakpoints);
    assert_false(cache_hint_row(&d, "openai/gpt-5.6")->breakpoints);
    assert_int_equal(cache_hint_row(&d, "openai/gpt-5.6")->chat, CACHE_HINT_SESSION_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_provider_gets_its_hint_and_no_other),
        cmocka_unit_test(the_clients_own_key_is_the_hint),
        cmocka_unit_test(a_key_that_cannot_be_sent_is_hashed),
        cmocka_unit_test(without_a_key_the_conversation_is_hashed),
        cmocka_unit_test(a_hint_is_added_after_the_model),
        cmocka_unit_test(a_translation_for_another_server_has_no_key),
        cmocka_unit_test(models_of_a_provider_differ),
        cmocka_unit_test(models_of_a_wildcard_differ),
        cmocka_unit_test(documented_write_price_is_the_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
