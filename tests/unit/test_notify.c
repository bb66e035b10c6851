/* Unit tests of cgi/notify: the proxy's datagrams, and which reports are accepted. */
#include "tests/unit/unit.h"
#include "cgi/notify.h"

TEST(datagrams_are_parsed)
{
    static const struct {
        const char *datagram;
        bool ready, stopping;
        const char *report;
    } cases[] = {
        {"", false, false, ""},
        {"READY=1", true, false, ""},
        {"READY=1\nSTATUS=x\n", true, false, ""},
        {"STOPPING=1\n", false, true, ""},
        {"READY=10\nXREADY=1\nREADY = 1\nREADY=1 ", false, false, ""},
        {"X_POINTSMAN_STATUS={}\nREADY=1\n", true, false, "{}"},
        {"X_POINTSMAN_STATUS=", false, false, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct notice notice;
        notice_parse(slice_of(cases[i].datagram), &notice);
        assert_int_equal(notice.ready, cases[i].ready);
        assert_int_equal(notice.stopping, cases[i].stopping);
        assert_slice(notice.report, cases[i].report);
    }
}

#define DEPLOYMENT \
    "{\"model\":\"a/b\",\"ready\":true,\"serves\":true,\"reason\":\"\",\"calls\":1,\"failed\":0,\"ttft_ms\":-1}"
#define REPORT(aliases) "{\"version\":\"1\",\"aliases\":[" aliases "],\"hardening\":{}}"
#define ALIAS "{\"name\":\"a\",\"ready\":true,\"reason\":\"\"}"

TEST(only_well_formed_reports_are_accepted)
{
    static const struct {
        const char *text;
        bool accepted;
    } cases[] = {
        {REPORT(""), true},
        {REPORT(ALIAS), true},
        {REPORT("{\"name\":\"a\",\"ready\":true,\"reason\":\"\",\"deployments\":[" DEPLOYMENT "]}"), true},
        {"", false},
        {"[]", false},
        {REPORT("") "x", false},
        {REPORT("1"), false},
        {REPORT("{\"name\":1,\"ready\":true,\"reason\":\"\"}"), false},
        {REPORT("{\"name\":\"a\",\"ready\":true,\"reason\":\"\",\"html\":\"<b>\"}"), false},
        {REPORT("{\"name\":\"a\",\"ready\":true,\"reason\":\"\",\"deployments\":[{}]}"), false},
        {"{\"version\":\"1\",\"aliases\":[],\"hardening\":{},\"more\":1}", false},
        {"{\"version\":\"1\",\"aliases\":[],\"hardening\":{},\"log_dropped\":3}", true},
        {"{\"version\":\"1\",\"aliases\":[],\"hardening\":{},\"log_dropped\":\"3\"}", false},
        {"{\"version\":1,\"aliases\":[],\"hardening\":{}}", false},
    };
    struct child_report report = {0};
    assert_true(child_report_take(&report, SLICE(REPORT(ALIAS))));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool accepted = child_report_take(&report, slice_of(cases[i].text));
        if (accepted != cases[i].accepted)
            fail_msg("%s: %s", accepted ? "accepted" : "refused", cases[i].text);
        assert_true(report.json.count > 0); /* the previous report stays */
    }
    child_report_clear(&report);
    assert_int_equal(report.json.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_are_parsed),
        cmocka_unit_test(only_well_formed_reports_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
