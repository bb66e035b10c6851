/* Unit tests of cli/profile_text: the contents of the managed profiles, for each kind of Codex. */
#include "tests/unit/unit.h"

#include "cli/profile_text.h"

#define HEADER "env_http_headers = { \"x-pointsman-run-id\" = \"POINTSMAN_RUN_ID\" }\n"
#define MARK "# pointsman: its own settings from here on; \"pointsman disable\" takes them out\n"
#define END "# pointsman: end\n"

static struct buf out, why;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, 1u << 20);
    buf_init(&why, 1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&out);
    buf_free(&why);
    return 0;
}

static struct profile_spec spec_for(unsigned minor)
{
    return (struct profile_spec){.style = profile_style_of(&(struct codex_version){0, minor, 0}),
                                 .model = "codex-default",
                                 .base_url = "http://127.0.0.1:4000/v1",
                                 .key_command = "/opt/a \"b\"/pointsman",
                                 .catalogs = true};
}

static void text_is(const struct profile_spec *spec, enum profile_file file, const char *expected)
{
    buf_clear(&out);
    assert_true(profile_text_insert(spec, file, SLICE(""), &out, &why));
    assert_buf(&out, expected);
}

TEST(current_codex_gets_files)
{
    struct profile_spec spec = spec_for(169);
    assert_true(profile_file_used(&spec, PROFILE_FILE_PROXY) && profile_file_used(&spec, PROFILE_FILE_HF));
    assert_true(profile_file_used(&spec, PROFILE_FILE_HF_CATALOG));
    assert_false(profile_file_used(&spec, PROFILE_FILE_CATALOG) || profile_file_used(&spec, PROFILE_FILE_CONFIG));
    text_is(&spec, PROFILE_FILE_PROXY,
            MARK
            "model_provider = \"cost-routing\"\nmodel = \"codex-default\"\nreview_model = \"codex-default\"\n" END MARK
            "[model_providers.cost-routing]\nname = \"pointsman\"\nbase_url = \"http://127.0.0.1:4000/v1\"\n"
            "wire_api = \"responses\"\n" HEADER "model_catalog_url = \"http://127.0.0.1:4000/v1/models\"\n"
            "[model_providers.cost-routing.auth]\ncommand = \"/opt/a \\\"b\\\"/pointsman\"\nargs = [\"key\"]\n" END);
    text_is(
        &spec, PROFILE_FILE_HF,
        MARK
        "model_provider = \"cost-routing-hf\"\nmodel = \"openai/gpt-oss-120b:fastest\"\n"
        "review_model = \"openai/gpt-oss-120b:fastest\"\n"
        "model_catalog_json = \"cost-routing-hf.models.json\"\n" END MARK
        "[model_providers.cost-routing-hf]\nname = \"Hugging Face\"\nbase_url = \"https://router.huggingface.co/v1\"\n"
        "wire_api = \"responses\"\nenv_key = \"HF_TOKEN\"\n" END);
}

TEST(older_codex_gets_files_and_a_catalog_file)
{
    struct profile_spec spec = spec_for(134);
    assert_true(profile_file_used(&spec, PROFILE_FILE_PROXY) && profile_file_used(&spec, PROFILE_FILE_CATALOG));
    buf_clear(&out);
    assert_true(profile_text_insert(&spec, PROFILE_FILE_PROXY, SLICE(""), &out, &why));
    assert_non_null(strstr(buf_text(&out), "\nmodel_catalog_json = \"cost-routing.models.json\"\n"));
    assert_null(strstr(buf_text(&out), "model_catalog_url"));
    assert_non_null(strstr(buf_text(&out), "args = [\"key\"]"));
}

TEST(oldest_codex_gets_tables)
{
    struct profile_spec spec = spec_for(133);
    assert_false(profile_file_used(&spec, PROFILE_FILE_PROXY) || profile_file_used(&spec, PROFILE_FILE_HF));
    assert_true(profile_file_used(&spec, PROFILE_FILE_CONFIG));
    text_is(
        &spec, PROFILE_FILE_CONFIG,
        MARK
        "[profiles.cost-routing]\nmodel = \"codex-default\"\nmodel_provider = \"cost-routing\"\n"
        "model_catalog_json = \"cost-routing.models.json\"\n"
        "[profiles.cost-routing-hf]\nmodel = \"openai/gpt-oss-120b:fastest\"\nmodel_provider = \"cost-routing-hf\"\n"
        "model_catalog_json = \"cost-routing-hf.models.json\"\n"
        "[model_providers.cost-routing]\nname = \"pointsman\"\nbase_url = \"http://127.0.0.1:4000/v1\"\n"
        "wire_api = \"responses\"\n" HEADER "env_key = \"LITELLM_API_KEY\"\n"
        "[model_providers.cost-routing-hf]\nname = \"Hugging Face\"\nbase_url = \"https://router.huggingface.co/v1\"\n"
        "wire_api = \"responses\"\nenv_key = \"HF_TOKEN\"\n" END);
}

