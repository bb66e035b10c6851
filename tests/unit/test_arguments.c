/* Unit tests of proxy/bridge/arguments: repairs numbers and detects the end, however the arguments are split. */
#include "tests/unit/unit.h"
#include "proxy/bridge/arguments.h"

static const struct {
    struct slice text;
    const char *repaired;
    bool complete;
} CASES[] = {
    {SLICE("{}"), "{}", true},
    {SLICE(""), "", false},
    {SLICE("{\\\"a\\\":1000.0}"), "{\\\"a\\\":1000}", true},
    {SLICE("{\\\"a\\\":-5.000,\\\"b\\\":1e3,\\\"c\\\":[2.0,2.5,1e-3]}"),
     "{\\\"a\\\":-5,\\\"b\\\":1000,\\\"c\\\":[2,2.5,1e-3]}", true},
    {SLICE("{\\\"a\\\":-0.0,\\\"b\\\":10,\\\"c\\\":1e300}"), "{\\\"a\\\":0,\\\"b\\\":10,\\\"c\\\":1e300}", true},
    {SLICE("{\\\"1.0\\\":\\\"2.0 }\\\"}"), "{\\\"1.0\\\":\\\"2.0 }\\\"}", true},
    {SLICE("{\\\"a\\\":\\\"x\\\\\\\"1.0}\\\\\\\\\\\"}"), "{\\\"a\\\":\\\"x\\\\\\\"1.0}\\\\\\\\\\\"}", true},
    {SLICE("{\\u0022a\\u0022:1.0}"), "{\\u0022a\\u0022:1}", true},
    {SLICE("{\\n  \\\"a\\\" : 1.0\\n}"), "{\\n  \\\"a\\\" : 1\\n}", true},
    {SLICE("{\\\"a\\\":1.0"), "{\\\"a\\\":1", false},
    {SLICE("{\\\"a\\\":\\\"}"), "{\\\"a\\\":\\\"}", false},
    {SLICE("not json 1.0"), "not json 1", false},
    {SLICE("{\\\"a\\\":true,\\\"b\\\":null}"), "{\\\"a\\\":true,\\\"b\\\":null}", true},
    {SLICE("{\\\"a\\\":1.0000000000000000000000000000000000000000000000005e2"
           ",\\\"b\\\":[7777777777777777777777777777777777777777777777777777777777773e2,2.0]}"),
     "{\\\"a\\\":1.0000000000000000000000000000000000000000000000005e2"
     ",\\\"b\\\":[7777777777777777777777777777777777777777777777777777777777773e2,2]}",
     true},
    {SLICE("{\\\"a\\\":1234567890123456789012345678901234567890123456789012345678901234567890}"),
     "{\\\"a\\\":1234567890123456789012345678901234567890123456789012345678901234567890}", true},
};

/* Returns the next position where the text may be split: not within an escape. */
static size_t next_cut(struct slice text, size_t at)
{
    if (text.ptr[at] != '\\')
        return at + 1;
    return at + (text.ptr[at + 1] == 'u' ? 6 : 2);
}

TEST(numbers_are_repaired_however_the_text_is_split)
{
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct slice text = CASES[i].text;
        for (size_t cut = 0; cut <= text.len; cut = cut < text.len ? next_cut(text, cut) : cut + 1) {
            struct arguments a = {0};
            buf_clear(&out);
            arguments_add(&a, (struct slice){text.ptr, cut}, true, &out);
            arguments_add(&a, (struct slice){text.ptr + cut, text.len - cut}, true, &out);
            arguments_end(&a, &out);
            assert_buf(&out, CASES[i].repaired);
            assert_int_equal(arguments_complete(&a), CASES[i].complete);
        }
    }
    buf_free(&out);
}

TEST(single_characters_and_unrepaired_arguments)
{
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct slice text = CASES[i].text;
        struct arguments a = {0}, b = {0};
        for (size_t at = 0, end; at < text.len; at = end) {
            end = next_cut(text, at);
            arguments_add(&a, (struct slice){text.ptr + at, end - at}, true, &out);
        }
        arguments_end(&a, &out);
        assert_buf(&out, CASES[i].repaired);
        buf_clear(&out);
        arguments_add(&b, text, false, &out);
        arguments_end(&b, &out);
        assert_true(slice_equal(buf_slice(&out), text));
        assert_int_equal(arguments_complete(&b), CASES[i].complete);
        buf_clear(&out);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(numbers_are_repaired_however_the_text_is_split),
                                       cmocka_unit_test(single_characters_and_unrepaired_arguments)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
