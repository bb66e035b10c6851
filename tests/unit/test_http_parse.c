/* Unit tests of proxy/front/http_parse. */
#include "tests/unit/unit.h"
#include "proxy/front/http_parse.h"

static const char ORDINARY[] = "POST /v1/responses?a=b HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nContent-Length: 5\r\n"
                               "X-Empty:\r\nauthorization:\t Bearer x \t\r\n\r\n";

/* Parses from a buffer of exactly this length, so that the sanitizer detects reads beyond it. */
static enum http_result parse(struct slice text, struct http_head *head, struct http_error *error)
{
    static char *copy;
    free(copy);
    copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    memcpy(copy, text.ptr, text.len);
    return http_parse_head((struct slice){copy, text.len}, head, error);
}

TEST(an_ordinary_head)
{
    struct http_head head;
    struct http_error error;
    assert_int_equal(parse(SLICE(ORDINARY), &head, &error), HTTP_OK);
    assert_slice(head.method, "POST");
    assert_slice(head.path, "/v1/responses");
    assert_slice(head.query, "a=b");
    assert_slice(head.host, "127.0.0.1:4000");
    assert_int_equal(head.minor, 1);
    assert_int_equal(head.framing, HTTP_LENGTH);
    assert_int_equal(head.content_length, 5);
    assert_true(head.keep_alive);
    assert_false(head.expects_continue);
    assert_slice(http_field(&head, "Authorization"), "Bearer x");
    assert_slice(http_field(&head, "x-empty"), "");
    assert_non_null(http_field(&head, "x-empty").ptr);
    assert_null(http_field(&head, "absent").ptr);
}

/* RFC 9112, 3.2.2: the target's host counts, not Host. */
TEST(an_absolute_target_does_not_hide_its_host)
{
    struct http_head head;
    struct http_error error;
    struct slice text = SLICE("GET http://evil.test/v1/models HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n");
    if (parse(text, &head, &error) == HTTP_OK) {
        assert_slice(head.host, "evil.test");
        assert_slice(head.path, "/v1/models");
    }
}

TEST(the_head_ends_at_the_empty_line)
{
    size_t length = sizeof ORDINARY - 1, scanned = 0;
    for (size_t have = 0; have < length; have++)
        assert_int_equal(http_head_length((struct slice){ORDINARY, have}, &scanned), 0);
    assert_int_equal(http_head_length((struct slice){ORDINARY, length}, &scanned), length);
    scanned = 0;
    assert_int_equal(http_head_length(SLICE("GET / HTTP/1.1\r\n\r\nrest\r\n\r\n"), &scanned), 18);
}

TEST(no_prefix_of_a_head_is_read_beyond_its_end)
{
    struct http_head head;
    struct http_error error;
    for (size_t len = 0; len < sizeof ORDINARY - 1; len++)
        (void)(parse((struct slice){ORDINARY, len}, &head, &error) == HTTP_OK);
}

struct row {
    const char *head; /* without its final CR LF CR LF */
    int status;       /* 0: accepted */
};

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct http_head head;
        struct http_error error = {0};
        struct buf text;
        buf_init(&text, 1u << 20);
        assert_true(buf_add_format(&text, "%s\r\n\r\n", rows[i].head));
        enum http_result result = parse(buf_slice(&text), &head, &error);
        buf_free(&text);
        int status = result == HTTP_OK ? 0 : error.status;
        if (status != rows[i].status)
            fail_msg("%d and not %d for:\n%s", status, rows[i].status, rows[i].head);
        if (status)
            assert_non_null(error.message);
    }
}

#define GET "GET / HTTP/1.1\r\nHost: a"

