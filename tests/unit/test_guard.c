/* Unit tests of common/guard. */
#include "tests/unit/unit.h"
#include "common/guard.h"

struct row {
    const char *value; /* NULL: no header */
    bool allowed;
};

static const struct slice ABSENT = {NULL, 0};

static void check(const struct row *rows, size_t count, bool (*allows)(struct slice, unsigned))
{
    for (size_t i = 0; i < count; i++) {
        struct slice value = rows[i].value ? slice_of(rows[i].value) : ABSENT;
        if (allows(value, 4000) != rows[i].allowed)
            fail_msg("\"%s\" should be %s", rows[i].value ? rows[i].value : "(absent)",
                     rows[i].allowed ? "allowed" : "refused");
    }
}

TEST(host_must_be_local)
{
    static const struct row rows[] = {
        {"127.0.0.1:4000", true},
        {"localhost:4000", true},
        {"[::1]:4000", true},
        {NULL, false},
        {"", false},
        {"127.0.0.1", false},
        {"localhost", false},
        {"127.0.0.1:4001", false},
        {"127.0.0.1:04000", false},
        {"127.0.0.1:40000", false},
        {"127.0.0.1:400", false},
        {"127.0.0.1:4000 ", false},
        {" 127.0.0.1:4000", false},
        {"127.0.0.1:4000.", false},
        {"127.0.0.1.evil.test:4000", false},
        {"evil.test", false},
        {"evil.test:4000", false},
        {"127.0.0.2:4000", false},
        {"0.0.0.0:4000", false},
        {"0x7f.1:4000", false},
        {"2130706433:4000", false},
        {"localhost.:4000", false},
        {"xlocalhost:4000", false},
        {"user@127.0.0.1:4000", false},
        {"127.0.0.1:4000,evil.test", false},
        {"[::ffff:127.0.0.1]:4000", false},
        {"::1:4000", false},
        {"localhost:4000/", false},
        {"localhost:+4000", false},
    };
    check(rows, COUNT_OF(rows), guard_host);
}

TEST(nul_does_not_end_a_host)
{
    assert_false(guard_host(SLICE("127.0.0.1:4000\0.evil.test"), 4000));
    assert_true(guard_host(SLICE("127.0.0.1:80"), 80));
}

static bool among(struct slice host, unsigned port)
{
    (void)port;
    return guard_host_among(host, "proxy.example  agent-7 10.1.2.3 [fd00::1]");
}

TEST(allowed_names_are_accepted)
{
    static const struct row rows[] = {
        {"proxy.example", true},
        {"proxy.example:4000", true},
        {"Proxy.Example:80", true},
        {"agent-7:1", true},
        {"10.1.2.3:4000", true},
        {"[fd00::1]:4000", true},
        {"[fd00::1]", true},
        {NULL, false},
        {"", false},
        {"proxy.example:", false},
        {"proxy.example:x", false},
        {"proxy.example:123456", false},
        {"proxy.example:0", false},
        {"proxy.example:65536", false},
        {"proxy.example:65535", true},
        {"evil.test", false},
        {"xproxy.example", false},
        {"proxy.example.evil.test", false},
        {"proxy.example:4000:4000", false},
        {"proxy.example agent-7", false},
        {" proxy.example", false},
        {"proxy.example.", false},
        {":4000", false},
        {"user@proxy.example", false},
        {"proxy.example/", false},
        {"fd00::1", false},
        {"127.0.0.1:4000", false},
    };
    check(rows, COUNT_OF(rows), among);
    assert_false(guard_host_among(SLICE("proxy.example"), NULL));
    assert_false(guard_host_among(SLICE("proxy.example"), ""));
    assert_false(guard_host_among(SLICE("proxy.example\0.evil.test"), "proxy.example"));
}

TEST(host_names_are_checked)
{
    static char name[300];
    memset(name, 'a', sizeof name - 1);
    assert_true(guard_is_host_name(SLICE("a.B-7_x")));
    assert_true(guard_is_host_name(SLICE("[::1]")));
    assert_false(guard_is_host_name(SLICE("")));
    assert_false(guard_is_host_name(SLICE("a b")));
    assert_false(guard_is_host_name(SLICE("a:1")));
    assert_false(guard_is_host_name(SLICE("*")));
    assert_false(guard_is_host_name(SLICE("[]")));
    assert_false(guard_is_host_name(SLICE("[x]")));
    assert_true(guard_is_host_name((struct slice){name, 253}));
    assert_false(guard_is_host_name((struct slice){name, 254}));
}

TEST(origin_must_be_local)
{
    static const struct row rows[] = {
        {NULL, true},
        {"http://127.0.0.1:4000", true},
        {"http://localhost:4000", true},
        {"", false},
        {"null", false},
        {"https://127.0.0.1:4000", false},
        {"http://127.0.0.1", false},
        {"http://127.0.0.1:4001", false},
        {"http://127.0.0.1:4000/", false},
        {"http://evil.test", false},
        {"http://evil.test:4000", false},
        {"http://127.0.0.1:4000.evil.test", false},
        {"http://127.0.0.1:4000 http://evil.test", false},
        {"HTTP://127.0.0.1:4000", false},
        {"file://", false},
        {"127.0.0.1:4000", false},
        {"*", false},
    };
    check(rows, COUNT_OF(rows), guard_origin);
}

static bool fetch_site(struct slice site, unsigned port)
{
    (void)port;
    return guard_fetch_site(site);
}

TEST(site_must_be_the_same_origin)
{
    static const struct row rows[] = {
        {NULL, true},         {"same-origin", true}, {"none", true},          {"", false},
        {"same-site", false}, {"cross-site", false}, {"Same-Origin ", false}, {"none,cross-site", false},
    };
    check(rows, COUNT_OF(rows), fetch_site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_must_be_local),         cmocka_unit_test(nul_does_not_end_a_host),
        cmocka_unit_test(allowed_names_are_accepted), cmocka_unit_test(host_names_are_checked),
        cmocka_unit_test(origin_must_be_local),       cmocka_unit_test(site_must_be_the_same_origin),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
