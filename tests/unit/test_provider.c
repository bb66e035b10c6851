/* Unit tests of proxy/terms/provider. */
#include "tests/unit/unit.h"
#include "proxy/terms/provider.h"

static void resolves(const char *model, const char *prefix, const char *name)
{
    const struct provider *p = NULL;
    struct buf out;
    buf_init(&out, 256);
    assert_true(provider_resolve(model, &p, &out));
    assert_string_equal(p->prefix, prefix);
    assert_buf(&out, name);
    buf_free(&out);
}

TEST(models_resolve_to_provider_and_name)
{
    resolves("openai/gpt-5.5", "openai", "gpt-5.5");
    resolves("gpt-5.5", "openai", "gpt-5.5");
    resolves("gemini/gemini-2.5-pro", "gemini", "gemini-2.5-pro");
    resolves("ollama/qwen2.5-coder:3b", "ollama", "qwen2.5-coder:3b");
    resolves("openrouter/openai/gpt-5.5", "openrouter", "openai/gpt-5.5");
    resolves("openai/org/model", "openai", "org/model");
    resolves("meta-llama/Llama-3.3-70B", "openai", "meta-llama/Llama-3.3-70B");
}

TEST(hugging_face_names_its_inference_provider_last)
{
    resolves("huggingface/groq/openai/gpt-oss-120b", "huggingface", "openai/gpt-oss-120b:groq");
    resolves("huggingface/together/deepseek-ai/DeepSeek-R1", "huggingface", "deepseek-ai/DeepSeek-R1:together");
    resolves("huggingface/openai/gpt-oss-120b:fastest", "huggingface", "openai/gpt-oss-120b:fastest");
    resolves("huggingface/openai/gpt-oss-120b", "huggingface", "openai/gpt-oss-120b");
    resolves("huggingface/gpt2", "huggingface", "gpt2");
    resolves("huggingface//a/b", "huggingface", "/a/b");
}

TEST(names_that_are_empty_or_too_long_are_refused)
{
    const struct provider *p;
    struct buf out;
    buf_init(&out, 8);
    assert_false(provider_resolve("", &p, &out));
    assert_false(provider_resolve("gemini/", &p, &out));
    assert_false(provider_resolve("gemini/123456789", &p, &out));
    buf_free(&out);
}

TEST(apis_match_the_providers_documents)
{
    static const struct {
        const char *prefix;
        unsigned wires;
    } cases[] = {
        {"openai", WIRE_CHAT | WIRE_RESPONSES | WIRE_COMPLETIONS | WIRE_EMBEDDINGS},
        {"hosted_vllm", WIRE_CHAT | WIRE_RESPONSES | WIRE_COMPLETIONS | WIRE_EMBEDDINGS},
        {"gemini", WIRE_CHAT | WIRE_EMBEDDINGS},
        {"huggingface", WIRE_CHAT},
        {"ollama", WIRE_CHAT | WIRE_COMPLETIONS | WIRE_EMBEDDINGS},
        {"lm_studio", WIRE_CHAT | WIRE_COMPLETIONS | WIRE_EMBEDDINGS},
        {"groq", WIRE_CHAT},
        {"echo", WIRE_CHAT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(provider_find(slice_of(cases[i].prefix))->wires, cases[i].wires);
    assert_null(provider_find(SLICE("nobody")));
    assert_null(provider_find(SLICE("")));
    assert_null(provider_find(SLICE("OpenAI")));
}

/* The rest of the proxy relies on these for each row. */
TEST(own_server_is_the_default_base_on_the_internet)
{
    const struct provider *openai = provider_find(SLICE("openai")), *local = provider_find(SLICE("lm_studio"));
    assert_true(provider_is_at_home(openai, "https://api.openai.com/v1"));
    assert_false(provider_is_at_home(openai, "http://127.0.0.1:8080/v1"));
    assert_false(provider_is_at_home(openai, NULL));
    assert_false(provider_is_at_home(local, local->api_base));
    assert_false(provider_is_at_home(provider_unknown(), ""));
}

TEST(rows_are_complete)
{
    for (const struct provider *p = provider_table(); p->prefix; p++) {
        assert_ptr_equal(provider_find(slice_of(p->prefix)), p);
        assert_null(p->key_env[2]);
        if (p->api_base) {
            assert_int_equal(p->kind, PROVIDER_HTTP);
            assert_true(strncmp(p->api_base, "https://", 8) == 0 || strncmp(p->api_base, "http://127.0.0.1:", 17) == 0);
            assert_int_not_equal(p->api_base[strlen(p->api_base) - 1], '/');
        }
        if (p->key_required)
            assert_non_null(p->key_env[0]);
        if (p->wires || p->key_env[0])
            assert_non_null(p->title);
        if (p->key_start)
            assert_ptr_equal(provider_by_key_start(slice_of(p->key_start)), p);
        if (p->key_page)
            assert_memory_equal(p->key_page, "https://", 8);
    }
}

TEST(keys_and_their_variables_lead_to_the_provider)
{
    static const struct {
        const char *key, *prefix;
    } cases[] = {
        {"sk-proj-1", "openai"},
        {"sk-ant-1", "anthropic"},
        {"sk-or-v1-1", "openrouter"},
        {"AIza1", "gemini"},
        {"gsk_1", "groq"},
        {"sk", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_ptr_equal(provider_by_key_start(slice_of(cases[i].key)),
                         cases[i].prefix ? provider_find(slice_of(cases[i].prefix)) : NULL);
    assert_string_equal(provider_of_key(SLICE("GROQ_API_KEY"))->title, "Groq");
    assert_string_equal(provider_of_key(SLICE("HUGGINGFACE_API_KEY"))->prefix, "huggingface");
    assert_null(provider_of_key(SLICE("OWN_KEY")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_resolve_to_provider_and_name),
        cmocka_unit_test(hugging_face_names_its_inference_provider_last),
        cmocka_unit_test(names_that_are_empty_or_too_long_are_refused),
        cmocka_unit_test(apis_match_the_providers_documents),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(keys_and_their_variables_lead_to_the_provider),
        cmocka_unit_test(own_server_is_the_default_base_on_the_internet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
