/* Fuzz target: the reader of server-sent events returns the same events however the bytes are split. */
#include "tests/fuzz/fuzz.h"
#include "proxy/bridge/sse.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "event: a\r\ndata: one\r\ndata: two\r\n\r\n: comment\n\ndata:x\n\n\rdata\revent:b\rdata: y\r\r",
    "\xEF\xBB\xBF"
    "data: a\n\nid: 1\ndata: b\nevent\n\n",
    NULL,
};

static void read_events(const char *text, size_t size, size_t piece, struct buf *out)
{
    struct sse_reader reader;
    struct sse_event event;
    sse_init(&reader);
    for (size_t at = 0; at < size; at += piece) {
        struct slice input = {text + at, size - at < piece ? size - at : piece};
        while (sse_next(&reader, &input, &event) == SSE_EVENT) {
            (void)buf_add_slice(out, event.name);
            (void)buf_add_char(out, '\n');
            (void)buf_add_slice(out, event.data);
            (void)buf_add_char(out, '\0');
        }
        if (input.len)
            abort();
    }
    sse_free(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf once, cut;
    buf_init(&once, 1u << 24);
    buf_init(&cut, 1u << 24);
    if (size) {
        read_events((const char *)data, size, size, &once);
        for (size_t piece = 1; piece < 6; piece++) {
            buf_clear(&cut);
            read_events((const char *)data, size, piece, &cut);
            if (cut.len != once.len || (cut.len && memcmp(cut.data, once.data, cut.len) != 0))
                abort();
        }
    }
    buf_free(&once);
    buf_free(&cut);
    return 0;
}
