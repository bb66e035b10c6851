/* Unit tests of proxy/front/coding: compressed request bodies. */
#include "tests/unit/unit.h"

#include "proxy/front/coding.h"

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#define MAX (1u << 20)

static char plain[MAX + 1];

/* Compresses the text; `bits`: zlib's windowBits. */
static size_t deflated(int bits, const void *text, size_t len, char *out, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (const Bytef *)text;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t made = z.total_out;
    deflateEnd(&z);
    return made;
}

static size_t compressed(enum coding coding, bool bare, const void *text, size_t len, char *out, size_t room)
{
    if (coding == CODING_ZSTD) {
        size_t made = ZSTD_compress(out, room, text, len, 3);
        assert_false(ZSTD_isError(made));
        return made;
    }
    return deflated(coding == CODING_GZIP ? 31 : bare ? -15 : 15, text, len, out, room);
}

static enum coding_result decode(enum coding coding, const char *in, size_t len, size_t max, struct buf *out)
{
    struct coding_sink sink = {.out = out};
    buf_init(out, max);
    return coding_decode(coding, (struct slice){in, len}, &sink);
}

static const struct {
    enum coding coding;
    bool bare;
} KINDS[] = {{CODING_GZIP, false}, {CODING_DEFLATE, false}, {CODING_DEFLATE, true}, {CODING_ZSTD, false}};

static char packed[2 * MAX];

TEST(coding_names_follow_http)
{
    static const struct {
        const char *name;
        int coding;
    } rows[] = {{"gzip", CODING_GZIP},
                {"X-GZIP", CODING_GZIP},
                {"Deflate", CODING_DEFLATE},
                {"zstd", CODING_ZSTD},
                {"identity", CODING_NONE},
                {"", CODING_NONE},
                {"br", -1},
                {"gzip, zstd", -1},
                {"compress", -1},
                {"gzip;q=1", -1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum coding coding;
        bool known = coding_read(slice_of(rows[i].name), &coding);
        assert_int_equal(known ? (int)coding : -1, rows[i].coding);
    }
}

TEST(bodies_are_decoded)
{
    static const size_t lengths[] = {0, 1, 100, 65535, 65536, 70000, MAX - 1, MAX};
    struct buf out;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (char)("{\"input\": \"some text\"} "[i % 24] + (i % 977 == 0));
    for (size_t k = 0; k < COUNT_OF(KINDS); k++)
        for (size_t i = 0; i < COUNT_OF(lengths); i++) {
            size_t len = compressed(KINDS[k].coding, KINDS[k].bare, plain, lengths[i], packed, sizeof packed);
            assert_int_equal(decode(KINDS[k].coding, packed, len, MAX, &out), CODING_OK);
            assert_int_equal(out.len, lengths[i]);
            assert_memory_equal(out.data ? out.data : "", plain, lengths[i]);
            buf_free(&out);
        }
}

TEST(the_ceiling_limits_decoded_bytes)
{
    struct buf out;
    memset(plain, 0, sizeof plain);
    for (size_t k = 0; k < COUNT_OF(KINDS); k++) {
        size_t len = compressed(KINDS[k].coding, KINDS[k].bare, plain, MAX + 1, packed, sizeof packed);
        assert_in_range(len, 1, 4000);
        assert_int_equal(decode(KINDS[k].coding, packed, len, MAX, &out), CODING_FULL);
        assert_in_range(out.cap, 1, 2 * MAX);
        buf_free(&out);
        assert_int_equal(decode(KINDS[k].coding, packed, len, MAX + 1, &out), CODING_OK);
        buf_free(&out);
    }
}

TEST(truncated_and_foreign_input_is_refused)
{
    struct buf out;
    for (size_t i = 0; i < 5000; i++)
        plain[i] = (char)(i * i % 251);
    for (size_t k = 0; k < COUNT_OF(KINDS); k++) {
        size_t len = compressed(KINDS[k].coding, KINDS[k].bare, plain, 5000, packed, sizeof packed);
        for (size_t cut = 1; cut < len; cut += 1 + cut / 7) {
            assert_int_equal(decode(KINDS[k].coding, packed, cut, MAX, &out), CODING_BAD);
            buf_free(&out);
        }
        assert_int_equal(decode(KINDS[k].coding, "{\"model\": \"x\", \"input\": \"plain\"}", 32, MAX, &out),
                         CODING_BAD);
        buf_free(&out);
        memcpy(packed + len, "trailing rubbish", 16);
        assert_int_equal(decode(KINDS[k].coding, packed, len + 16, MAX, &out), CODING_BAD);
        buf_free(&out);
    }
}

TEST(several_members_form_one_body)
{
    struct buf out;
    static const enum coding codings[] = {CODING_GZIP, CODING_ZSTD};
    for (size_t k = 0; k < COUNT_OF(codings); k++) {
        size_t len = compressed(codings[k], false, "one ", 4, packed, sizeof packed);
        len += compressed(codings[k], false, "two", 3, packed + len, sizeof packed - len);
        assert_int_equal(decode(codings[k], packed, len, MAX, &out), CODING_OK);
        assert_buf(&out, "one two");
        buf_free(&out);
    }
}

/* A frame may demand a window of gigabytes. */
TEST(a_window_beyond_8_mb_is_refused)
{
    struct buf out;
    size_t room = ZSTD_compressBound(64u << 20), len;
    char *text = calloc(1, 64u << 20), *big = malloc(room);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_true(text && big && c);
    for (int window = 23; window <= 24; window++) {
        assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window)));
        assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0)));
        len = ZSTD_compress2(c, big, room, text, 64u << 20);
        assert_false(ZSTD_isError(len));
        assert_int_equal(decode(CODING_ZSTD, big, len, 64u << 20, &out), window == 23 ? CODING_OK : CODING_BAD);
        buf_free(&out);
    }
    ZSTD_freeCCtx(c);
    free(text);
    free(big);
}

static bool refuse_room(size_t cap, void *ctx)
{
    size_t *most = ctx;
    return cap <= *most;
}

TEST(the_memory_callback_can_stop_decoding)
{
    struct buf out;
    size_t most = 200000, len;
    struct coding_sink sink = {&out, refuse_room, &most};
    memset(plain, 'a', sizeof plain);
    len = compressed(CODING_ZSTD, false, plain, MAX, packed, sizeof packed);
    buf_init(&out, MAX);
    assert_int_equal(coding_decode(CODING_ZSTD, (struct slice){packed, len}, &sink), CODING_NO_ROOM);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coding_names_follow_http),
        cmocka_unit_test(bodies_are_decoded),
        cmocka_unit_test(the_ceiling_limits_decoded_bytes),
        cmocka_unit_test(truncated_and_foreign_input_is_refused),
        cmocka_unit_test(several_members_form_one_body),
        cmocka_unit_test(a_window_beyond_8_mb_is_refused),
        cmocka_unit_test(the_memory_callback_can_stop_decoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
