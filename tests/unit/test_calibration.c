/* Unit tests of proxy/route/calibration and proxy/bridge/refused: what replies show about an upstream. */
#include "tests/unit/unit.h"
#include "proxy/bridge/refused.h"
#include "proxy/route/calibration.h"
#include "proxy/terms/failure.h"

TEST(first_count_is_taken_as_it_is)
{
    struct calibration c = {0};
    calibration_observe(&c, 3000, 1000);
    assert_true(c.bytes_per_token > 2.999 && c.bytes_per_token < 3.001);
    /* The default of 4 bytes per token would have estimated 750. */
    assert_true(c.error > 0.249 && c.error < 0.251);
    assert_int_equal(c.samples, 1);
}

TEST(error_falls_as_counts_agree)
{
    struct calibration c = {0};
    for (int i = 0; i < 60; i++)
        calibration_observe(&c, 3000, 1000);
    assert_true(c.error < 0.001);
    double before = c.bytes_per_token;
    calibration_observe(&c, 6000, 1000);
    assert_true(c.bytes_per_token > before && c.bytes_per_token < 4);
    assert_true(c.error > 0.09);
}

TEST(counts_without_information_are_ignored)
{
    struct calibration c = {0};
    calibration_observe(&c, 0, 1000);
    calibration_observe(&c, 1000, 0);
    calibration_observe(&c, 1000, -1);
    assert_int_equal(c.samples, 0);
}

TEST(rejection_names_the_request_part)
{
    static const struct {
        enum failure_kind kind;
        const char *message;
        unsigned parts;
    } rows[] = {
        {FAILURE_BAD_REQUEST, "Unsupported parameter: 'response_format'", TURN_WITHOUT_FORMAT},
        {FAILURE_BAD_REQUEST, "Response_Format json_schema is not available", TURN_WITHOUT_FORMAT},
        {FAILURE_BAD_REQUEST, "this model does not support image input", TURN_WITHOUT_IMAGES},
        {FAILURE_BAD_REQUEST, "unknown field reasoning_effort", TURN_WITHOUT_EFFORT},
        {FAILURE_UNSUPPORTED, "x is not a multimodal model", TURN_WITHOUT_IMAGES},
        {FAILURE_UNSUPPORTED, "does not support assistant message Prefill", TURN_WITHOUT_PREFILL},
        {FAILURE_BAD_REQUEST, "messages must not be empty", 0},
        {FAILURE_SERVER, "response_format", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct failure f;
        failure_set(&f, rows[i].kind, "%s", rows[i].message);
        if (refused_parts(&f) != rows[i].parts)
            fail_msg("%s: %u", rows[i].message, refused_parts(&f));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_count_is_taken_as_it_is),
        cmocka_unit_test(error_falls_as_counts_agree),
        cmocka_unit_test(counts_without_information_are_ignored),
        cmocka_unit_test(rejection_names_the_request_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
