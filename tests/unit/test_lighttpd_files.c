/* Unit tests of cli/lighttpd_files: the template of lighttpd's configuration. */
#include "tests/unit/unit.h"
#include "cli/lighttpd_files.h"

TEST(values_are_quoted)
{
    const char *const values[] = {"PORT", "8787", "RUN_DIR", "/a \"b\"\\c&|", "EMPTY", "", NULL};
    static const struct {
        const char *template, *filled; /* NULL: refused */
    } rows[] = {
        {"", ""},
        {"port = @PORT@\n", "port = 8787\n"},
        {"\"@RUN_DIR@/x\"@PORT@@PORT@", "\"/a \\\"b\\\"\\\\c&|/x\"87878787"},
        {"a@b @ @@ @port@ @PORT", "a@b @ @@ @port@ @PORT"},
        {"[@EMPTY@]", "[]"},
        {"@OTHER@", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out, error;
        buf_init(&out, 1024);
        buf_init(&error, 1024);
        assert_int_equal(lighttpd_files_fill(slice_of(rows[i].template), values, &out, &error), rows[i].filled != NULL);
        if (rows[i].filled)
            assert_buf(&out, rows[i].filled);
        assert_int_equal(error.len > 0, rows[i].filled == NULL);
        buf_free(&out);
        buf_free(&error);
    }
}

TEST(line_break_can_not_add_a_directive)
{
    const char *const values[] = {"DIR", "/a\"\nserver.modules = ()\n\"", NULL};
    struct buf out, error;
    buf_init(&out, 1024);
    buf_init(&error, 1024);
    assert_false(lighttpd_files_fill(SLICE("@DIR@"), values, &out, &error));
    assert_true(error.len > 0);
    buf_free(&out);
    buf_free(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_quoted),
        cmocka_unit_test(line_break_can_not_add_a_directive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
