/* Unit tests of usage/: lines of the request log, days, quantiles, and sums. */
#include "tests/unit/folder.h"

#include "usage/log.h"
#include "usage/report.h"
#include "usage/sums_file.h"

#include <math.h>
#include <time.h>
#include <unistd.h>

#define NEVER INT64_MAX
#define LINE(time, more)                                                                       \
    "{\"timestamp\":\"" time                                                                   \
    "\",\"request_id\":\"r\",\"alias\":\"codex-default\",\"deployment\":\"d/1\",\"provider\":" \
    "\"openai\",\"attempts\":[{\"deployment\":\"d/1\",\"outcome\":\"ok\"}],\"end\":\"completed\"" more "}\n"
#define CACHE(status, tier) \
    ",\"cache\":{\"tier\":\"" tier "\",\"status\":\"" status "\",\"age_s\":30,\"saved_usd\":0.5}"
#define TOKENS(in, cached, out) ",\"tokens\":{\"input\":" in ",\"cached\":" cached ",\"output\":" out "}"

static struct fold fold;

static void begin(unsigned apart, uint32_t cells_max)
{
    struct fold_settings settings = {.apart = apart, .until_ms = NEVER, .cells_max = cells_max};
    fold_init(&fold, &settings);
}

static void feed(const char *text)
{
    assert_true(fold_feed(&fold, slice_of(text)));
}

static struct report made(enum usage_by by)
{
    struct report report;
    assert_true(report_make(&report, &fold, &(struct report_query){.by = by, .then = BY_NONE}));
    return report;
}

static void use_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

TEST(torn_and_foreign_lines_are_skipped_and_counted)
{
    begin(1u << BY_DAY, 100);
    feed(LINE("2026-11-30T12:00:00.000Z", ""));
    feed("{\"timestamp\":\"2026-11-30T12:00:00.000Z\",\"requ\n");
    feed("[1]\n{\"timestamp\":\"2026-11-30T12:00:00.000Z\",\"end\":\"completed\"}\n{\"event\":\"start\"}\n\n");
    feed("{\"timestamp\":\"yesterday\",\"attempts\":[],\"end\":\"completed\"}\n");
    feed(LINE("2026-11-30T13:00:00.000Z", ""));
    struct report report = made(BY_DAY);
    assert_int_equal(report.all.requests, 2);
    assert_int_equal(fold.lines, 7);
    assert_int_equal(fold.torn, 1);
    assert_int_equal(fold.foreign, 4);
    report_free(&report);
    fold_free(&fold);
}

TEST(a_line_longer_than_the_ceiling_is_skipped)
{
    static char junk[FOLD_LINE_MAX + 100];
    begin(1u << BY_DAY, 100);
    memset(junk, 'x', sizeof junk - 1);
    feed(junk);
    feed(junk);
    feed("\n" LINE("2026-11-30T13:00:00.000Z", ""));
    assert_int_equal(fold.torn, 1);
    assert_int_equal(fold.cells[0].sums.requests, 1);
    fold_free(&fold);
}

TEST(bytes_may_arrive_in_pieces_of_any_size)
{
    static const char TEXT[] = LINE("2026-11-30T12:00:00.000Z", TOKENS("10", "4", "2"))
        LINE("2026-12-01T12:00:00.000Z", TOKENS("20", "null", "3"));
    for (size_t piece = 1; piece < sizeof TEXT; piece++) {
        begin(1u << BY_DAY, 100);
        for (size_t at = 0; at < sizeof TEXT - 1; at += piece) {
            size_t left = sizeof TEXT - 1 - at;
            assert_true(fold_feed(&fold, (struct slice){TEXT + at, piece < left ? piece : left}));
        }
        struct report report = made(BY_DAY);
        assert_int_equal(report.count, 2);
        assert_true(sums_figure(&report.all, FIGURE_INPUT) == 30);
        report_free(&report);
        fold_free(&fold);
    }
}

