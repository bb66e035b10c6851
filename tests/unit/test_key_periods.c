/* Unit tests of proxy/keys/periods and zone. */
#include "tests/unit/unit.h"
#include "proxy/keys/periods.h"

#include <time.h>

static struct period parse(const char *text)
{
    struct period p = {0};
    assert_true(periods_parse(slice_of(text), &p));
    return p;
}

/* unix ms of "2026-03-29 01:59:59", UTC. */
static int64_t utc(const char *text)
{
    struct tm parts = {0};
    assert_int_equal(sscanf(text, "%d-%d-%d %d:%d:%d", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                            &parts.tm_min, &parts.tm_sec),
                     6);
    parts.tm_year -= 1900;
    parts.tm_mon--;
    return (int64_t)timegm(&parts) * 1000;
}

TEST(durations_are_read)
{
    static const struct {
        const char *text;
        enum period_unit unit;
        uint32_t count;
    } CASES[] = {
        {"1s", PERIOD_SECONDS, 1},        {"90m", PERIOD_SECONDS, 5400},
        {"24h", PERIOD_SECONDS, 86400},   {"1d", PERIOD_DAYS, 1},
        {"2w", PERIOD_DAYS, 14},          {"1mo", PERIOD_MONTHS, 1},
        {"3mo", PERIOD_MONTHS, 3},        {"hourly", PERIOD_SECONDS, 3600},
        {"daily", PERIOD_SECONDS, 86400}, {"weekly", PERIOD_DAYS, 7},
        {"monthly", PERIOD_DAYS, 30},     {"007d", PERIOD_DAYS, 7},
        {"36525d", PERIOD_DAYS, 36525},   {"876600h", PERIOD_SECONDS, 3155760000},
    };
    static const char *const WRONG[] = {"",
                                        "d",
                                        "0d",
                                        "-1d",
                                        "1",
                                        "1 d",
                                        "1y",
                                        "1D",
                                        "1.5d",
                                        "d1",
                                        "1d ",
                                        "1dd",
                                        "1mon",
                                        "+1d",
                                        "36526d",
                                        "876601h",
                                        "99999999999999999999s",
                                        "Daily"};
    for (unsigned i = 0; i < COUNT_OF(CASES); i++) {
        struct period p = parse(CASES[i].text);
        assert_int_equal(p.unit, CASES[i].unit);
        assert_int_equal(p.count, CASES[i].count);
    }
    for (unsigned i = 0; i < COUNT_OF(WRONG); i++) {
        struct period p = {.count = 77};
        assert_false(periods_parse(slice_of(WRONG[i]), &p));
        assert_int_equal(p.count, 77);
    }
    struct period three = parse("3mo"), one = parse("1mo");
    assert_false(period_resets(&three));
    assert_true(period_resets(&one));
}

TEST(expiry_is_now_and_the_duration)
{
    static const struct {
        const char *duration, *now, *then;
    } CASES[] = {
        {"30s", "2026-01-31 23:59:40", "2026-02-01 00:00:10"},  {"30d", "2026-01-31 10:00:00", "2026-03-02 10:00:00"},
        {"1mo", "2026-01-31 10:11:12", "2026-02-28 10:11:12"},  {"1mo", "2028-01-31 10:00:00", "2028-02-29 10:00:00"},
        {"13mo", "2026-12-05 01:00:00", "2028-01-05 01:00:00"}, {"1w", "2026-12-28 01:00:00", "2027-01-04 01:00:00"},
    };
    for (unsigned i = 0; i < COUNT_OF(CASES); i++) {
        struct period p = parse(CASES[i].duration);
        assert_int_equal(period_after(&p, utc(CASES[i].now) + 7), utc(CASES[i].then) + 7);
    }
    assert_int_equal(period_after(&(struct period){0}, 5), INT64_MAX);
}

