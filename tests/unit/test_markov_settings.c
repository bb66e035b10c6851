/* Unit tests of common/markov: the keys of its block, and its saved state. */
#include "tests/unit/unit.h"
#include "common/markov.h"

#include <math.h>

/* Reads the text as the block and compares its errors with `errors`. */
static struct markov_settings read_block(const char *text, const char *errors)
{
    struct markov_settings s;
    struct buf error;
    buf_init(&error, 1u << 16);
    struct yaml_node *root = yaml_parse("p.yaml", slice_of(text), &error);
    assert_non_null(root);
    markov_settings_init(&s, MARKOV_CALLS);
    unsigned count = markov_settings_read("p.yaml", yaml_get(root, "adaptive_router"), &s, &error);
    assert_buf(&error, errors);
    unsigned lines = *errors != '\0';
    for (const char *c = errors; *c; c++)
        lines += *c == '\n';
    assert_int_equal(count, lines);
    buf_free(&error);
    yaml_tree_free(root);
    return s;
}

TEST(defaults_of_the_earlier_router)
{
    struct markov_settings s;
    markov_settings_init(&s, MARKOV_CALLS);
    assert_false(s.enabled);
    assert_true(s.shadow_mode && s.cost_guard_enabled);
    assert_float_equal(s.min_confidence_delta, .15, 0);
    assert_float_equal(s.max_cost_multiplier, 2, 0);
    assert_float_equal(s.critical_risk_threshold, .65, 0);
    assert_float_equal(s.overload_penalty, .35, 0);
    assert_float_equal(s.cold_start_penalty, .5, 0);
    assert_float_equal(s.performance_weight, .35, 0);
    assert_float_equal(s.decay, .65, 0);
    assert_int_equal(s.min_performance_observations, 2);
    assert_int_equal(s.max_history, 200);
    assert_float_equal(s.canary_share, 1, 0);
    assert_float_equal(s.slow_latency_ms, 45000, 0);
    markov_settings_init(&s, MARKOV_RUNS);
    assert_float_equal(s.decay, .65, 0);
    assert_float_equal(s.slow_latency_ms, 900000, 0);
}

TEST(keys_are_read)
{
    struct markov_settings s =
        read_block("adaptive_router:\n  enabled: yes\n  shadow_mode: false\n  max_cost_multiplier: 3.5\n"
                   "  max_history: 1e3\n  decay:\n  canary_share: 0.1\n",
                   "");
    assert_true(s.enabled);
    assert_false(s.shadow_mode);
    assert_float_equal(s.max_cost_multiplier, 3.5, 0);
    assert_int_equal(s.max_history, 1000);
    assert_float_equal(s.decay, .65, 0);
    assert_float_equal(s.canary_share, .1, 0);
    assert_false(read_block("adaptive_router:\n", "").enabled);
    assert_false(read_block("other: 1\n", "").enabled);
}

TEST(errors_name_the_line_and_the_valid_values)
{
    struct markov_settings s = read_block(
        "a: 1\nadaptive_router:\n  enabled: maybe\n  shadow_mode: 0\n  canary_share: 1.5\n  max_history: 20.5\n"
        "  decay: \"0.5\"\n  overload_penalty: [1]\n",
        "p.yaml:3: adaptive_router.enabled: expected true or false, found the text \"maybe\"\n"
        "p.yaml:4: adaptive_router.shadow_mode: expected true or false, found the number 0\n"
        "p.yaml:5: adaptive_router.canary_share: expected a number from 0 to 1, found the number 1.5\n"
        "p.yaml:6: adaptive_router.max_history: expected a whole number from 10 to 10000, found the number 20.5\n"
        "p.yaml:7: adaptive_router.decay: expected a number from 0 to 0.999, found the text \"0.5\"\n"
        "p.yaml:8: adaptive_router.overload_penalty: expected a number from 0 to 1, found a list");
    assert_false(s.enabled);
    assert_true(s.shadow_mode);
    read_block("adaptive_router: true\n", "p.yaml:1: adaptive_router: expected a mapping, found true");
    read_block("adaptive_router:\n  max_history: 40\n",
               "p.yaml:1: adaptive_router.canary_min_requests: 50 exceeds max_history, 40: raise max_history");
}

