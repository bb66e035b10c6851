/* Unit tests of cgi/guards: each check alone, and their order. */
#include "tests/unit/unit.h"
#include "cgi/guards.h"

#define TOKEN "0123456789abcdef"
#define TYPE "application/json"

#define PORT 8787

static struct request good(void)
{
    return (struct request){.host = SLICE("127.0.0.1:8787"),
                            .origin = SLICE("http://127.0.0.1:8787"),
                            .fetch_site = SLICE("same-origin"),
                            .content_type = SLICE(TYPE),
                            .token = SLICE(TOKEN),
                            .peer = PEER_OURS};
}

/* Returns the code of the first check that refuses the request; "" if it passes all. */
static const char *verdict(const struct request *r, bool open, const struct fields *fields)
{
    static struct refusal why;
    bool passes = guards_admit(r, PORT, open, &why) && guards_change(r, PORT, TYPE, &why) &&
                  guards_token(r, fields, TOKEN, &why);
    return passes ? "" : why.code;
}

TEST(allowed_request_passes)
{
    struct request r = good();
    assert_string_equal(verdict(&r, false, NULL), "");
    r.peer = PEER_UNKNOWABLE;
    r.origin = r.fetch_site = (struct slice){NULL, 0}; /* a script */
    assert_string_equal(verdict(&r, false, NULL), "");
}

TEST(each_check_refuses)
{
    struct request r = good();
    r.host = SLICE("127.0.0.1:9999");
    assert_string_equal(verdict(&r, false, NULL), "forbidden_host");
    r = good(), r.peer = PEER_REFUSED;
    assert_string_equal(verdict(&r, false, NULL), "forbidden_user");
    assert_string_equal(verdict(&r, true, NULL), ""); /* an open path */
    r = good(), r.origin = SLICE("http://evil.example");
    assert_string_equal(verdict(&r, false, NULL), "forbidden_origin");
    r = good(), r.fetch_site = SLICE("cross-site");
    assert_string_equal(verdict(&r, false, NULL), "forbidden_site");
    r = good(), r.body_too_big = true;
    assert_string_equal(verdict(&r, false, NULL), "body_too_large");
    r = good(), r.content_type = SLICE("text/plain");
    assert_string_equal(verdict(&r, false, NULL), "unsupported_media_type");
    r = good(), r.content_encoding = SLICE("gzip");
    assert_string_equal(verdict(&r, false, NULL), "unsupported_media_type");
    r = good(), r.token = SLICE("0123456789abcdeX");
    assert_string_equal(verdict(&r, false, NULL), "forbidden_token");
}

TEST(host_is_checked_first)
{
    struct request r = good();
    r.host = SLICE("evil.example"), r.peer = PEER_REFUSED, r.token = (struct slice){NULL, 0};
    assert_string_equal(verdict(&r, false, NULL), "forbidden_host");
}

TEST(form_has_its_token_in_a_field)
{
    struct request r = good();
    struct fields fields = {.list = {{.name = SLICE("token"), .value = SLICE(TOKEN), .kind = FIELD_TEXT}}, .count = 1};
    r.token = (struct slice){NULL, 0};
    assert_string_equal(verdict(&r, false, &fields), "");
    fields.list[0].value = SLICE("another");
    assert_string_equal(verdict(&r, false, &fields), "forbidden_token");
    assert_string_equal(verdict(&r, false, NULL), "forbidden_token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allowed_request_passes),
        cmocka_unit_test(each_check_refuses),
        cmocka_unit_test(host_is_checked_first),
        cmocka_unit_test(form_has_its_token_in_a_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