TEST(request_lines)
{
    static const struct row rows[] = {
        {GET, 0},
        {"GET / HTTP/1.0\r\nHost: a", 0},
        {"DELETE /a%20b?c?d HTTP/1.1\r\nHost: a", 0},
        {"GET  / HTTP/1.1\r\nHost: a", 400},
        {"GET /  HTTP/1.1\r\nHost: a", 400},
        {"GET / HTTP/1.1 \r\nHost: a", 400},
        {" GET / HTTP/1.1\r\nHost: a", 400},
        {"GET /\r\nHost: a", 400},
        {"GET\t/ HTTP/1.1\r\nHost: a", 400},
        {"GET HTTP/1.1\r\nHost: a", 400},
        {"G@T / HTTP/1.1\r\nHost: a", 400},
        {" / HTTP/1.1\r\nHost: a", 400},
        {"GET /\x7f HTTP/1.1\r\nHost: a", 400},
        {"GET / HTTP/2.0\r\nHost: a", 505},
        {"GET / HTTP/1.2\r\nHost: a", 0},
        {"GET / HTTP/1.10\r\nHost: a", 400},
        {"GET / http/1.1\r\nHost: a", 400},
        {"GET / HTTP/11\r\nHost: a", 400},
        {"GET a HTTP/1.1\r\nHost: a", 400},
        {"GET http://a/ HTTP/1.1\r\nHost: a", 0},
        {"GET / HTTP/x.1\r\nHost: a", 400},
        {"GET / HTTP/1.x\r\nHost: a", 400},
        {"GET / HTTP/1-1\r\nHost: a", 400},
        {"get / HTTP/1.1\r\nHost: a", 501},
        {"TRACE / HTTP/1.1\r\nHost: a", 501},
        {"FROB / HTTP/1.1\r\nHost: a", 501},
        {"GET /#a HTTP/1.1\r\nHost: a", 400},
        {"GET /\\a HTTP/1.1\r\nHost: a", 400},
        {"GET /<a> HTTP/1.1\r\nHost: a", 400},
        {"GET /a%2 HTTP/1.1\r\nHost: a", 400},
        {"GET /a% HTTP/1.1\r\nHost: a", 400},
        {"GET /a%2g HTTP/1.1\r\nHost: a", 400},
        {"GET /a%00 HTTP/1.1\r\nHost: a", 400},
        {"GET /a%0a HTTP/1.1\r\nHost: a", 400},
        {"GET /a%1F HTTP/1.1\r\nHost: a", 400},
        {"GET /a%7f HTTP/1.1\r\nHost: a", 400},
        {"GET /a%7F HTTP/1.1\r\nHost: a", 400},
        {"GET /a%7e%c3%a9 HTTP/1.1\r\nHost: a", 0},
    };
    check(rows, COUNT_OF(rows));
}

TEST(fields)
{
    static const struct row rows[] = {
        {GET "\r\nX: a b\tc", 0},
        {GET "\r\nX:a", 0},
        {GET "\r\nX: \xc3\xa9", 0},
        {GET "\r\nX : a", 400},
        {GET "\r\n X: a", 400},
        {GET "\r\nX: a\r\n b", 400},
        {GET "\r\nX", 400},
        {GET "\r\n: a", 400},
        {GET "\r\nX Y: a", 400},
        {GET "\r\nX: a\nY: b", 400},
        {GET "\r\nX: a\rb", 400},
        {GET "\r\nX: a\x01"
             "b",
         400},
        {GET "\r\nX: a\x7f", 400},
        {GET "\r\nX(: a", 400},
        {GET "\r\nHost: a", 400},
        {GET "\r\nhost: b", 400},
        {GET " b", 400},
        {"GET / HTTP/1.1\r\nX: a", 400},
        {"GET / HTTP/1.1", 400},
    };
    check(rows, COUNT_OF(rows));
}

TEST(hosts_are_names_or_addresses)
{
    static const struct row rows[] = {
        {"GET / HTTP/1.1\r\nHost: a-1.b_c:80", 0},
        {"GET / HTTP/1.1\r\nHost: [::1]:80", 0},
        {"GET / HTTP/1.1\r\nHost:", 400},
        {GET ",b", 400},
        {GET "/b", 400},
        {GET "?b", 400},
        {GET "#b", 400},
        {GET "@b", 400},
        {GET ":b", 400},
        {GET ":1:2", 400},
        {GET "\xe9", 400},
        {"GET / HTTP/1.1\r\nHost: http://a", 400},
        {"GET / HTTP/1.1\r\nHost: [::1", 400},
    };
    check(rows, COUNT_OF(rows));
}

