/* Unit tests of common/url. */
#include "tests/unit/unit.h"
#include "common/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

TEST(urls_are_parsed)
{
    static const struct {
        const char *text, *origin, *host, *path;
        bool tls, loopback;
        unsigned port;
    } rows[] = {
        {"http://127.0.0.1:8788", "http://127.0.0.1:8788", "127.0.0.1", "", false, true, 8788},
        {"https://h", "https://h", "h", "", true, false, 443},
        {"HTTPS://h/", "HTTPS://h", "h", "/", true, false, 443},
        {"http://localhost/v1/", "http://localhost", "localhost", "/v1/", false, true, 80},
        {"http://[::1]:80/a/b", "http://[::1]:80", "[::1]", "/a/b", false, true, 80},
        {"http://[::2]", "http://[::2]", "[::2]", "", false, false, 80},
        {"http://127.example.com", "http://127.example.com", "127.example.com", "", false, false, 80},
        {"http://127.1.2.3/x:y", "http://127.1.2.3", "127.1.2.3", "/x:y", false, true, 80},
        {"http://127.0.0.1:65535", "http://127.0.0.1:65535", "127.0.0.1", "", false, true, 65535},
        {"https://h:1/", "https://h:1", "h", "/", true, false, 1},
        {"http://h:00080", "http://h:00080", "h", "", false, false, 80},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url url;
        assert_true(url_split(slice_of(rows[i].text), &url));
        assert_slice(url.origin, rows[i].origin);
        assert_slice(url.host, rows[i].host);
        assert_slice(url.path, rows[i].path);
        assert_int_equal(url.tls, rows[i].tls);
        assert_int_equal(url.port, rows[i].port);
        assert_int_equal(url_port(rows[i].text), rows[i].port);
        assert_int_equal(url_is_loopback(&url), rows[i].loopback);
    }
}

/* The memory ends with the text, so that a sanitizer detects reads beyond it. */
TEST(invalid_base_urls_are_refused)
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
        "http://h:0",
        "http://h:00000",
        "http://h:65536",
        "http://h:99999",
        "http://127.0.0.1:95659",
        "https://[::1]:65536/v1",
        "http://h:-1",
        "http://h:+80",
        "http://h: 80",
        "http://h:080808",
        "http://127.1",
        "http://127.0.0.256",
        "http://127.0.0.1.",
        "http://2130706433:80",
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
            fail_msg("accepted: %s", texts[i]);
        free(text);
    }
    struct url url;
    assert_false(url_split((struct slice){"http://h\0x", 10}, &url));
    assert_int_equal(url_port(NULL), 0);
    assert_int_equal(url_port("http://h:65536"), 0);
}

TEST(loopback_hosts_are_recognized)
{
    static const struct {
        const char *host;
        unsigned count;
        struct url_address addresses[URL_LOOPBACK_MAX];
    } rows[] = {
        {"127.0.0.1", 1, {{4, {127, 0, 0, 1}}}},
        {"127.1.2.3", 1, {{4, {127, 1, 2, 3}}}},
        {"[::1]", 1, {{6, {[15] = 1}}}},
        {"::1", 1, {{6, {[15] = 1}}}},
        {"[0:0:0:0:0:0:0:1]", 1, {{6, {[15] = 1}}}},
        {"localhost", 2, {{4, {127, 0, 0, 1}}, {6, {[15] = 1}}}},
        {"LocalHost", 2, {{4, {127, 0, 0, 1}}, {6, {[15] = 1}}}},
        {"", 0, {{0}}},
        {"127.1", 0, {{0}}}, /* left to the resolver */
        {"127.0.0.256", 0, {{0}}},
        {"127.0.0.1.", 0, {{0}}},
        {"127.example.com", 0, {{0}}},
        {"[127.0.0.1]", 0, {{0}}},
        {"128.0.0.1", 0, {{0}}},
        {"0.0.0.0", 0, {{0}}},
        {"[::]", 0, {{0}}},
        {"[::2]", 0, {{0}}},
        {"[::1%lo]", 0, {{0}}},
        {"[]", 0, {{0}}},
        {"localhost.", 0, {{0}}},
        {"localhost.example.com", 0, {{0}}},
        {"127.0.0.1000000000000000000000000000000000000000", 0, {{0}}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url_address found[URL_LOOPBACK_MAX];
        unsigned count = url_loopback(slice_of(rows[i].host), found);
        if (count != rows[i].count || memcmp(found, rows[i].addresses, count * sizeof *found) != 0)
            fail_msg("%s: %u addresses", rows[i].host, count);
    }
}

TEST(socket_addresses_of_hosts)
{
    struct sockaddr_storage to;
    char text[64];
    assert_int_equal(url_socket_address(&(struct url_address){4, {127, 0, 0, 2}}, 80, &to), sizeof(struct sockaddr_in));
    assert_int_equal(((struct sockaddr_in *)&to)->sin_port, htons(80));
    assert_string_equal(inet_ntop(AF_INET, &((struct sockaddr_in *)&to)->sin_addr, text, sizeof text), "127.0.0.2");
    assert_int_equal(url_socket_address(&(struct url_address){6, {[15] = 1}}, 81, &to), sizeof(struct sockaddr_in6));
    assert_int_equal(((struct sockaddr_in6 *)&to)->sin6_port, htons(81));
    assert_string_equal(inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&to)->sin6_addr, text, sizeof text), "::1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_parsed),
        cmocka_unit_test(invalid_base_urls_are_refused),
        cmocka_unit_test(loopback_hosts_are_recognized),
        cmocka_unit_test(socket_addresses_of_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