TEST(unknown_key_is_an_error)
{
    read_block(
        "adaptive_router: {shadow_mod: true}\n",
        "p.yaml:1: adaptive_router.shadow_mod: unknown key; valid keys: enabled, shadow_mode, "
        "min_confidence_delta, cost_guard_enabled, max_cost_multiplier, critical_risk_threshold, overload_penalty, "
        "cold_start_penalty, performance_weight, min_performance_observations, decay, max_history, canary_share, "
        "canary_min_requests, canary_tolerance, recovery_time, memory_time, slow_ttft_ms, slow_latency_ms");
}

TEST(reference_has_a_row_per_key)
{
    struct buf out;
    unsigned rows = 0;
    buf_init(&out, 1u << 16);
    assert_true(markov_settings_reference(MARKOV_CALLS, &out));
    const char *text = buf_text(&out);
    for (const char *c = text; *c; c++)
        rows += *c == '\n';
    assert_int_equal(rows, 2 + 19);
    assert_non_null(strstr(text, "| `decay` | a number from 0 to 0.999 | 0.65 | "));
    assert_non_null(strstr(text, "| `enabled` | true or false | false | "));
    buf_free(&out);
}

static bool read_state(const char *text, struct markov_provider *p)
{
    struct json j = {0};
    bool read = json_parse(&j, text, strlen(text)) && markov_read_state(&j, 0, p);
    json_free(&j);
    return read;
}

TEST(state_is_read_as_written)
{
    struct markov_settings s;
    struct markov_provider p = {0}, q;
    struct document d;
    struct buf out;
    markov_settings_init(&s, MARKOV_CALLS);
    buf_init(&out, 4096);
    markov_describe_state(&p, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_true(read_state(buf_text(&out), &q));
    assert_int_equal(q.count, 0);
    assert_float_equal(markov_health(&q, &s, 1).confidence, markov_health(&p, &s, 1).confidence, 0);
    struct markov_observation o = markov_observation(MARKOV_SUCCESS);
    o.ttft_ms = 1234.5;
    o.cost_usd = .0123;
    for (unsigned i = 0; i < 7; i++)
        markov_observe(&p, &s, &o, 1790000000000 + i);
    buf_clear(&out);
    markov_describe_state(&p, document_object(&d));
    assert_true(document_print(&d, &out));
    assert_true(read_state(buf_text(&out), &q));
    assert_int_equal(q.count, 7);
    assert_int_equal(q.seen_ms, 1790000000006);
    struct markov_health a = markov_health(&p, &s, 1790000001000), b = markov_health(&q, &s, 1790000001000);
    assert_float_equal(a.risk, b.risk, 1e-9);
    assert_float_equal(a.confidence, b.confidence, 1e-9);
    assert_float_equal(b.cost_usd, .0123, 1e-9);
    assert_true(isnan(b.total_ms));
    buf_free(&out);
}

#define AVERAGES "[[1,0.5,1],[0,0,0],[0,0,0],[0,0,0],[0,0,0],[1,1,2]]"

TEST(invalid_state_is_refused)
{
    struct markov_provider p;
    assert_true(read_state("{\"count\":2,\"seen_ms\":5,\"weight\":2,\"belief\":[1,0,0,0,0],\"averages\":" AVERAGES "}",
                           &p));
    static const char *const TEXTS[] = {
        "[]",
        "{}",
        "7",
        "{\"count\":-1,\"seen_ms\":5,\"weight\":2,\"belief\":[1,0,0,0,0],\"averages\":" AVERAGES "}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":-2,\"belief\":[1,0,0,0,0],\"averages\":" AVERAGES "}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":2,\"belief\":[1,0,0,0,1],\"averages\":" AVERAGES "}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":2,\"belief\":[2,-1,0,0,0],\"averages\":" AVERAGES "}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":2,\"belief\":[1,0,0,0],\"averages\":" AVERAGES "}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":2,\"belief\":[1,0,0,0,0,0],\"averages\":" AVERAGES "}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":2,\"belief\":[1,0,0,0,0],\"averages\":[[1,2,3]]}",
        "{\"count\":2,\"seen_ms\":5,\"weight\":2,\"averages\":" AVERAGES "}",
    };
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
        if (read_state(TEXTS[i], &p))
            fail_msg("%s", TEXTS[i]);
        assert_int_equal(p.count, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_of_the_earlier_router),
        cmocka_unit_test(keys_are_read),
        cmocka_unit_test(errors_name_the_line_and_the_valid_values),
        cmocka_unit_test(unknown_key_is_an_error),
        cmocka_unit_test(reference_has_a_row_per_key),
        cmocka_unit_test(state_is_read_as_written),
        cmocka_unit_test(invalid_state_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
