/* Unit tests of proxy/config: providers, their bases and their keys. */
#include "tests/unit/config_load.h"

#include <math.h>

TEST(keys_come_from_file_variable_or_provider)
{
    const char *const env[] = {"LITELLM_API_KEY=m", "GOOGLE_API_KEY=google-key", "HUGGINGFACE_API_KEY=hf-key",
                               "MY_KEY=mine", NULL};
    struct load l;
    load_env(&l,
             "model_list:\n"
             "  - {model_name: g, litellm_params: {model: gemini/x}}\n"
             "  - {model_name: h, litellm_params: {model: huggingface/a/b}}\n"
             "  - {model_name: m, litellm_params: {model: groq/x, api_key: os.environ/MY_KEY}}\n"
             "  - {model_name: o, litellm_params: {model: ollama/x}}\n"
             "  - {model_name: c, litellm_params: {model: gemini/x, api_key: '', api_base: null}}\n",
             env);
    const struct deployment *d = l.config->deployments;
    assert_string_equal(d[0].api_key, "google-key");
    assert_string_equal(d[1].api_key, "hf-key");
    assert_string_equal(d[2].api_key, "mine");
    assert_null(d[3].api_key);
    assert_null(d[3].not_ready);
    assert_string_equal(d[4].api_key, "google-key");
    load_end(&l);
}

/* A variable's key is for the provider's own server: a mistyped or hostile api_base must not receive it. */
TEST(a_providers_key_goes_to_its_own_server_only)
{
    struct load l;
    load(&l,
         "model_list:\n"
         "  - {model_name: a, litellm_params: {model: openai/x, api_base: 'https://else.example/v1'}}\n"
         "  - {model_name: b, litellm_params: {model: openai/x, api_base: 'http://127.0.0.1:8080/v1'}}\n"
         "  - {model_name: c, litellm_params: {model: openai/x, api_base: 'https://api.openai.com/v1/'}}\n"
         "  - {model_name: d, litellm_params: {model: openai/x, api_base: 'https://api.openai.com.evil.example/v1'}}\n"
         "  - {model_name: e, litellm_params: {model: openai/x, api_base: 'http://api.openai.com/v1'}}\n");
    const struct deployment *d = l.config->deployments;
    assert_null(d[0].api_key);
    assert_null(d[0].not_ready);
    assert_null(d[1].api_key);
    assert_string_equal(d[2].api_key, "sk-openai-secret");
    assert_string_equal(d[2].api_base, "https://api.openai.com/v1");
    assert_null(d[3].api_key);
    assert_null(d[4].api_key);
    assert_non_null(strstr(buf_text(&l.warnings),
                           "F:2: litellm_params.api_base: OPENAI_API_KEY is not sent to else.example; "
                           "give api_key if that server needs one\n"));
    assert_null(strstr(buf_text(&l.warnings), "F:3:"));
    load_end(&l);
}

TEST(ollamas_base_may_omit_the_path)
{
    struct load l;
    load(&l, "model_list:\n"
             "  - {model_name: a, litellm_params: {model: ollama/x, api_base: 'http://localhost:11434'}}\n"
             "  - {model_name: b, litellm_params: {model: ollama_chat/x, api_base: 'http://localhost:11434/'}}\n"
             "  - {model_name: c, litellm_params: {model: ollama/x, api_base: 'http://localhost:11434/v1/'}}\n"
             "  - {model_name: d, litellm_params: {model: openai/x, api_base: 'http://[::1]:8080'}}\n");
    assert_string_equal(l.config->deployments[0].api_base, "http://localhost:11434/v1");
    assert_string_equal(l.config->deployments[1].api_base, "http://localhost:11434/v1");
    assert_string_equal(l.config->deployments[2].api_base, "http://localhost:11434/v1");
    assert_string_equal(l.config->deployments[3].api_base, "http://[::1]:8080");
    load_end(&l);
}

TEST(base_url_is_an_alias_of_api_base)
{
    const char *const env[] = {"LITELLM_API_KEY=m", "BASE=http://127.0.0.1:9/v1", NULL};
    struct load l;
    load_env(&l, "model_list: [{model_name: a, litellm_params: {model: openai/x, base_url: os.environ/BASE}}]\n", env);
    assert_string_equal(l.config->deployments[0].api_base, "http://127.0.0.1:9/v1");
    load_end(&l);
}