/* Security-relevant fields: two parsers could take different values. */
TEST(security_fields_are_unique)
{
    static const struct row rows[] = {
        {GET "\r\nAccept: a\r\nAccept: b", 0},
        {GET "\r\nOrigin: a\r\nX-Origin: a", 0},
        {GET "\r\nAuthorization: a\r\nauthorization: a", 400},
        {GET "\r\nx-api-key: a\r\nX-API-Key: b", 400},
        {GET "\r\napi-key: a\r\nX: a\r\napi-key: a", 400},
        {GET "\r\nOrigin: a\r\norigin: b", 400},
        {GET "\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site", 400},
        {GET "\r\nContent-Type: a\r\nContent-Type: a", 400},
    };
    check(rows, COUNT_OF(rows));
}

TEST(incomplete_heads_are_waited_for)
{
    static const struct {
        struct slice text;
        int status;
    } rows[] = {
        {SLICE("G"), 0},
        {SLICE("GET"), 0},
        {SLICE("GET "), 0},
        {SLICE("GET /a"), 0},
        {SLICE("GET / HTTP/1.1\r\n"), 0},
        {SLICE("GET / HTTP/1.1\r\nHo"), 0},
        {SLICE(" "), 400},
        {SLICE("\x16\x03\x01"), 400},
        {SLICE("G\0"), 400},
        {SLICE("GET /\r\n"), 400},
        {SLICE("GET / HTTP/1.1\n"), 400},
        {SLICE("FROB / HTTP/1.1\r\n"), 501},
        {SLICE("GET / HTTP/3.0\r\n"), 505},
        {SLICE("AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDD"), 501},
    };
    struct http_error error;
    struct buf text;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int status = http_may_begin_request(rows[i].text, &error) ? 0 : error.status;
        if (status != rows[i].status)
            fail_msg("%d and not %d for: %s", status, rows[i].status, rows[i].text.ptr);
    }
    for (size_t len = 1; len < sizeof ORDINARY - 1; len++)
        assert_true(http_may_begin_request((struct slice){ORDINARY, len}, &error));
    buf_init(&text, 1u << 20);
    assert_true(buf_add_format(&text, "GET /%0*d", 2 * HTTP_TARGET_MAX, 0));
    assert_false(http_may_begin_request(buf_slice(&text), &error));
    assert_int_equal(error.status, 414);
    buf_free(&text);
}

TEST(a_tls_handshake_is_recognized)
{
    assert_true(http_begins_tls(SLICE("\x16")));
    assert_true(http_begins_tls(SLICE("\x16\x03\x01\x02\x00")));
    assert_false(http_begins_tls(SLICE("\x16GET / HTTP/1.1\r\n")));
    assert_false(http_begins_tls(SLICE("GET / HTTP/1.1\r\n")));
    assert_false(http_begins_tls(SLICE("")));
}

TEST(a_nul_is_refused)
{
    struct http_head head;
    struct http_error error;
    assert_int_equal(parse(SLICE("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n"), &head, &error), HTTP_BAD);
    assert_int_equal(parse(SLICE("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n"), &head, &error), HTTP_BAD);
    assert_int_equal(parse(SLICE("GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n"), &head, &error), HTTP_BAD);
}