TEST(a_report_can_be_made_while_the_log_grows)
{
    begin(1u << BY_DAY | 1u << BY_ALIAS, 100);
    feed("{\"timestamp\":\"2026-11-30T12:00:00.000Z\",");
    struct report report = made(BY_ALIAS);
    assert_int_equal(report.count, 0);
    report_free(&report);
    feed("\"alias\":\"a\",\"attempts\":[],\"end\":\"refused\"}");
    assert_true(fold_end_file(&fold));
    report = made(BY_ALIAS);
    assert_int_equal(report.count, 1);
    assert_string_equal(report.rows[0].name, "a");
    report_free(&report);
    report = made(BY_DAY);
    assert_string_equal(report.rows[0].name, "2026-11-30");
    report_free(&report);
    fold_free(&fold);
}

TEST(what_is_unknown_is_counted_and_never_zero)
{
    begin(1u << BY_ALIAS, 100);
    feed(LINE("2026-11-30T12:00:00.000Z", ",\"cost_usd\":null" TOKENS("null", "null", "null")));
    struct report report = made(BY_ALIAS);
    assert_true(isnan(sums_figure(&report.all, FIGURE_COST)));
    assert_true(isnan(sums_figure(&report.all, FIGURE_INPUT)));
    assert_true(isnan(sums_cache_rate(&report.all)));
    assert_true(isnan(sums_speed(&report.all)));
    assert_true(isnan(sketch_quantile(&report.all.ttft, 0.9)));
    report_free(&report);
    feed(LINE("2026-11-30T12:00:01.000Z", ",\"cost_usd\":0.5,\"baseline_usd\":0.75" TOKENS("100", "40", "7")));
    report = made(BY_ALIAS);
    assert_true(sums_figure(&report.all, FIGURE_COST) == 0.5);
    assert_int_equal(report.all.figures[FIGURE_COST].unknown, 1);
    assert_true(sums_figure(&report.all, FIGURE_SAVED) == 0.25);
    assert_true(sums_cache_rate(&report.all) == 0.4);
    report_free(&report);
    fold_free(&fold);
}

TEST(clients_have_a_version_and_models_a_name)
{
    begin(1u << BY_CLIENT | 1u << BY_MODEL, 100);
    feed(LINE("2026-11-30T12:00:00.000Z",
              ",\"client\":{\"name\":\"codex\",\"version\":\"1.2\"},\"model\":\"openai/m\""));
    feed(LINE("2026-11-30T12:00:00.000Z", ",\"client\":{\"name\":\"codex\",\"version\":\"1.2\"},\"cost_usd\":3"));
    feed(LINE("2026-11-30T12:00:00.000Z", ",\"client\":{\"name\":\"tool\",\"version\":null},\"cost_usd\":2"));
    feed(LINE("2026-11-30T12:00:00.000Z", ",\"client\":7"));
    struct report report = made(BY_CLIENT);
    assert_int_equal(report.count, 3);
    assert_string_equal(report.rows[0].name, "codex/1.2");
    assert_int_equal(report.rows[0].sums.requests, 2);
    assert_string_equal(report.rows[1].name, "tool");
    assert_string_equal(report.rows[2].name, "");
    report_free(&report);
    report = made(BY_MODEL);
    assert_int_equal(report.count, 2);
    assert_string_equal(report.rows[0].name, "d/1"); /* lines without a model have the deployment's id */
    assert_string_equal(report.rows[1].name, "openai/m");
    report_free(&report);
    fold_free(&fold);
}

TEST(a_refused_request_lacks_nothing)
{
    begin(1u << BY_ALIAS, 100);
    feed("{\"timestamp\":\"2026-11-30T12:00:00.000Z\",\"alias\":\"a\",\"deployment\":null,\"attempts\":[],"
         "\"tokens\":{\"input\":null},\"cost_usd\":null,\"end\":\"refused\"}\n");
    struct report report = made(BY_ALIAS);
    assert_int_equal(report.all.failed, 1);
    assert_int_equal(report.all.figures[FIGURE_COST].unknown, 0);
    assert_true(isnan(sums_figure(&report.all, FIGURE_COST)));
    report_free(&report);
    fold_free(&fold);
}