TEST(default_profile_reads_the_key_from_the_environment)
{
    struct profile_spec spec = spec_for(169);
    spec.make_default = true;
    spec.catalogs = false;
    assert_true(profile_file_used(&spec, PROFILE_FILE_CONFIG));
    buf_clear(&out);
    assert_true(profile_text_insert(&spec, PROFILE_FILE_CONFIG, SLICE("profile = \"x\"\nmodel = \"gpt\"\n[a]\n"), &out,
                                    &why));
    assert_buf(&out, MARK
               "model_provider = \"cost-routing-default\"\nmodel = \"codex-default\"\n"
               "review_model = \"codex-default\"\n" END
               "# pointsman kept: profile = \"x\"\n# pointsman kept: model = \"gpt\"\n[a]\n" MARK
               "[model_providers.cost-routing-default]\nname = \"pointsman\"\nbase_url = \"http://127.0.0.1:4000/v1\"\n"
               "wire_api = \"responses\"\n" HEADER "model_catalog_url = \"http://127.0.0.1:4000/v1/models\"\n"
               "env_key = \"LITELLM_API_KEY\"\n" END);
}

/* The user's settings that would select another model, or keep Codex from compacting. */
TEST(default_profile_disables_conflicting_settings)
{
    static const char before[] = "review_model = \"gpt-5.6\"\nmodel_context_window = 1000000 # all of it\n"
                                 "model_auto_compact_token_limit = 900000\nmodel_reasoning_effort = \"high\"\n"
                                 "[tui]\nreview_model = 1\n";
    struct profile_spec spec = spec_for(169);
    struct buf back;
    spec.make_default = true;
    buf_clear(&out);
    assert_true(profile_text_insert(&spec, PROFILE_FILE_CONFIG, SLICE(before), &out, &why));
    assert_non_null(strstr(buf_text(&out), END "# pointsman kept: review_model = \"gpt-5.6\"\n"
                                               "# pointsman kept: model_context_window = 1000000 # all of it\n"
                                               "# pointsman kept: model_auto_compact_token_limit = 900000\n"
                                               "model_reasoning_effort = \"high\"\n[tui]\nreview_model = 1\n"));
    buf_init(&back, 10000);
    assert_true(profile_text_remove(&spec, PROFILE_FILE_CONFIG, buf_slice(&out), &back, &why));
    assert_buf(&back, before);
    buf_free(&back);
}

TEST(versions_are_read)
{
    struct codex_version v;
    assert_true(codex_version_read(SLICE("codex-cli 0.169.0\n"), &v));
    assert_int_equal(v.minor, 169);
    assert_true(codex_version_read(SLICE("codex 1.2.3-alpha.4"), &v));
    assert_true(v.major == 1 && v.patch == 3);
    assert_true(profile_style_of(&v).files && profile_style_of(NULL).files);
    assert_false(codex_version_read(SLICE("codex"), &v));
    assert_false(codex_version_read(SLICE("1.2"), &v));
    assert_false(codex_version_read(SLICE(""), &v));
}

TEST(base_url_ends_in_v1)
{
    static const char *const rows[][2] = {
        {"http://127.0.0.1:4000", "http://127.0.0.1:4000/v1"},
        {"http://h:1/", "http://h:1/v1"},
        {"https://h/v1", "https://h/v1"},
        {"https://h/v1/", "https://h/v1"},
        {"https://h/a/", "https://h/a/v1"},
        {"https://h/av1", "https://h/av1/v1"},
    };
    static const char *const wrong[] = {"", "127.0.0.1:4000", "http://h/\"x", "ftp://h", "http://u:p@h", "http://h?x"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buf_clear(&out);
        assert_true(profile_base_url(rows[i][0], &out, &why));
        assert_buf(&out, rows[i][1]);
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(profile_base_url(wrong[i], &out, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(current_codex_gets_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(older_codex_gets_files_and_a_catalog_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(oldest_codex_gets_tables, set_up, tear_down),
        cmocka_unit_test_setup_teardown(default_profile_reads_the_key_from_the_environment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(default_profile_disables_conflicting_settings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(versions_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(base_url_ends_in_v1, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
