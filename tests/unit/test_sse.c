/* Unit tests of proxy/bridge/sse: WHATWG's rules, and the same events however the bytes are split. */
#include "tests/unit/unit.h"
#include "proxy/bridge/sse.h"

/* Reads the text, first `cut` bytes and then `piece` bytes each, and appends the events, one per line: "name|data". */
static void read_events(struct slice text, size_t cut, size_t piece, struct buf *out)
{
    struct sse_reader reader;
    struct sse_event event;
    sse_init(&reader);
    buf_clear(out);
    for (size_t at = 0, len = cut; at < text.len; at += len, len = piece) {
        if (len > text.len - at)
            len = text.len - at;
        struct slice input = {text.ptr + at, len};
        enum sse_result result;
        while ((result = sse_next(&reader, &input, &event)) == SSE_EVENT)
            assert_true(buf_add_slice(out, event.name) && buf_add_char(out, '|') && buf_add_slice(out, event.data) &&
                        buf_add_char(out, '\n'));
        assert_int_equal(result, SSE_MORE);
        assert_int_equal(input.len, 0);
    }
    sse_free(&reader);
}

static const struct {
    struct slice text;
    const char *events;
} CASES[] = {
    {SLICE("data: a\n\n"), "|a\n"},
    {SLICE("data:a\n\ndata:  b\n\n"), "|a\n| b\n"},
    {SLICE("event: x\ndata: a\n\n"), "x|a\n"},
    {SLICE("data: a\nevent: x\n\n"), "x|a\n"},
    {SLICE("event: x\nevent: y\ndata: a\n\n"), "y|a\n"},
    {SLICE("event: x\n\ndata: a\n\n"), "|a\n"},
    {SLICE("data: a\ndata: b\ndata:\n\n"), "|a\nb\n\n"},
    {SLICE("data\n\n"), "|\n"},
    {SLICE("data: a\r\n\r\ndata: b\r\rdata: c\n\n"), "|a\n|b\n|c\n"},
    {SLICE(": comment\n\n:\n\ndata: a\n: more\n\n"), "|a\n"},
    {SLICE("id: 7\nretry: 10\nunknown\ndata: a\n\n"), "|a\n"},
    {SLICE("\xEF\xBB\xBF"
           "data: a\n\n"),
     "|a\n"},
    {SLICE("data: a\n\n\n\n\ndata: b\n\n"), "|a\n|b\n"},
    {SLICE("data: not ended"), ""},
    {SLICE("data: a\n"), ""},
    {SLICE("xdata: a\n\ndatax: b\n\n"), ""},
    {SLICE("error: {\"a\":1}\n\ndata: b\n\n"), "error|{\"a\":1}\n|b\n"},
    {SLICE("{\"a\":1}\n\ndata: b\n\n"), "|{\"a\":1}\n|b\n"},
    {SLICE("data: {\"a\":\"b: c\"}\n\n"), "|{\"a\":\"b: c\"}\n"},
};

TEST(events_are_read_as_whatwg_defines)
{
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        read_events(CASES[i].text, CASES[i].text.len, 1, &out);
        assert_buf(&out, CASES[i].events);
    }
    buf_free(&out);
}

TEST(events_do_not_depend_on_read_sizes)
{
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(CASES); i++)
        for (size_t cut = 1; cut <= CASES[i].text.len; cut++)
            for (size_t piece = 1; piece <= 3; piece++) {
                read_events(CASES[i].text, cut, piece, &out);
                assert_buf(&out, CASES[i].events);
            }
    buf_free(&out);
}

TEST(whole_event_is_not_copied)
{
    struct sse_reader reader;
    struct sse_event event;
    sse_init(&reader);
    const struct slice text = SLICE("event: n\ndata: payload\n\n");
    struct slice input = text;
    assert_int_equal(sse_next(&reader, &input, &event), SSE_EVENT);
    assert_ptr_equal(event.data.ptr, text.ptr + 15);
    assert_ptr_equal(event.name.ptr, text.ptr + 7);
    sse_free(&reader);
}

TEST(reader_reports_whether_it_is_between_events)
{
    struct sse_reader reader;
    struct sse_event event;
    sse_init(&reader);
    assert_true(sse_between(&reader));
    struct slice input = SLICE("data: a\n\n");
    assert_int_equal(sse_next(&reader, &input, &event), SSE_EVENT);
    assert_true(sse_between(&reader));
    input = SLICE("da");
    assert_int_equal(sse_next(&reader, &input, &event), SSE_MORE);
    assert_false(sse_between(&reader));
    input = SLICE("ta: b\n");
    assert_int_equal(sse_next(&reader, &input, &event), SSE_MORE);
    assert_false(sse_between(&reader));
    input = SLICE("\n");
    assert_int_equal(sse_next(&reader, &input, &event), SSE_EVENT);
    assert_slice(event.data, "b");
    assert_true(sse_between(&reader));
    sse_free(&reader);
}

/* In one piece or in several, an event above the ceiling ends the reader. */
TEST(too_long_event_ends_the_reader)
{
    char *text = malloc(SSE_EVENT_MAX + 16);
    assert_non_null(text);
    memset(text, 'x', SSE_EVENT_MAX + 16);
    memcpy(text, "data: ", 6);
    text[SSE_EVENT_MAX + 14] = text[SSE_EVENT_MAX + 15] = '\n';
    for (size_t piece = SSE_EVENT_MAX + 16; piece > 1000; piece /= 8) {
        struct sse_reader reader;
        struct sse_event event;
        sse_init(&reader);
        enum sse_result result = SSE_MORE;
        for (size_t at = 0; at < SSE_EVENT_MAX + 16 && result == SSE_MORE; at += piece) {
            size_t len = SSE_EVENT_MAX + 16 - at < piece ? SSE_EVENT_MAX + 16 - at : piece;
            struct slice input = {text + at, len};
            result = sse_next(&reader, &input, &event);
        }
        assert_int_equal(result, SSE_TOO_LONG);
        sse_free(&reader);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_read_as_whatwg_defines),
        cmocka_unit_test(events_do_not_depend_on_read_sizes),
        cmocka_unit_test(whole_event_is_not_copied),
        cmocka_unit_test(reader_reports_whether_it_is_between_events),
        cmocka_unit_test(too_long_event_ends_the_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