TEST(a_fallback_is_an_answer_by_another_deployment_than_the_first)
{
#define ATTEMPTS(list) "{\"timestamp\":\"2026-11-30T12:00:00.000Z\",\"attempts\":[" list "],\"end\":\"completed\"}\n"
#define ATTEMPT(name, outcome) "{\"deployment\":\"" name "\",\"outcome\":\"" outcome "\",\"cost_usd\":0.25}"
    begin(1u << BY_ALIAS, 100);
    feed(ATTEMPTS(ATTEMPT("a", "server") "," ATTEMPT("b", "ok")));
    feed(ATTEMPTS(ATTEMPT("a", "server") "," ATTEMPT("a", "ok")));
    feed(ATTEMPTS(ATTEMPT("a", "lost") "," ATTEMPT("b", "ok")));
    feed(ATTEMPTS(ATTEMPT("a", "server") "," ATTEMPT("b", "server")));
    struct report report = made(BY_ALIAS);
    assert_int_equal(report.all.fallbacks, 1);
    assert_int_equal(report.all.attempts_failed, 4);
    report_free(&report);
    fold_free(&fold);
}

TEST(days_are_those_of_the_time_zone_when_clocks_change)
{
    struct dates_day day = {0};
    int64_t time_ms;
    use_zone("CET-1CEST,M3.5.0,M10.5.0/3"); /* Europe: 2026-03-29 has 23 hours, 2026-10-25 has 25 */
    assert_true(dates_read(SLICE("2026-03-29T12:00:00Z"), &time_ms));
    dates_find_day(&day, time_ms);
    assert_int_equal(day.end_ms - day.start_ms, 23 * 3600000);
    assert_true(dates_read(SLICE("2026-10-24T22:00:00.000Z"), &time_ms));
    dates_find_day(&day, time_ms);
    assert_int_equal(day.number, 20261025);
    assert_int_equal(day.start_ms, time_ms);
    assert_int_equal(day.end_ms - day.start_ms, 25 * 3600000);
    begin(1u << BY_DAY, 100);
    feed(LINE("2026-10-24T21:59:59.999Z", "") LINE("2026-10-24T22:00:00.000Z", ""));
    feed(LINE("2026-10-25T22:59:59.999Z", "") LINE("2026-10-25T23:00:00.000Z", ""));
    struct report report = made(BY_DAY);
    assert_int_equal(report.count, 3);
    assert_string_equal(report.rows[1].name, "2026-10-25");
    assert_int_equal(report.rows[1].sums.requests, 2);
    report_free(&report);
    fold_free(&fold);
    use_zone("UTC");
}

#define AT_PROVIDER(time, provider, attempts)                                                   \
    "{\"timestamp\":\"" time "\",\"alias\":\"a\",\"deployment\":\"d\",\"provider\":\"" provider \
    "\",\"attempts\":[" attempts "{\"deployment\":\"d\",\"outcome\":\"ok\"}],\"end\":\"completed\"}\n"

TEST(hours_are_those_of_the_day_and_rows_have_a_second_name)
{
    use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    begin(1u << BY_DAY | 1u << BY_HOUR | 1u << BY_PROVIDER, 100);
    feed(AT_PROVIDER("2026-10-24T22:10:00Z", "openai", "") AT_PROVIDER("2026-10-25T22:50:00Z", "openai", ""));
    feed(AT_PROVIDER("2026-10-25T22:59:00Z", "gemini", "") AT_PROVIDER("2026-10-25T23:00:00Z", "gemini", ""));
    struct report report;
    assert_true(report_make(&report, &fold, &(struct report_query){BY_HOUR, BY_PROVIDER, 20261025, 20261025}));
    assert_int_equal(report.count, 3); /* the 25th hour has two providers */
    assert_int_equal(report.all.requests, 3);
    assert_string_equal(report.rows[0].name, "2026-10-25 00");
    assert_string_equal(report.rows[1].name, "2026-10-25 24");
    assert_string_equal(report.rows[2].name, "2026-10-25 24");
    assert_string_equal(report.rows[0].then, "openai");
    report_free(&report);
    fold_free(&fold);
    use_zone("UTC");
}