static void check_period(const char *duration, const char *zone_name, const char *now, const char *start,
                         const char *next)
{
    struct period p = parse(duration);
    struct zone zone;
    if (zone_name)
        assert_true(zone_load(zone_name, &zone));
    p.anchor_ms = utc("2026-01-10 15:00:00");
    int64_t start_ms = period_start(&p, utc(now), zone_name ? &zone : NULL);
    int64_t next_ms = period_next(&p, utc(now), zone_name ? &zone : NULL);
    if (start_ms != utc(start) || next_ms != utc(next))
        print_error("%s in %s at %s: off by %ld and %ld s\n", duration, zone_name ? zone_name : "UTC", now,
                    (long)(start_ms - utc(start)) / 1000, (long)(next_ms - utc(next)) / 1000);
    assert_int_equal(start_ms, utc(start));
    assert_int_equal(next_ms, utc(next));
}

TEST(periods_snap)
{
    check_period("1h", NULL, "2026-12-01 12:34:56", "2026-12-01 12:00:00", "2026-12-01 13:00:00");
    check_period("15m", NULL, "2026-12-01 12:34:56", "2026-12-01 12:30:00", "2026-12-01 12:45:00");
    check_period("30s", NULL, "2026-12-01 12:34:30", "2026-12-01 12:34:30", "2026-12-01 12:35:00");
    check_period("24h", NULL, "2026-12-01 12:34:56", "2026-12-01 00:00:00", "2026-12-02 00:00:00");
    check_period("1d", NULL, "2026-12-31 23:59:59", "2026-12-31 00:00:00", "2027-01-01 00:00:00");
    check_period("7d", NULL, "2026-12-01 12:00:00", "2026-11-30 00:00:00", "2026-12-07 00:00:00");
    check_period("1w", NULL, "2026-12-07 00:00:00", "2026-12-07 00:00:00", "2026-12-14 00:00:00");
    check_period("30d", NULL, "2026-02-28 23:00:00", "2026-02-01 00:00:00", "2026-03-01 00:00:00");
    check_period("1mo", NULL, "2026-12-31 23:00:00", "2026-12-01 00:00:00", "2027-01-01 00:00:00");
    check_period("monthly", NULL, "2024-02-29 23:00:00", "2024-02-01 00:00:00", "2024-03-01 00:00:00");
    check_period("3d", NULL, "2026-01-12 23:59:59", "2026-01-10 00:00:00", "2026-01-13 00:00:00");
    check_period("3d", NULL, "2026-01-13 00:00:00", "2026-01-13 00:00:00", "2026-01-16 00:00:00");
    check_period("3d", NULL, "2026-01-09 12:00:00", "2026-01-07 00:00:00", "2026-01-10 00:00:00");
    struct period never = {0};
    assert_int_equal(period_start(&never, 5, NULL), 0);
    assert_int_equal(period_next(&never, 5, NULL), INT64_MAX);
}

TEST(periods_follow_the_zone)
{
    const char *berlin = "Europe/Berlin"; /* 2026: summer from March 29, 1:00 UTC to October 25, 1:00 UTC */
    check_period("1d", berlin, "2026-03-29 10:00:00", "2026-03-28 23:00:00", "2026-03-29 22:00:00"); /* 23 hours */
    check_period("1d", berlin, "2026-10-25 10:00:00", "2026-10-24 22:00:00", "2026-10-25 23:00:00"); /* 25 hours */
    check_period("1mo", berlin, "2026-03-31 21:59:59", "2026-02-28 23:00:00", "2026-03-31 22:00:00");
    check_period("1mo", berlin, "2026-03-31 22:00:00", "2026-03-31 22:00:00", "2026-04-30 22:00:00");
    check_period("7d", berlin, "2026-10-26 00:00:00", "2026-10-25 23:00:00", "2026-11-01 23:00:00");
    check_period("12h", berlin, "2026-07-01 09:59:59", "2026-06-30 22:00:00", "2026-07-01 10:00:00");
    check_period("3d", berlin, "2026-04-01 10:00:00", "2026-03-31 22:00:00", "2026-04-03 22:00:00");
    /* The hour from 2:00 comes twice, and is one period; in March it does not come. */
    check_period("1h", berlin, "2026-10-25 00:30:00", "2026-10-25 00:00:00", "2026-10-25 02:00:00");
    check_period("1h", berlin, "2026-10-25 01:30:00", "2026-10-25 00:00:00", "2026-10-25 02:00:00");
    check_period("30m", berlin, "2026-10-25 01:10:00", "2026-10-25 00:30:00", "2026-10-25 02:00:00");
    check_period("1h", berlin, "2026-03-29 01:10:00", "2026-03-29 01:00:00", "2026-03-29 02:00:00");
    /* Midnight is skipped here: the day begins at 1:00, which is 4:00 UTC. */
    check_period("1d", "America/Santiago", "2026-09-06 12:00:00", "2026-09-06 04:00:00", "2026-09-07 03:00:00");
    check_period("1d", "Asia/Kathmandu", "2026-09-06 18:14:59", "2026-09-05 18:15:00", "2026-09-06 18:15:00");
}

