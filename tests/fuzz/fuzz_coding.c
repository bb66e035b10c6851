/* Fuzz target: the decoders of content codings. No body makes them crash or allocate more than their ceiling, and
 * compressed data is restored. */
#include "tests/fuzz/fuzz.h"
#include "proxy/front/coding.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define MAX (1u << 18)

const char *const fuzz_seeds[] = {
    "\x28\xb5\x2f\xfd\x20\x02\x11", /* the changed copies add the rest */
    "\x1f\x8b\x08",
    "x\x9c\xcb\x48\xcd\xc9\xc9\x07",
    "{\"model\": \"codex-light\", \"input\": \"plain\"}",
    NULL,
};

static enum coding_result decode(enum coding coding, const void *bytes, size_t size, struct buf *out)
{
    struct coding_sink sink = {.out = out};
    buf_init(out, MAX);
    enum coding_result result = coding_decode(coding, (struct slice){bytes, size}, &sink);
    if (out->len > MAX)
        abort();
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out;
    for (enum coding coding = CODING_GZIP; coding <= CODING_ZSTD; coding++) {
        (void)decode(coding, data, size, &out);
        buf_free(&out);
    }
    size_t room = ZSTD_compressBound(size);
    char *packed = malloc(room);
    size_t len = packed ? ZSTD_compress(packed, room, data, size, 1) : 0;
    if (packed && size <= MAX &&
        (decode(CODING_ZSTD, packed, len, &out) != CODING_OK || out.len != size ||
         (size && memcmp(out.data, data, size) != 0)))
        abort();
    if (packed && size <= MAX)
        buf_free(&out);
    free(packed);
    return 0;
}