TEST(a_failed_attempt_counts_for_its_provider)
{
    static const char FAILED[] = "{\"deployment\":\"e\",\"outcome\":\"rate_limit\",\"provider\":\"openai\"},";
    char text[512];
    begin(1u << BY_PROVIDER, 100);
    (void)snprintf(text, sizeof text, AT_PROVIDER("2026-11-30T12:00:00Z", "gemini", "%s"), FAILED);
    feed(text);
    struct report report = made(BY_PROVIDER);
    assert_int_equal(report.count, 2);
    assert_string_equal(report.rows[0].name, "gemini");
    assert_int_equal(report.rows[0].sums.attempts_failed, 0);
    assert_string_equal(report.rows[1].name, "openai");
    assert_int_equal(report.rows[1].sums.attempts_failed, 1);
    assert_int_equal(report.rows[1].sums.requests, 0);
    assert_int_equal(report.all.attempts_failed, 1);
    report_free(&report);
    fold_free(&fold);
}

TEST(requests_beyond_the_ceiling_stay_in_their_day)
{
    begin(1u << BY_DAY | 1u << BY_PROVIDER, 1);
    feed(AT_PROVIDER("2026-11-29T12:00:00Z", "a", "") AT_PROVIDER("2026-11-30T12:00:00Z", "b", ""));
    struct report report;
    assert_true(report_make(&report, &fold, &(struct report_query){BY_PROVIDER, BY_NONE, 20261130, 20261130}));
    assert_int_equal(report.count, 1);
    assert_string_equal(report.rows[0].name, "(other)");
    report_free(&report);
    report = made(BY_DAY);
    assert_int_equal(report.count, 2);
    assert_string_equal(report.rows[1].name, "2026-11-30");
    report_free(&report);
    fold_free(&fold);
}

