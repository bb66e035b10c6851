/* Unit tests of common/url. */
#include "tests/unit/unit.h"
#include "common/url.h"

TEST(urls_are_taken_apart)
{
    static const struct {
        const char *text, *origin, *host, *path;
        bool tls, loopback;
    } rows[] = {
        {"http://127.0.0.1:8788", "http://127.0.0.1:8788", "127.0.0.1", "", false, true},
        {"https://h", "https://h", "h", "", true, false},
        {"HTTPS://h/", "HTTPS://h", "h", "/", true, false},
        {"http://localhost/v1/", "http://localhost", "localhost", "/v1/", false, true},
        {"http://[::1]:80/a/b", "http://[::1]:80", "[::1]", "/a/b", false, true},
        {"http://[::2]", "http://[::2]", "[::2]", "", false, false},
        {"http://127.example.com", "http://127.example.com", "127.example.com", "", false, false},
        {"http://127.1.2.3/x:y", "http://127.1.2.3", "127.1.2.3", "/x:y", false, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url url;
        assert_true(url_split(slice_of(rows[i].text), &url));
        assert_slice(url.origin, rows[i].origin);
        assert_slice(url.host, rows[i].host);
        assert_slice(url.path, rows[i].path);
        assert_int_equal(url.tls, rows[i].tls);
        assert_int_equal(url_is_loopback(&url), rows[i].loopback);
    }
}

/* From memory that ends where the text ends, so that a sanitizer sees a read beyond it. */
TEST(what_is_no_base_is_refused)
{
    static const char *const texts[] = {
        "",
        "http",
        "http://",
        "https:///v1",
        "ftp://h",
        "//h",
        "h:80",
        "http://h:",
        "http://h:x",
        "http://h:123456",
        "http://:80",
        "http://u@h",
        "http://h?q",
        "http://h/#f",
        "http://h/a b",
        "http://h/\x01",
        "http://h/\xc3\xa9",
        "http://[::1",
        "http://[::1]x",
        "http://[",
        "http://h\r\nX: y",
        "http://h/\"",
        "http://h\\x",
        "http://<h>",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        size_t len = strlen(texts[i]);
        char *text = malloc(len ? len : 1);
        struct url url;
        assert_non_null(text);
        memcpy(text, texts[i], len);
        if (url_split((struct slice){text, len}, &url))
            fail_msg("taken: %s", texts[i]);
        free(text);
    }
    struct url url;
    assert_false(url_split((struct slice){"http://h\0x", 10}, &url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(what_is_no_base_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