/* No error or warning may contain a key from anywhere in the file. */
TEST(keys_are_never_shown)
{
    struct load l;
    load(&l, "model_list:\n  - {model_name: a, litellm_params: {model: x, api_key: sk-literal-secret,\n"
             "     api_base: 'http://far.example/v1'}}\n");
    assert_buf(&l.warnings, "F:3: litellm_params.api_base: the key goes over the network unencrypted; use https://\n"
                            "F:2: litellm_params.api_key: keys in files get copied and shared; use os.environ/NAME\n");
    assert_string_equal(l.config->deployments[0].api_key, "sk-literal-secret");
    struct buf text;
    buf_init(&text, 64u << 10);
    assert_true(config_describe(l.config, &text));
    assert_null(strstr(buf_text(&text), "secret"));
    assert_null(strstr(buf_text(&text), "master"));
    buf_free(&text);
    load_end(&l);
    refused("model_list: [{model_name: a, litellm_params: {model: x, api_key: 'sk secret'}}]\n",
            "F:1: litellm_params.api_key: invalid key: use printable ASCII without blanks");
    load(&l, "model_list: [{model_name: a, litellm_params: {model: gpt-5.5, api_key:sk-literal-secret}}]\n");
    assert_buf(&l.warnings, "F:1: litellm_params.api_key: unknown key, ignored\n");
    load_end(&l);
}

TEST(equal_keys_are_stored_once)
{
    struct buf text;
    buf_init(&text, 1u << 20);
    BUF_ADD(&text, "model_list:\n");
    for (int i = 0; i < 900; i++)
        buf_add_format(&text, "- {model_name: m%d, litellm_params: {model: gpt-5.5}}\n", i);
    struct load l;
    load(&l, buf_text(&text));
    assert_int_equal(l.config->group_count, 900);
    assert_ptr_equal(l.config->deployments[0].api_key, l.config->deployments[899].api_key);
    load_end(&l);
    buf_free(&text);
}

/* ---- the ChatGPT login ---- */

#define LOGIN_ENTRY(more) "model_list: [{model_name: a, litellm_params: {model: codex-oauth/gpt-5.5" more "}}]\n"

TEST(the_chatgpt_login_needs_no_key)
{
    struct load l;
    load(&l, LOGIN_ENTRY("") MASTER
         "litellm_settings: {custom_provider_map: [{provider: codex-oauth, custom_handler: a.b.C}]}\n");
    const struct deployment *d = &l.config->deployments[0];
    assert_int_equal(d->provider->sign_in, SIGN_IN_CHATGPT);
    assert_string_equal(d->api_base, "https://chatgpt.com/backend-api/codex");
    assert_string_equal(d->upstream_model, "gpt-5.5");
    assert_string_equal(d->originator, "pointsman");
    assert_null(d->instructions);
    assert_null(d->api_key);
    assert_null(d->not_ready);
    assert_true(isnan(d->price.input));
    assert_null(l.config->token_url);
    assert_buf(&l.warnings, "");
    load_end(&l);

    const char *const env[] = {"LITELLM_API_KEY=m", "CODEX_REFRESH_TOKEN_URL_OVERRIDE=http://127.0.0.1:9/t", NULL};
    load_env(&l, LOGIN_ENTRY(", instructions: be exact, originator: me, api_base: 'http://127.0.0.1:1/x/'") MASTER,
             env);
    d = &l.config->deployments[0];
    assert_string_equal(d->api_base, "http://127.0.0.1:1/x");
    assert_string_equal(d->originator, "me");
    assert_string_equal(d->instructions, "be exact");
    assert_string_equal(l.config->token_url, "http://127.0.0.1:9/t");
    load_end(&l);
}

TEST(the_chatgpt_login_requires_tls)
{
    refused(LOGIN_ENTRY(", use_chat_completions_api: true") MASTER,
            "F:1: litellm_params.use_chat_completions_api: codex-oauth supports only the Responses API");
    refused(LOGIN_ENTRY(", api_base: 'http://chatgpt.example/codex'") MASTER,
            "F:1: litellm_params.api_base: the ChatGPT login requires https://");
    const char *const env[] = {"LITELLM_API_KEY=m", "CODEX_REFRESH_TOKEN_URL_OVERRIDE=http://auth.example/t", NULL};
    refused_env(LOGIN_ENTRY("") MASTER, env, false,
                "F: CODEX_REFRESH_TOKEN_URL_OVERRIDE: expected https://…, or http:// to this "
                "machine, because the login's tokens are sent there");
}

/* ---- codex-agent ---- */

#define AGENT(params) "model_list: [{model_name: a, litellm_params: {model: codex-agent/mini" params "}}]\n"
#define AGENT_ON "LITELLM_API_KEY=m", "LITELLM_ENABLE_CODEX_AGENT=1"

