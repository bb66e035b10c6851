/* Unit tests of proxy/record/saved_state. */
#include "tests/unit/folder.h"
#include "proxy/record/saved_state.h"

#include <fcntl.h>
#include <math.h>

static struct deployment members[] = {
    {.index = 0,
     .id = (char[]){"a/openai/1"},
     .model = (char[]){"openai/x"},
     .api_base = (char[]){"http://127.0.0.1:1/v1"}},
    {.index = 1, .id = (char[]){"a/\"2\""}, .model = (char[]){"echo/y"}},
};
static const struct config CONFIG = {.deployments = members, .deployment_count = 2};
static const struct saved_state_clocks SAVED = {500000, 1700000000000};

static void fill(struct health h[2])
{
    memset(h, 0, 2 * sizeof *h);
    h[0] = (struct health){.calls = 14,
                           .ended = 10,
                           .successes = 7,
                           .failures = 2,
                           .reason = FAILURE_QUOTA,
                           .last_status = 429,
                           .cooldown_until_ms = SAVED.monotonic_ms + 60000,
                           .breaker = {3, SAVED.monotonic_ms + 9000, 0},
                           .in_flight = 4,
                           .last_error = "a secret"};
    h[0].seen.ttft_ms = (struct ewma){1234.5, 2.5, SAVED.monotonic_ms - 1000};
    h[1] = (struct health){.calls = 1, .ended = 1, .successes = 1};
}

static void write_of(const struct health h[2], struct buf *out)
{
    buf_init(out, 1u << 20);
    assert_true(saved_state_write(&CONFIG, h, &SAVED, out));
    assert_null(strstr(buf_text(out), "secret"));
}

TEST(averages_and_cooldowns_keep_their_age)
{
    struct health before[2], after[2];
    struct buf text;
    fill(before);
    write_of(before, &text);
    memset(after, 0, sizeof after);
    const struct saved_state_clocks later = {20000, SAVED.unix_ms + 5000}; /* after a reboot */
    assert_true(saved_state_read(buf_slice(&text), &CONFIG, after, &later));
    assert_int_equal(after[0].calls, 10);
    assert_int_equal(after[0].successes, 7);
    assert_int_equal(after[0].failures, 2);
    assert_int_equal(after[0].reason, FAILURE_QUOTA);
    assert_int_equal(after[0].last_status, 429);
    assert_int_equal(after[0].cooldown_until_ms, 20000 + 55000);
    assert_int_equal(after[0].breaker.opened, 3);
    assert_int_equal(after[0].breaker.until_ms, 20000 + 4000);
    assert_true(after[0].seen.ttft_ms.sum == 1234.5 && after[0].seen.ttft_ms.weight == 2.5);
    assert_int_equal(after[0].seen.ttft_ms.at_ms, 20000 - 6000);
    assert_int_equal(after[0].in_flight, 0);
    assert_int_equal(after[1].calls, 1);
    const struct saved_state_clocks much_later = {20000, SAVED.unix_ms + 3600000};
    memset(after, 0, sizeof after);
    assert_true(saved_state_read(buf_slice(&text), &CONFIG, after, &much_later));
    assert_int_equal(after[0].cooldown_until_ms, 0);
    assert_int_equal(after[0].seen.ttft_ms.at_ms, 0);
    buf_free(&text);
}

TEST(changed_deployments_start_empty)
{
    struct health before[2], after[2] = {{.calls = 0}, {.calls = 0}};
    struct deployment moved[] = {members[0], members[1]};
    const struct config config = {.deployments = moved, .deployment_count = 2};
    struct buf text;
    fill(before);
    write_of(before, &text);
    moved[0].api_base = (char[]){"http://127.0.0.1:2/v1"};
    moved[1].model = (char[]){"echo/z"};
    assert_true(saved_state_read(buf_slice(&text), &config, after, &SAVED));
    assert_int_equal(after[0].calls + after[1].calls, 0);
    buf_free(&text);
}

TEST(malformed_state_is_ignored)
{
    static const char *const TEXTS[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"version\":2,\"saved_at_ms\":1,\"deployments\":[]}",
        "{\"version\":1,\"saved_at_ms\":1800000000000,\"deployments\":[]}",
        "{\"version\":1,\"saved_at_ms\":1}",
        "{\"version\":1,\"deployments\":[]}",
        "{\"version\":\"1\",\"saved_at_ms\":1,\"deployments\":[]}",
    };
    struct health h[2] = {{.calls = 0}, {.calls = 0}};
    for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
        assert_false(saved_state_read(slice_of(TEXTS[i]), &CONFIG, h, &SAVED));
    /* Well-formed, but with impossible figures: ignored. */
    static const char ODD[] =
        "{\"version\":1,\"saved_at_ms\":1700000000000,\"deployments\":[7,{\"id\":\"a/openai/1\",\"model\":\"openai/x\","
        "\"api_base\":\"http://127.0.0.1:1/v1\",\"calls\":-1,\"successes\":5,\"failures\":1e99,\"reason\":\"nonsense\","
        "\"last_status\":\"x\",\"rest_ms\":1e300,\"opened\":-3,\"ttft_ms\":[1,2],\"total_ms\":[1e300,1,1],\"errors\":[1,-1,1],"
        "\"cost_usd\":[1,1,-5],\"queue_depth\":\"x\",\"output_tokens\":[1,1,1e300]}]}";
    static const struct observed NOTHING;
    assert_true(saved_state_read(SLICE(ODD), &CONFIG, h, &SAVED));
    assert_int_equal(h[0].calls + h[0].successes + h[0].failures + h[0].cooldown_until_ms + h[0].breaker.opened, 0);
    assert_int_equal(h[0].reason, FAILURE_NONE);
    assert_memory_equal(&h[0].seen, &NOTHING, sizeof NOTHING);
}

TEST(the_file_is_private_and_not_a_link)
{
    struct health before[2], after[2] = {{.calls = 0}, {.calls = 0}};
    struct stat info;
    fill(before);
    saved_state_save(folder_at("state"), &CONFIG, before);
    assert_int_equal(stat(folder_at("state"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
    saved_state_load(folder_at("state"), &CONFIG, after);
    assert_int_equal(after[0].calls, 10);
    after[0].calls = 0;
    assert_int_equal(symlink(folder_at("state"), folder_at("link")), 0);
    saved_state_load(folder_at("link"), &CONFIG, after);
    saved_state_load(folder_at("nowhere"), &CONFIG, after);
    saved_state_load(folder_at("."), &CONFIG, after);
    assert_int_equal(after[0].calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_and_cooldowns_keep_their_age),
        cmocka_unit_test(changed_deployments_start_empty),
        cmocka_unit_test(malformed_state_is_ignored),
        cmocka_unit_test_setup_teardown(the_file_is_private_and_not_a_link, folder_enter, folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