TEST(lines_end_in_cr_lf_and_contain_neither)
{
    static const struct {
        const char *text;
        bool is_line;
    } rows[] = {
        {"a\r\nb", true},    {"\r\n", true},     {"a\n", false}, {"\n", false}, {"a\r", false},
        {"a\rb\r\n", false}, {"a\r\r\n", false}, {"", false},    {"a", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct slice rest = slice_of(rows[i].text), line;
        if (http_cut_line(&rest, &line) != rows[i].is_line)
            fail_msg("row %zu", i);
    }
}

TEST(framing)
{
    static const struct row rows[] = {
        {GET "\r\nContent-Length: 0", 0},
        {GET "\r\nContent-Length: 999999999999999999", 0},
        {GET "\r\nTransfer-Encoding: chunked", 0},
        {GET "\r\nTransfer-Encoding: Chunked", 0},
        {GET "\r\nContent-Length: 18446744073709551616", 400},
        {GET "\r\nContent-Length: +1", 400},
        {GET "\r\nContent-Length: -1", 400},
        {GET "\r\nContent-Length: 0x1", 400},
        {GET "\r\nContent-Length: 1 1", 400},
        {GET "\r\nContent-Length: 1, 1", 400},
        {GET "\r\nContent-Length: 00", 400},
        {GET "\r\nContent-Length: 01", 400},
        {GET "\r\nContent-Length:", 400},
        {GET "\r\nContent-Length: 1e1", 400},
        {GET "\r\nContent-Length: 1\r\nContent-Length: 1", 400},
        {GET "\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", 400},
        {GET "\r\nTransfer-Encoding: chunked\r\nContent-Length: 1", 400},
        {GET "\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked", 400},
    };
    check(rows, COUNT_OF(rows));

    static const char *const others[] = {"gzip",     "gzip, chunked", "chunked, gzip", "chunked, chunked",
                                         "identity", "xchunked",      "chunked;q=1",   "",
                                         "chunked,"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct http_head head;
        struct http_error error;
        struct buf text;
        buf_init(&text, 1000);
        assert_true(buf_add_format(&text, GET "\r\nTransfer-Encoding: %s\r\n\r\n", others[i]));
        assert_int_equal(parse(buf_slice(&text), &head, &error), HTTP_BAD);
        assert_true(error.status == 400 || error.status == 501);
        buf_free(&text);
    }
}

static void assert_keep_alive(const char *text, bool expected)
{
    struct http_head head;
    struct http_error error;
    assert_int_equal(parse(slice_of(text), &head, &error), HTTP_OK);
    assert_int_equal(head.keep_alive, expected);
}

TEST(connections)
{
    assert_keep_alive(GET "\r\n\r\n", true);
    assert_keep_alive(GET "\r\nConnection: close\r\n\r\n", false);
    assert_keep_alive(GET "\r\nConnection: Close\r\n\r\n", false);
    assert_keep_alive(GET "\r\nConnection: upgrade, close\r\n\r\n", false);
    assert_keep_alive("GET / HTTP/1.0\r\nHost: a\r\n\r\n", false);

    struct http_head head;
    struct http_error error;
    assert_int_equal(parse(SLICE(GET "\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"), &head, &error), HTTP_OK);
    assert_true(head.expects_continue);
    assert_int_equal(parse(SLICE(GET "\r\nExpect: a-miracle\r\n\r\n"), &head, &error), HTTP_BAD);
    assert_int_equal(error.status, 417);
}

TEST(too_many_fields_are_refused)
{
    struct http_head head;
    struct http_error error;
    struct buf text;
    buf_init(&text, 1u << 16);
    assert_true(buf_add_text(&text, GET "\r\n"));
    for (unsigned i = 1; i < HTTP_FIELDS_MAX; i++)
        assert_true(buf_add_text(&text, "X: a\r\n"));
    size_t full = text.len;
    assert_true(buf_add_text(&text, "\r\n"));
    assert_int_equal(parse(buf_slice(&text), &head, &error), HTTP_OK);
    text.len = full;
    assert_true(buf_add_text(&text, "X: a\r\n\r\n"));
    assert_int_equal(parse(buf_slice(&text), &head, &error), HTTP_BAD);
    assert_int_equal(error.status, 431);
    buf_free(&text);
}

/* Reads a chunked body in steps of `step` bytes; appends its data to `out`. */
static enum http_result read_chunked(struct slice text, size_t step, struct buf *out, size_t *left)
{
    struct http_chunked c = {0};
    size_t at = 0;
    enum http_result result = HTTP_MORE;
    buf_clear(out);
    while (result == HTTP_MORE && at < text.len) {
        size_t len = text.len - at < step ? text.len - at : step;
        struct slice input = {text.ptr + at, len}, piece;
        do {
            piece = (struct slice){NULL, 0};
            result = http_read_chunked(&c, &input, &piece);
            assert_true(buf_add_slice(out, piece));
        } while (result == HTTP_MORE && piece.len);
        at += len - input.len;
    }
    *left = text.len - at;
    return result;
}

TEST(chunked_bodies_do_not_depend_on_read_sizes)
{
    static const char body[] =
        "5\r\nhello\r\n1;a=b;c=\"d;\\\"e\";f\r\n!\r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
    struct buf out;
    size_t left;
    buf_init(&out, 1000);
    for (size_t step = 1; step < sizeof body; step++) {
        assert_int_equal(read_chunked(SLICE(body), step, &out, &left), HTTP_OK);
        assert_buf(&out, "hello!0123456789");
        assert_int_equal(left, 3);
    }
    for (size_t len = 0; len < sizeof body - 4; len++)
        assert_int_equal(read_chunked((struct slice){body, len}, 7, &out, &left), HTTP_MORE);
    buf_free(&out);
}

TEST(bad_chunks)
{
    static const char *const bodies[] = {
        "g\r\n",
        "-1\r\n",
        "+1\r\na\r\n",
        "0x1\r\na\r\n",
        " 1\r\na\r\n",
        "1 \r\na\r\n",
        "\r\n",
        ";a\r\n",
        "1\na\r\n",
        "1\r\nab\r\n",
        "1\r\na\n0\r\n",
        "1\r\na\rb",
        "11111111111111111\r\n",
        "1;a\nb\r\n",
        "0\r\n\n",
        "0\r\nX: a\nY: b\r\n",
        "0\r\nX\r\n",
        "0\r\n: a\r\n",
        "0\r\nX : a\r\n",
        "0\r\n X: a\r\n",
        "0\r\nX Y: a\r\n",
        "1;\r\na\r\n",
        "1;;a\r\n",
        "1; a\r\n",
        "1;[\r\n",
        "1;a \r\n",
        "1;a=\r\n",
        "1;a==b\r\n",
        "1;a=\"b\r\n",
        "1;a=\"b\"c\r\n",
        "1;a=\"\x01\"\r\n",
        "1;a=b\"\r\n",
        "1;a=\"\\\r\n",
        "1 ;a\r\n",
    };
    struct buf out;
    size_t left;
    buf_init(&out, 1000);
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        for (size_t step = 1; step < 20; step += 9)
            if (read_chunked(slice_of(bodies[i]), step, &out, &left) != HTTP_BAD)
                fail_msg("not refused: %s", bodies[i]);
    buf_free(&out);
}

TEST(endless_extensions_and_trailers_are_refused)
{
    struct buf text, out;
    size_t left;
    buf_init(&text, 1u << 20);
    buf_init(&out, 1000);
    assert_true(buf_add_format(&text, "1;%0*d\r\n", 200000, 0));
    assert_int_equal(read_chunked(buf_slice(&text), 4096, &out, &left), HTTP_BAD);
    buf_clear(&text);
    assert_true(buf_add_format(&text, "0\r\nX: %0*d\r\n\r\n", 200000, 0));
    assert_int_equal(read_chunked(buf_slice(&text), 4096, &out, &left), HTTP_BAD);
    buf_clear(&text);
    assert_true(buf_add_text(&text, "0\r\n"));
    for (int i = 0; i < 10000; i++)
        assert_true(buf_add_text(&text, "X:\r\n"));
    assert_int_equal(read_chunked(buf_slice(&text), 4096, &out, &left), HTTP_BAD);
    buf_free(&text);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ordinary_head),
        cmocka_unit_test(an_absolute_target_does_not_hide_its_host),
        cmocka_unit_test(the_head_ends_at_the_empty_line),
        cmocka_unit_test(no_prefix_of_a_head_is_read_beyond_its_end),
        cmocka_unit_test(request_lines),
        cmocka_unit_test(fields),
        cmocka_unit_test(hosts_are_names_or_addresses),
        cmocka_unit_test(security_fields_are_unique),
        cmocka_unit_test(incomplete_heads_are_waited_for),
        cmocka_unit_test(a_tls_handshake_is_recognized),
        cmocka_unit_test(a_nul_is_refused),
        cmocka_unit_test(lines_end_in_cr_lf_and_contain_neither),
        cmocka_unit_test(framing),
        cmocka_unit_test(connections),
        cmocka_unit_test(too_many_fields_are_refused),
        cmocka_unit_test(chunked_bodies_do_not_depend_on_read_sizes),
        cmocka_unit_test(bad_chunks),
        cmocka_unit_test(endless_extensions_and_trailers_are_refused),
    };
    return cmocka_run_group_tests_name("http_parse", tests, NULL, NULL);
}