/* Loads one codex-agent deployment. Returns its base, or why it is not ready. */
struct agent_row {
    const char *text;
    const char *env[5];
    const char *base, *key, *not_ready;
    unsigned retries;
};

TEST(codex_agent_needs_its_variable_and_a_base)
{
    static const struct agent_row rows[] = {
        {AGENT(""), {"LITELLM_API_KEY=m"}, NULL, NULL, "disabled: set LITELLM_ENABLE_CODEX_AGENT=1", 2},
        {AGENT(", api_base: 'http://127.0.0.1:1'"),
         {"LITELLM_API_KEY=m", "LITELLM_ENABLE_CODEX_AGENT=0"},
         "http://127.0.0.1:1/v1",
         NULL,
         "disabled: set LITELLM_ENABLE_CODEX_AGENT=1",
         2},
        {AGENT(""), {AGENT_ON}, NULL, NULL, "CODEX_AGENT_API_BASE is not set", 2},
        {AGENT(", api_base: os.environ/CODEX_AGENT_API_BASE"),
         {AGENT_ON},
         NULL,
         NULL,
         "CODEX_AGENT_API_BASE is not set",
         2},
        {AGENT(""),
         {AGENT_ON, "CODEX_AGENT_API_BASE=localhost:8788"},
         NULL,
         NULL,
         "CODEX_AGENT_API_BASE: expected " URL_FORM,
         2},
        {AGENT(""),
         {AGENT_ON, "CODEX_AGENT_API_BASE=http://127.0.0.1:8788"},
         "http://127.0.0.1:8788/v1",
         NULL,
         NULL,
         2},
        {AGENT(""),
         {AGENT_ON, "CODEX_AGENT_API_BASE=http://127.0.0.1:8788/v1/"},
         "http://127.0.0.1:8788/v1",
         NULL,
         NULL,
         2},
        {AGENT(""), {AGENT_ON, "CODEX_AGENT_API_BASE=https://h/agent/"}, "https://h/agent/v1", NULL, NULL, 2},
        {AGENT(""),
         {AGENT_ON, "CODEX_AGENT_API_BASE=https://h/", "CODEX_AGENT_API_KEY=k", "CODEX_AGENT_MAX_RETRIES=0"},
         "https://h/v1",
         "k",
         NULL,
         0},
        {AGENT(", api_base: os.environ/CODEX_AGENT_API_BASE, api_key: os.environ/CODEX_AGENT_API_KEY"),
         {AGENT_ON, "CODEX_AGENT_API_BASE=https://h"},
         "https://h/v1",
         NULL,
         NULL,
         2},
        {AGENT(", api_base: 'https://h/v1'"),
         {AGENT_ON, "CODEX_AGENT_API_KEY=k", "CODEX_AGENT_MAX_RETRIES=10"},
         "https://h/v1",
         "k",
         NULL,
         10},
        /* The variables name another server: its key must not be used here. */
        {AGENT(", api_base: 'https://h/v1'"),
         {AGENT_ON, "CODEX_AGENT_API_KEY=k", "CODEX_AGENT_API_BASE=https://g"},
         "https://h/v1",
         NULL,
         NULL,
         2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *env[COUNT_OF(rows[i].env) + 1] = {NULL};
        memcpy(env, rows[i].env, sizeof rows[i].env);
        struct load l;
        load_env(&l, rows[i].text, env);
        const struct deployment *d = &l.config->deployments[0];
        const char *const got[] = {d->api_base, d->api_key, d->not_ready};
        const char *const want[] = {rows[i].base, rows[i].key, rows[i].not_ready};
        for (size_t n = 0; n < COUNT_OF(got); n++)
            if ((got[n] == NULL) != (want[n] == NULL) || (got[n] && strcmp(got[n], want[n]) != 0))
                fail_msg("row %zu: \"%s\", not \"%s\"", i, got[n] ? got[n] : "", want[n] ? want[n] : "");
        assert_string_equal(d->upstream_model, "mini");
        assert_int_equal(d->wires, WIRE_CHAT);
        assert_int_equal(d->retry.times, rows[i].retries);
        load_end(&l);
    }
}

TEST(codex_agent_errors_are_reported)
{
    const char *const env[] = {AGENT_ON, "CODEX_AGENT_API_BASE=http://far.example", "CODEX_AGENT_API_KEY=k",
                               "CODEX_AGENT_MAX_RETRIES=11", NULL};
    struct load l;
    load_env(&l, AGENT(""), env);
    assert_int_equal(l.config->deployments[0].retry.times, 2);
    assert_buf(&l.warnings, "F: litellm_params.api_base: the key goes over the network unencrypted; use https://\n"
                            "F:1: CODEX_AGENT_MAX_RETRIES: expected a whole number from 0 to 10; using 2\n");
    load_end(&l);
    refused(AGENT(", api_base: 'localhost:8788'") MASTER, "F:1: litellm_params.api_base: expected " URL_FORM);
}

TEST(other_providers_have_no_retries)
{
    for (const struct provider *p = provider_table(); p->prefix; p++)
        assert_int_equal(p->retry.times, strstr(p->prefix, "agent") ? 2 : 0);
}

TEST(the_documentation_names_all_providers)
{
    struct buf page;
    buf_init(&page, 2u << 20);
    read_source("doc/providers.md", &page);
    for (const struct provider *p = provider_table(); p->prefix; p++) {
        char name[64];
        snprintf(name, sizeof name, "`%s`", p->prefix);
        if (p->kind == PROVIDER_HTTP && !strstr(buf_text(&page), name))
            fail_msg("doc/providers.md does not name the provider %s", name);
        if (p->api_base && !strstr(buf_text(&page), p->api_base))
            fail_msg("doc/providers.md does not name the base %s", p->api_base);
    }
    buf_free(&page);
}

#define WITH_SSL_VERIFY(value)                                                  \
    "model_list: [{model_name: a, litellm_params: {model: openai/x}}]\n" MASTER \
    "litellm_settings: {ssl_verify: " value "}\n"
#define NO_EFFECT                                                                                               \
    "F:3: litellm_settings.ssl_verify: false has no effect: certificates are always checked: to trust another " \
    "CA, give the path of its PEM file\n"

TEST(ca_certificates_come_from_a_pem_file)
{
    char path[] = "/tmp/pointsman-test-ca-XXXXXX", text[512];
    static const char pem[] = "# ours\n-----BEGIN CERTIFICATE-----\n";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, pem, sizeof pem - 1), sizeof pem - 1);
    close(fd);
    snprintf(text, sizeof text, WITH_SSL_VERIFY("%s"), path);
    struct load l;
    load(&l, text);
    assert_string_equal(l.config->ca_file, path);
    load_end(&l);
    unlink(path);
    load(&l, WITH_SSL_VERIFY("true"));
    assert_null(l.config->ca_file);
    load_end(&l);
}