/* Whatever the time: start <= now < next; both are fixed points; no period begins within another. */
static void check_properties(const struct period *p, int64_t now, const struct zone *zone)
{
    int64_t start = period_start(p, now, zone), next = period_next(p, now, zone);
    assert_true(start <= now && now < next);
    assert_int_equal(period_start(p, start, zone), start);
    assert_int_equal(period_next(p, start, zone), next);
    assert_int_equal(period_start(p, next - 1, zone), start);
    assert_int_equal(period_start(p, next, zone), next);
}

TEST(periods_have_no_gaps)
{
    static const char *const ZONES[] = {"UTC",
                                        "Europe/Berlin",
                                        "America/New_York",
                                        "Australia/Lord_Howe",
                                        "America/Santiago",
                                        "Africa/Casablanca",
                                        "Asia/Kathmandu",
                                        "Pacific/Apia"};
    static const char *const DURATIONS[] = {"1s", "7s", "1m", "90m", "1h", "5h", "24h", "36h",
                                            "1d", "2d", "3d", "5d",  "7d", "2w", "30d", "1mo"};
    srand(18);
    for (unsigned z = 0; z < COUNT_OF(ZONES); z++) {
        struct zone zone;
        assert_true(zone_load(ZONES[z], &zone));
        for (unsigned d = 0; d < COUNT_OF(DURATIONS); d++) {
            struct period p = parse(DURATIONS[d]);
            p.anchor_ms = utc("2026-05-05 03:00:00");
            for (unsigned i = 0; i < 300; i++)
                check_properties(&p, ((int64_t)1577836800 + rand() % 1262304000) * 1000 + rand() % 1000, &zone);
            for (unsigned i = 1; i < zone.count; i++) /* around each change of the clock */
                for (int64_t minutes = -150; minutes <= 150; minutes += 25)
                    check_properties(&p, (zone.changes[i].from_s + minutes * 60) * 1000 + 999, &zone);
        }
    }
}

TEST(zones_are_those_of_the_system)
{
    static const char *const WRONG[] = {"",     "/etc/localtime", "../zoneinfo/UTC", "Europe", "Europe/Nowhere",
                                        ":UTC", "UTC0",           "zone.tab "};
    struct zone zone;
    setenv("TZ", "Asia/Tokyo", 1);
    for (unsigned i = 0; i < COUNT_OF(WRONG); i++)
        assert_false(zone_load(WRONG[i], &zone));
    assert_true(zone_load("Europe/Berlin", &zone));
    assert_string_equal(getenv("TZ"), "Asia/Tokyo");
    unsetenv("TZ");
    assert_int_equal(zone.count, 81); /* two a year, and the first */
    assert_int_equal(zone.changes[0].offset_s, 3600);
    assert_true(zone_load("UTC", &zone));
    assert_null(getenv("TZ"));
    assert_int_equal(zone.count, 1);
}

TEST(equal_periods)
{
    struct period days = parse("30d"), month = parse("1mo"), three = parse("3d"), week = parse("7d"), w = parse("1w");
    assert_true(period_equal(&days, &month));
    assert_true(period_equal(&week, &w));
    assert_false(period_equal(&three, &week));
    struct period later = three;
    later.anchor_ms = 1;
    assert_false(period_equal(&three, &later));
    w.anchor_ms = 1;
    assert_true(period_equal(&week, &w));
    assert_false(period_equal(&month, &(struct period){0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read),   cmocka_unit_test(expiry_is_now_and_the_duration),
        cmocka_unit_test(periods_snap),         cmocka_unit_test(periods_follow_the_zone),
        cmocka_unit_test(periods_have_no_gaps), cmocka_unit_test(zones_are_those_of_the_system),
        cmocka_unit_test(equal_periods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