static void write_log(const char *name, const char *text)
{
    FILE *file = fopen(folder_at(name), "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) < 0, 0);
    assert_int_equal(fclose(file), 0);
}

/* Reads the log and the sums of removed files into `fold`. */
static void read_all(unsigned apart)
{
    struct buf error;
    buf_init(&error, 1024);
    begin(apart, 100);
    if (!usage_log_feed(&fold, folder_at("requests.jsonl"), &error))
        fail_msg("%s", buf_text(&error));
    buf_free(&error);
}

TEST(sums_outlast_the_files_of_the_log)
{
    static const char OLD[] =
        LINE("2026-11-29T12:00:00Z", TOKENS("10", "null", "2") ",\"ttft_ms\":300,\"cost_usd\":0.125")
            LINE("2026-11-29T13:00:00Z", ",\"client\":{\"name\":\"a\\\"b\"}" CACHE("hit", "redis"))
                LINE("2026-11-29T14:00:00Z", CACHE("hit", "semantic")) "{\"torn";
    write_log("requests.jsonl.1", OLD);
    write_log("requests.jsonl", LINE("2026-11-30T12:00:00Z", TOKENS("20", "4", "3")));
    read_all(1u << BY_CLIENT | 1u << BY_DAY);
    struct report before = made(BY_CLIENT);
    fold_free(&fold);
    sums_file_add(folder_at("requests.jsonl.1"));
    sums_file_add(folder_at("requests.jsonl.1")); /* as after a kill before the file was removed */
    assert_int_equal(unlink(folder_at("requests.jsonl.1")), 0);
    read_all(1u << BY_CLIENT | 1u << BY_DAY);
    struct report after = made(BY_CLIENT);
    assert_int_equal(after.count, before.count);
    for (uint32_t i = 0; i < after.count; i++) {
        struct usage_sums *a = &after.rows[i].sums, *b = &before.rows[i].sums;
        assert_string_equal(after.rows[i].name, before.rows[i].name);
        assert_int_equal(a->requests, b->requests);
        assert_memory_equal(a->figures, b->figures, sizeof a->figures);
        assert_memory_equal(a->replies, b->replies, sizeof a->replies);
        assert_true(a->ttft.count == b->ttft.count);
    }
    assert_true(sketch_quantile(&after.all.ttft, .5) == sketch_quantile(&before.all.ttft, .5));
    assert_int_equal(after.all.replies[REPLY_REDIS].requests, 1);
    assert_true(reply_age(&after.all.replies[REPLY_SEMANTIC], REPLY_SEMANTIC) == 30);
    report_free(&before);
    report_free(&after);
    fold_free(&fold);
    struct fold_settings settings = {.apart = 1u << BY_DAY, .cells_max = 9};
    assert_true(dates_read(SLICE("2026-11-30T00:00:00Z"), &settings.since_ms));
    settings.until_ms = NEVER;
    struct buf error;
    buf_init(&error, 1024);
    fold_init(&fold, &settings);
    assert_true(usage_log_feed(&fold, folder_at("requests.jsonl"), &error));
    assert_int_equal(fold.cells[0].sums.requests, 1); /* the other day is outside the range */
    buf_free(&error);
    fold_free(&fold);
}

TEST(a_damaged_file_of_sums_loses_its_damaged_lines_only)
{
    write_log("requests.jsonl.1", LINE("2026-11-29T12:00:00Z", "") LINE("2026-11-30T12:00:00Z", ""));
    sums_file_add(folder_at("requests.jsonl.1"));
    assert_int_equal(unlink(folder_at("requests.jsonl.1")), 0);
    FILE *file = fopen(folder_at(SUMS_FILE), "a");
    assert_non_null(file);
    assert_true(
        fputs("{\"day\":20261128,\"requests\":-1,\"cost\":[1e999,{}],\"ttft\":[99999,7,3]}\n{\"day\":1}\n[]\n{\"da",
              file) >= 0);
    assert_int_equal(fclose(file), 0);
    read_all(1u << BY_DAY);
    struct report report = made(BY_DAY);
    assert_int_equal(report.all.requests, 2);
    report_free(&report);
    fold_free(&fold);
}

TEST(points_in_time_are_read)
{
    static const struct {
        const char *text;
        bool end;
        int64_t time_ms; /* -1: refused */
    } CASES[] = {
        {"2026-03-30", false, 1774821600000},
        {"2026-03-29", true, 1774821600000},
        {"7d", false, 1774821600000 - 518400000 + 3600000}, /* over the change of clocks */
        {"1d", false, 1774821600000},
        {"24h", false, 1774864800000 - 86400000},
        {"90m", false, 1774864800000 - 5400000},
        {"2026-03-30T10:00:00Z", false, 1774864800000},
        {"2026-03-30T12:00:00.5+02:00", false, 1774864800500},
        {"", false, -1},
        {"d", false, -1},
        {"7", false, -1},
        {"0d", false, -1},
        {"-7d", false, -1},
        {"7w", false, -1},
        {"2026-13-01", false, -1},
        {"2026-03-30T10:00", false, -1},
        {"7dd", false, -1},
        {" 7d", false, -1},
        {"yesterday", false, -1},
        {"2026-03-30T10:00:00+2", false, -1},
    };
    use_zone("CET-1CEST,M3.5.0,M10.5.0/3");
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        int64_t time_ms = -2;
        bool ok = dates_read_option(CASES[i].text, 1774864800000, CASES[i].end, &time_ms);
        if (ok != (CASES[i].time_ms >= 0) || (ok && time_ms != CASES[i].time_ms))
            fail_msg("%s: %d, %lld", CASES[i].text, ok, (long long)time_ms);
    }
    use_zone("UTC");
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

TEST(quantiles_are_within_the_stated_error)
{
    enum { COUNT = 20000 };
    static double values[COUNT];
    struct sketch whole = {0}, parts[3] = {{0}}, merged = {0};
    uint64_t random = 88172645463325252u;
    for (unsigned i = 0; i < COUNT; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        values[i] = floor(exp(7 + 4 * ((double)(random >> 11) * 0x1p-53 - 0.5))); /* 148 ms to 8.1 s */
        values[i] = i % 100 ? values[i] : values[i] * 40;
        assert_true(sketch_add(&whole, values[i]) && sketch_add(&parts[i % 3], values[i]));
    }
    for (unsigned i = 0; i < 3; i++)
        assert_true(sketch_merge(&merged, &parts[i]));
    qsort(values, COUNT, sizeof *values, by_value);
    for (unsigned percent = 1; percent <= 100; percent++) {
        double exact = values[percent * COUNT / 100 - 1], share = percent / 100.0;
        double found = sketch_quantile(&whole, share);
        if (fabs(found - exact) > SKETCH_ERROR * exact)
            fail_msg("p%u is %g, not %g", percent, found, exact);
        assert_true(sketch_quantile(&merged, share) == found);
    }
    sketch_free(&whole);
    sketch_free(&merged);
    for (unsigned i = 0; i < 3; i++)
        sketch_free(&parts[i]);
}

TEST(every_duration_is_within_the_stated_error)
{
    for (double ms = 1; ms < SKETCH_MAX_MS; ms = ms < 5000 ? ms + 1 : ms * 1.01) {
        struct sketch one = {0};
        assert_true(sketch_add(&one, ms));
        double found = sketch_quantile(&one, 0.5);
        if (fabs(found - ms) > SKETCH_ERROR * ms * 1.000001)
            fail_msg("%g ms became %g", ms, found);
        sketch_free(&one);
    }
    struct sketch none = {0};
    assert_true(sketch_add(&none, 0));
    assert_true(sketch_quantile(&none, 0.9) == 0);
    sketch_free(&none);
}

TEST(cells_and_names_have_a_ceiling)
{
    char line[512];
    begin(1u << BY_ALIAS, 10);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(line, sizeof line,
                 "{\"timestamp\":\"2026-11-30T12:00:00Z\",\"alias\":\"a%u\",\"attempts\":[],\"end\":\"refused\"}\n", i);
        feed(line);
    }
    struct report report = made(BY_ALIAS);
    assert_int_equal(report.count, 11);
    assert_int_equal(report.all.requests, 5000);
    assert_string_equal(report.rows[0].name, "(other)");
    assert_int_equal(report.rows[0].sums.requests, 4990);
    assert_int_equal(fold.names.count, 2 + 4096);
    report_free(&report);
    fold_free(&fold);
}