TEST(a_bad_ca_file_is_an_error)
{
    warns(WITH_SSL_VERIFY("true"), "");
    warns(WITH_SSL_VERIFY("'True'"), "");
    warns(WITH_SSL_VERIFY("null"), "");
    warns(WITH_SSL_VERIFY("false"), NO_EFFECT);
    warns(WITH_SSL_VERIFY("'False'"), NO_EFFECT);
    warns(WITH_SSL_VERIFY("os.environ/NO_CA"),
          "F:3: litellm_settings.ssl_verify: NO_CA is not set: using the system's CA certificates\n");
    refused(WITH_SSL_VERIFY("ca.pem"),
            "F:3: litellm_settings.ssl_verify: expected the absolute path of a PEM file, found \"ca.pem\"");
    refused(WITH_SSL_VERIFY("/nowhere/ca.pem"),
            "F:3: litellm_settings.ssl_verify: /nowhere/ca.pem: No such file or directory");
    refused(WITH_SSL_VERIFY("/"), "F:3: litellm_settings.ssl_verify: /: Is a directory");
    refused(WITH_SSL_VERIFY("/dev/null"),
            "F:3: litellm_settings.ssl_verify: /dev/null: not a regular file; save the contents in one and use its "
            "path");
    refused(WITH_SSL_VERIFY("/proc/version"),
            "F:3: litellm_settings.ssl_verify: /proc/version: no PEM certificate in it");
    refused(WITH_SSL_VERIFY("[]"), "F:3: litellm_settings.ssl_verify: expected text, or true or false, found a list");
}

#define WITH_OUTGOING(value)                                                                    \
    "model_list:\n- {model_name: a, litellm_params: {model: openai/x}}\n"                       \
    "- {model_name: b, litellm_params: {model: openai/x, api_base: 'http://10.0.0.1/v1'}}\n"    \
    "- {model_name: c, litellm_params: {model: openai/x, api_base: 'http://127.0.0.1:1/v1'}}\n" \
    "general_settings: {master_key: os.environ/LITELLM_API_KEY, outgoing_proxy: " value "}\n"

