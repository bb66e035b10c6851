/* Unit tests of proxy/front/admit. The integration tests cover its checks (test_front.py). */
#include "tests/unit/unit.h"
#include "proxy/front/admit.h"

/* The last one is an endpoint that the table of APIs does not know. */
TEST(only_endpoints_that_call_a_model_have_an_api)
{
    assert_int_equal(endpoint_wire(ENDPOINT_CHAT), WIRE_CHAT);
    assert_int_equal(endpoint_wire(ENDPOINT_EMBEDDINGS), WIRE_EMBEDDINGS);
    for (unsigned e = ENDPOINT_STORED; e <= ENDPOINT_RESET + 1; e++)
        assert_int_equal(endpoint_wire((enum endpoint)e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_endpoints_that_call_a_model_have_an_api),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
