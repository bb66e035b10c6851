/* Fuzz target: the HTTP/1.1 grammar: heads of requests and replies, and chunked bodies, arriving at once and byte by
 * byte. */
#include "tests/fuzz/fuzz.h"
#include "proxy/front/http_parse.h"
#include "proxy/http/reply.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "POST /v1/responses?a=b HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAuthorization: Bearer k\r\nContent-Length: 12\r\n"
    "Connection: keep-alive, te\r\nExpect: 100-continue\r\n\r\n{\"model\":1}\n",
    "GET / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;x=\"y\"\r\nhello\r\n00000a\r\n0123456789\r\n0\r\nA: b\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "HTTP/1.1 429 Too Many\r\nContent-Length: 2\r\nRetry-After: 7\r\nConnection: close\r\n\r\n{}",
    "1\r\na\r\nffffffffffffffff\r\n",
    NULL,
};

static void must(bool truth)
{
    if (!truth)
        abort();
}

static bool lies_within(struct slice s, struct slice text)
{
    return s.len == 0 || (s.ptr >= text.ptr && s.ptr + s.len <= text.ptr + text.len);
}

static bool is_printable(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= ' ' || s.ptr[i] == 0x7f)
            return false;
    return true;
}

/* Returns the head's length, which must not depend on how the input is split. */
static size_t head_length(struct slice input)
{
    size_t scanned = 0, grown = 0, found = 0;
    size_t len = http_head_length(input, &scanned);
    for (size_t have = 0; have <= input.len && !found; have++)
        found = http_head_length((struct slice){input.ptr, have}, &grown);
    must(found == len);
    return len;
}

static void check_head(struct slice text)
{
    struct http_head head;
    struct http_error error = {0};
    enum http_result result = http_parse_head(text, &head, &error);
    must(result != HTTP_MORE);
    if (result == HTTP_BAD) {
        must(error.status >= 400 && error.status < 600 && error.message);
        return;
    }
    for (size_t len = 1; len < text.len; len++)
        must(http_may_begin_request((struct slice){text.ptr, len}, &error)); /* valid as a whole, so valid as a start */
    unsigned hosts = 0, framings = 0;
    must(head.method.len && is_printable(head.method) && head.path.len && is_printable(head.path) &&
         is_printable(head.query));
    must(head.field_count <= HTTP_FIELDS_MAX && head.minor <= 1);
    for (unsigned i = 0; i < head.field_count; i++) {
        must(lies_within(head.fields[i].name, text) && lies_within(head.fields[i].value, text) &&
             head.fields[i].name.len);
        must(!head.fields[i].value.len || !memchr(head.fields[i].value.ptr, '\n', head.fields[i].value.len));
        hosts += slice_is_nocase(head.fields[i].name, "host");
        framings += slice_is_nocase(head.fields[i].name, "content-length") ||
                    slice_is_nocase(head.fields[i].name, "transfer-encoding");
    }
    must(hosts <= 1 && framings == (head.framing != HTTP_NO_BODY));
}

static void check_reply(struct slice text)
{
    struct http_reply reply;
    if (http_reply_parse(text, &reply))
        must(reply.status >= 100 && reply.status <= 999 && lies_within(reply.content_type, text) &&
             lies_within(reply.retry_after, text));
}

/* Appends the body's data to `out`, reading `piece` bytes of input at a time; *used: bytes read. */
static enum http_result read_body(struct slice input, size_t piece, struct buf *out, size_t *used)
{
    struct http_chunked chunked = {0};
    enum http_result result = HTTP_MORE;
    struct slice data;
    *used = 0;
    while (result == HTTP_MORE && *used < input.len) {
        size_t len = input.len - *used < piece ? input.len - *used : piece;
        struct slice part = {input.ptr + *used, len};
        do {
            result = http_read_chunked(&chunked, &part, &data);
            must(lies_within(data, input));
            (void)buf_add_slice(out, data);
        } while (result == HTTP_MORE && data.len);
        must(result != HTTP_MORE || part.len == 0);
        *used += len - part.len;
    }
    return result;
}

static void check_chunked(struct slice input)
{
    struct buf once, cut;
    size_t used_once, used_cut;
    buf_init(&once, 1u << 20);
    buf_init(&cut, 1u << 20);
    enum http_result result = read_body(input, input.len, &once, &used_once);
    for (size_t piece = 1; piece < 4; piece++) {
        buf_clear(&cut);
        must(read_body(input, piece, &cut, &used_cut) == result);
        must(result == HTTP_BAD || (used_once == used_cut && slice_equal(buf_slice(&once), buf_slice(&cut))));
    }
    must(once.len <= input.len);
    buf_free(&once);
    buf_free(&cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice input = {(const char *)data, size};
    size_t len = head_length(input);
    check_head((struct slice){input.ptr, len ? len : size});
    check_reply((struct slice){input.ptr, len ? len : size});
    check_chunked(input);
    check_chunked((struct slice){input.ptr + len, size - len});
    return 0;
}