static void check_outgoing(const char *text, const char *value, const char *proxy, const char *login)
{
    const char *const env[] = {"LITELLM_API_KEY=m", "OPENAI_API_KEY=o", value, NULL};
    struct load l;
    load_env(&l, text, env);
    assert_non_null(l.config);
    const struct config *c = l.config;
    if (proxy)
        assert_string_equal(c->outgoing_proxy, proxy);
    else
        assert_null(c->outgoing_proxy);
    if (login)
        assert_string_equal(c->outgoing_login, login);
    else
        assert_null(c->outgoing_login);
    bool unset = !value;
    assert_int_equal(c->deployments[0].not_ready != NULL, unset);
    assert_int_equal(c->deployments[1].not_ready != NULL, unset || proxy); /* http:// to another machine */
    assert_null(c->deployments[2].not_ready);
    load_end(&l);
}

TEST(calls_may_use_an_outbound_proxy)
{
    static const char variable[] = WITH_OUTGOING("os.environ/OUT");
    check_outgoing(WITH_OUTGOING("'http://proxy.example:3128'"), "X=", "http://proxy.example:3128", NULL);
    check_outgoing(WITH_OUTGOING("'https://[::1]:443/'"), "X=", "https://[::1]:443", NULL);
    check_outgoing(WITH_OUTGOING("''"), "X=", NULL, NULL);
    check_outgoing(variable, "OUT=socks5h://10.0.0.1:1080", "socks5h://10.0.0.1:1080", NULL);
    check_outgoing(variable, "OUT=http://me:p%40ss@proxy.example:1", "http://proxy.example:1", "me:p%40ss");
    check_outgoing(variable, "OUT=http://me@corp:pw@proxy.example:65535", "http://proxy.example:65535", "me@corp:pw");
    check_outgoing(variable, NULL, NULL, NULL);
}

TEST(a_malformed_outbound_proxy_is_an_error)
{
    static const char *const values[] = {
        "proxy.example:1",
        "http://proxy.example",
        "http://proxy.example:",
        "http://proxy.example:0",
        "http://proxy.example:65536",
        "http://proxy.example:1x",
        "http://:1",
        "http://@h:1",
        "http://a b@h:1",
        "http://h:1/x",
        "http://h/x:1",
        "http://h?:1",
        "http://a/b@h:1",
        "socks5://h:1",
        "socks4://h:1",
        "ftp://h:1",
        "HTTP",
        "http://",
        "http://h:1\n",
    };
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char value[128];
        const char *const env[] = {"LITELLM_API_KEY=m", "OPENAI_API_KEY=o", value, NULL};
        struct load l;
        snprintf(value, sizeof value, "OUT=%s", values[i]);
        load_start(&l, SLICE(WITH_OUTGOING("os.environ/OUT")), env, false);
        if (l.config)
            fail_msg("accepted: %s", values[i]);
        assert_true(strstr(buf_text(&l.error),
                           "general_settings.outgoing_proxy: expected http://, https:// or socks5h://") != NULL);
        load_end(&l);
    }
    refused(WITH_OUTGOING("1"),
            "F:5: general_settings.outgoing_proxy: expected text, found a number; put it in quotes");
}

TEST(a_proxy_password_in_the_file_warns)
{
    warns("model_list: [{model_name: a, litellm_params: {model: openai/x}}]\n"
          "general_settings: {master_key: os.environ/LITELLM_API_KEY, outgoing_proxy: 'http://me:pw@h:1'}\n",
          "F:2: general_settings.outgoing_proxy: passwords in files get copied and shared; use os.environ/NAME\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_may_use_an_outbound_proxy),
        cmocka_unit_test(a_malformed_outbound_proxy_is_an_error),
        cmocka_unit_test(a_proxy_password_in_the_file_warns),
        cmocka_unit_test(keys_come_from_file_variable_or_provider),
        cmocka_unit_test(a_providers_key_goes_to_its_own_server_only),
        cmocka_unit_test(ollamas_base_may_omit_the_path),
        cmocka_unit_test(base_url_is_an_alias_of_api_base),
        cmocka_unit_test(keys_are_never_shown),
        cmocka_unit_test(equal_keys_are_stored_once),
        cmocka_unit_test(the_chatgpt_login_needs_no_key),
        cmocka_unit_test(the_chatgpt_login_requires_tls),
        cmocka_unit_test(codex_agent_needs_its_variable_and_a_base),
        cmocka_unit_test(codex_agent_errors_are_reported),
        cmocka_unit_test(other_providers_have_no_retries),
        cmocka_unit_test(the_documentation_names_all_providers),
        cmocka_unit_test(ca_certificates_come_from_a_pem_file),
        cmocka_unit_test(a_bad_ca_file_is_an_error),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