TEST(names_are_unescaped_and_truncated)
{
    char line[1024], name[400];
    memset(name, 'n', sizeof name);
    snprintf(
        line, sizeof line,
        "{\"timestamp\":\"2026-11-30T12:00:00Z\",\"alias\":\"\\u00e9\\n%.200s\",\"attempts\":[],\"end\":\"refused\"}\n",
        name);
    begin(1u << BY_ALIAS, 10);
    feed(line);
    struct report report = made(BY_ALIAS);
    assert_int_equal(strlen(report.rows[0].name), LINE_NAME_MAX);
    assert_memory_equal(report.rows[0].name, "\xc3\xa9\nnnn", 6);
    report_free(&report);
    fold_free(&fold);
}

int main(void)
{
    use_zone("UTC");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(torn_and_foreign_lines_are_skipped_and_counted),
        cmocka_unit_test(a_line_longer_than_the_ceiling_is_skipped),
        cmocka_unit_test(bytes_may_arrive_in_pieces_of_any_size),
        cmocka_unit_test(a_report_can_be_made_while_the_log_grows),
        cmocka_unit_test(what_is_unknown_is_counted_and_never_zero),
        cmocka_unit_test(clients_have_a_version_and_models_a_name),
        cmocka_unit_test(a_refused_request_lacks_nothing),
        cmocka_unit_test(a_fallback_is_an_answer_by_another_deployment_than_the_first),
        cmocka_unit_test(days_are_those_of_the_time_zone_when_clocks_change),
        cmocka_unit_test(hours_are_those_of_the_day_and_rows_have_a_second_name),
        cmocka_unit_test(a_failed_attempt_counts_for_its_provider),
        cmocka_unit_test(requests_beyond_the_ceiling_stay_in_their_day),
        cmocka_unit_test_setup_teardown(sums_outlast_the_files_of_the_log, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(a_damaged_file_of_sums_loses_its_damaged_lines_only, folder_enter,
                                        folder_leave),
        cmocka_unit_test(points_in_time_are_read),
        cmocka_unit_test(quantiles_are_within_the_stated_error),
        cmocka_unit_test(every_duration_is_within_the_stated_error),
        cmocka_unit_test(cells_and_names_have_a_ceiling),
        cmocka_unit_test(names_are_unescaped_and_truncated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
