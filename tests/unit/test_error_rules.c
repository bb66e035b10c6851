/* Unit tests of proxy/config/error_rules. */
#include "tests/unit/config_load.h"

#define DEPLOYMENT "model_list: [{model_name: a, litellm_params: {model: openai/x}}]\n"
#define RULES DEPLOYMENT MASTER "router_settings:\n  error_rules:\n"

static const struct failure_pattern *only_rule(const struct load *l)
{
    assert_non_null(l->config);
    assert_buf(&l->warnings, "");
    assert_int_equal(l->config->error_rule_count, 1);
    return l->config->error_rules;
}

TEST(each_key_is_read)
{
    struct load l;
    load(&l,
         RULES "    - {provider: openai, deployment: a/openai/1, status: 500, words: No Colours, leave_out: images,\n"
               "       then: next, cooldown: 1.5, as: overloaded}\n");
    const struct failure_pattern *w = only_rule(&l);
    assert_string_equal(w->name, "error_rules[0]");
    assert_string_equal(w->provider, "openai");
    assert_string_equal(w->deployment, "a/openai/1");
    assert_int_equal(w->status, 500);
    assert_string_equal(w->text, "no colours");
    assert_true(w->parts_given);
    assert_int_equal(w->parts, PART_IMAGES);
    assert_int_equal(w->then, FAILURE_THEN_NEXT);
    assert_int_equal(w->cooldown_s, 2);
    assert_true(w->kind_given);
    assert_int_equal(w->kind, FAILURE_OVERLOADED);
    struct buf text;
    buf_init(&text, 1u << 16);
    assert_true(config_describe(l.config, &text));
    assert_non_null(strstr(buf_text(&text),
                           "error_rules[0]: openai, a/openai/1, \"no colours\", status 500 → leave out "
                           "images; then next; cooldown 2 s; as overloaded;\n"));
    buf_free(&text);
    load_end(&l);
}

TEST(omitted_keys_keep_the_tables_values)
{
    struct load l;
    load(&l, RULES "    - {expression: 'a|b'}\n");
    const struct failure_pattern *w = only_rule(&l);
    assert_null(w->provider);
    assert_null(w->deployment);
    assert_non_null(w->expression);
    assert_string_equal(w->text, "");
    assert_false(w->parts_given || w->kind_given || w->status || w->then);
    assert_int_equal(w->cooldown_s, FAILURE_COOLDOWN_USUAL);
    load_end(&l);
}

TEST(without_lists_the_parts)
{
    static const struct {
        const char *given;
        unsigned parts;
        const char *field;
    } rows[] = {
        {"later_system_messages", PART_LATER_SYSTEM, NULL},
        {"reasoning_effort_value", PART_EFFORT, NULL},
        {"reasoning.effort", PART_EFFORT, NULL},
        {"api", PART_API, NULL},
        {"nothing", 0, NULL},
        {"reasoning.summary", PART_FIELD, "reasoning.summary"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[512];
        struct load l;
        (void)snprintf(text, sizeof text, RULES "    - {status: 400, leave_out: %s}\n", rows[i].given);
        load(&l, text);
        const struct failure_pattern *w = only_rule(&l);
        assert_true(w->parts_given);
        assert_int_equal(w->parts, rows[i].parts);
        assert_int_equal(w->field != NULL, rows[i].field != NULL);
        if (rows[i].field)
            assert_string_equal(w->field, rows[i].field);
        load_end(&l);
    }
}

TEST(invalid_rules_are_errors)
{
    refused(RULES "    - {leave_out: images}\n",
            "F:5: router_settings.error_rules[]: give provider, deployment, status, words or expression");
    refused(RULES "    - {words: a, expression: b}\n",
            "F:5: router_settings.error_rules[]: give words or expression, not both");
    refused(RULES "    - {provider: nobody}\n", "F:5: router_settings.error_rules[].provider: unknown provider "
                                                "\"nobody\": use the part of `model` before the /");
    refused(RULES "    - {words: x, leave_out: tools}\n",
            "F:5: router_settings.error_rules[].leave_out: a request can't be sent without \"tools\"");
    refused(RULES "    - {expression: '(a'}\n", "F:5: router_settings.error_rules[].expression: Unmatched ( or \\(");
    refused(
        RULES "    - {words: x, then: never}\n",
        "F:5: router_settings.error_rules[].then: expected one of usual, retry, next, stop, found the text \"never\"");
    refused(RULES "    - images\n",
            "F:5: router_settings.error_rules[]: expected a mapping with keys such as words and leave_out");
}

TEST(unknown_deployment_is_an_error)
{
    struct load l;
    load(&l, RULES "    - {deployment: b, cooldown: 0}\n    - {status: 418, cooldown: 0}\n");
    assert_buf(&l.warnings, "F:5: router_settings.error_rules[].deployment: there is no deployment \"b\"\n");
    assert_int_equal(l.config->error_rule_count, 1);
    assert_string_equal(l.config->error_rules->name, "error_rules[1]"); /* as in the file */
    load_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_is_read),
        cmocka_unit_test(omitted_keys_keep_the_tables_values),
        cmocka_unit_test(without_lists_the_parts),
        cmocka_unit_test(invalid_rules_are_errors),
        cmocka_unit_test(unknown_deployment_is_an_error),
    };
    return cmocka_run_group_tests(tests, load_group_start, NULL);
}
