/* Unit tests of cli/run/clean: the prompts of tests/corpus/prompts, and small ones for each rule. */
#include "tests/unit/config_load.h"
#include "cli/run/clean_private.h"

#define MUCH (1u << 22)

static struct buf out, text;
static struct cleaned what;

static int set_up(void **state)
{
    (void)state;
    buf_init(&out, MUCH);
    buf_init(&text, MUCH);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    buf_free(&out);
    buf_free(&text);
    return 0;
}

static const char *cleaned(const char *prompt)
{
    buf_clear(&out);
    assert_true(clean(slice_of(prompt), &out, &what));
    return buf_text(&out);
}

static void becomes(const char *prompt, const char *expected)
{
    assert_string_equal(cleaned(prompt), expected);
}

static void stays(const char *prompt)
{
    becomes(prompt, prompt);
}

static void load_corpus(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "tests/corpus/prompts/%s", name);
    buf_clear(&text);
    read_source(path, &text);
}

TEST(code_is_unchanged)
{
    static const char *const NAMES[] = {"c-code.txt", "python-fence.txt", "html-and-yaml.txt"};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        load_corpus(NAMES[i]);
        assert_true(text.len > 100);
        stays(buf_text(&text));
    }
    stays("Debug this python function");
    stays("#include <stdio.h>");
    stays("a < b and c > d");
    stays("<Config>");
    stays("def f(x):\n    return x\n\n\ndef g(x):\n\treturn x\n");
    stays("```\nprint('<b>')   \n```");
    stays("```python\nnever closed\n   <x>   \n");
}

/* Returns whether the line has a word that people search logs for: this list is independent of the cleaner's. */
static bool is_error_line(struct slice line)
{
    static const char *const WORDS[] = {"ERROR",     "Error",         "error",     "ERR!",    "FAIL",
                                        "failed",    "WARN",          "Exception", "refused", "Killed",
                                        "Caused by", "Out of memory", " 500 "};
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        if (memmem(line.ptr, line.len, WORDS[i], strlen(WORDS[i])))
            return true;
    return false;
}

TEST(logs_shrink_and_keep_every_error)
{
    static const struct {
        const char *name;
        unsigned percent;
        unsigned errors;
    } CASES[] = {
        {"server-log.txt", 40, 20},
        {"vite-build.txt", 25, 5},
        {"ci-job.txt", 25, 5},
        {"access-log.txt", 25, 8},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        struct slice rest, line;
        unsigned errors = 0;
        struct buf plain;
        buf_init(&plain, MUCH);
        load_corpus(CASES[i].name);
        const char *result = cleaned(buf_text(&text));
        for (rest = buf_slice(&text); line_next(&rest, &line);) {
            line_plain(line, &plain);
            if (!is_error_line(buf_slice(&plain)))
                continue;
            errors++;
            if (!strstr(result, buf_text(&plain)))
                fail_msg("%s: lost the line \"%s\"", CASES[i].name, buf_text(&plain));
        }
        buf_free(&plain);
        print_message("%s: %zu to %zu bytes, %u error lines\n", CASES[i].name, text.len, out.len, errors);
        assert_true(errors >= CASES[i].errors);
        assert_true(out.len * 100 <= text.len * CASES[i].percent);
        assert_non_null(strstr(result, CLEAN_MARK));
    }
}

TEST(stack_traces_are_kept)
{
    load_corpus("server-log.txt");
    const char *result = cleaned(buf_text(&text));
    assert_non_null(strstr(result, "\tat org.example.shop.order.CheckoutService.checkout(CheckoutService.java:141)\n"));
}

TEST(removed_lines_are_marked_and_counted)
{
    becomes("Why?\n"
            "2026-01-01 10:00:01 INFO request 1 took 20 ms\n"
            "2026-01-01 10:00:02 INFO request 2 took 21 ms\n"
            "2026-01-01 10:00:03 INFO request 3 took 22 ms\n"
            "2026-01-01 10:00:04 INFO request 4 took 23 ms\n"
            "2026-01-01 10:00:05 ERROR request 5: no answer\n"
            "2026-01-01 10:00:06 DEBUG the pool has 3 free places of 12, queue 0\n"
            "2026-01-01 10:00:07 INFO request 6 took 25 ms\n",
            "Why?\n"
            "2026-01-01 10:00:01 INFO request 1 took 20 ms\n"
            "2026-01-01 10:00:02 INFO request 2 took 21 ms\n"
            "[pointsman: 2 repeated lines cut]\n"
            "2026-01-01 10:00:05 ERROR request 5: no answer\n"
            "[pointsman: 1 repeated, 1 debug or progress lines cut]\n"
            "[pointsman: 5 lines like: 2026-01-01 10:00:01 INFO request 1 took 20 ms]\n");
    assert_int_equal(what.lines_cut, 4);
    assert_int_equal(what.errors_kept, 1);
}

TEST(equal_errors_are_counted)
{
    becomes(
        "[ERROR] the disk /dev/sda1 is full, nothing was written\n[ERROR] the disk /dev/sda1 is full, nothing was written\n"
        "[ERROR] the disk /dev/sda1 is full, nothing was written\n[ERROR] the disk /dev/sda2 is full, nothing was written\n",
        "[ERROR] the disk /dev/sda1 is full, nothing was written\n[pointsman: 2 repeated lines cut]\n"
        "[ERROR] the disk /dev/sda2 is full, nothing was written\n");
}

TEST(a_mark_is_never_longer_than_the_text_it_replaces)
{
    stays("[INFO] a\n[INFO] a\n[INFO] a\n[ERROR] b\n[INFO] a\n");
}

TEST(prose_loses_only_repetitions)
{
    becomes("one\n\n\n\n\n\ntwo", "one\n\n\ntwo");
    becomes("The same line of text\nThe same line of text\nThe same line of text\nThe same line of text\nend",
            "The same line of text\n[pointsman: the line above 3 times more]\nend");
    stays("The same line\nThe same line\nend\n");
    stays("    indented line\n    indented line\n    indented line\n    indented line\n");
    becomes("padded to the end             \nnext\n", "padded to the end\nnext\n");
    becomes("a \x1b[31mred\x1b[0m word\n", "a red word\n");
    load_corpus("wordy.txt");
    const char *result = cleaned(buf_text(&text));
    assert_non_null(strstr(result, " bytes of data cut]\n\nCordialement\n"));
    assert_true(out.len < 500);
}

TEST(nothing_becomes_empty)
{
    stays("");
    stays("   ");
    stays("\n\n\n\n\n\n");
    assert_true(strlen(cleaned("\x1b[31m\x1b[0m")) > 0);
    assert_true(strlen(cleaned("DEBUG a\nDEBUG b\nDEBUG c\nDEBUG d\nDEBUG e\n")) > 0);
    assert_true(strlen(cleaned("```\n```")) > 0);
}

TEST(a_fenced_log_keeps_its_fence)
{
    load_corpus("vite-build.txt");
    const char *result = cleaned(buf_text(&text));
    assert_non_null(strstr(result, "?\n\n```\n"));
    assert_string_equal(result + out.len - 5, "\n```\n");
}

TEST(shapes_compare_words_only)
{
    assert_true(clean_line_shape(SLICE("took 12 ms at 0x7ffe1a")) == clean_line_shape(SLICE("took 9 ms at 0x1b")));
    assert_true(clean_line_shape(SLICE("\"GET /1\" 200 5")) == clean_line_shape(SLICE("\"GET /2\" 204 77")));
    assert_true(clean_line_shape(SLICE("\"GET /1\" 200 5")) != clean_line_shape(SLICE("\"GET /2\" 404 77")));
    assert_true(clean_line_shape(SLICE("feed add")) != clean_line_shape(SLICE("dead bed")));
}

static void fits(size_t tokens, const char *begin, const char *end)
{
    size_t cut;
    buf_clear(&out);
    assert_true(truncate_prompt(buf_slice(&text), tokens, &out, &cut));
    assert_true(estimate_tokens(buf_slice(&out)) <= tokens);
    assert_true(estimate_tokens(buf_slice(&out)) * 10 >= tokens * 6);
    assert_int_equal(cut, estimate_tokens(buf_slice(&text)) - estimate_tokens(buf_slice(&out)));
    assert_int_equal(strncmp(buf_text(&out), begin, strlen(begin)), 0);
    assert_string_equal(buf_text(&out) + out.len - strlen(end), end);
    assert_non_null(strstr(buf_text(&out), CLEAN_MARK));
}

TEST(long_prompts_lose_their_middle)
{
    size_t cut;
    assert_true(truncate_prompt(SLICE("short"), 2, &out, &cut));
    assert_buf(&out, "short");
    assert_int_equal(cut, 0);
    BUF_ADD(&text, "The question comes first.\n");
    for (int i = 0; i < 4000; i++)
        buf_add_format(&text, "line é %d of the file\n", i);
    BUF_ADD(&text, "And the last word.");
    static const size_t BUDGETS[] = {60, 100, 399, 400, 1000, 5000, 12000};
    for (size_t i = 0; i < COUNT_OF(BUDGETS); i++)
        fits(BUDGETS[i], "The question comes first.\n", "And the last word.");
}

TEST(errors_in_the_middle_are_kept)
{
    BUF_ADD(&text, "What broke?\n```\n");
    for (int i = 0; i < 4000; i++)
        buf_add_format(&text, i == 2000 ? "2026-01-01 ERROR table %d is locked\n" : "2026-01-01 INFO row %d\n", i);
    BUF_ADD(&text, "```\nThanks.\n");
    fits(2000, "What broke?\n```\n", "```\nThanks.\n");
    const char *mark = strstr(buf_text(&out), "```\n" CLEAN_MARK);
    assert_non_null(mark);
    const char *error =
        strstr(mark, "]\n2026-01-01 ERROR table 2000 is locked\n" CLEAN_MARK "the end of the prompt follows]\n```\n");
    assert_non_null(error);
}

TEST(invalid_utf8_is_replaced)
{
    assert_int_equal(clean_utf8(SLICE("\xc3\xa9t\xe9 \xff"), &out), 2);
    assert_buf(&out, "\xc3\xa9t\xef\xbf\xbd \xef\xbf\xbd");
    buf_clear(&out);
    assert_int_equal(clean_utf8(SLICE("plain"), &out), 0);
    assert_buf(&out, "plain");
}

TEST(a_full_buffer_is_an_error)
{
    struct buf small;
    buf_init(&small, 10);
    assert_false(clean(SLICE("more than ten bytes"), &small, &what));
    buf_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(code_is_unchanged, set_up, tear_down),
        cmocka_unit_test_setup_teardown(logs_shrink_and_keep_every_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(stack_traces_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(removed_lines_are_marked_and_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_errors_are_counted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mark_is_never_longer_than_the_text_it_replaces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(prose_loses_only_repetitions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_becomes_empty, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_fenced_log_keeps_its_fence, set_up, tear_down),
        cmocka_unit_test(shapes_compare_words_only),
        cmocka_unit_test_setup_teardown(long_prompts_lose_their_middle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(errors_in_the_middle_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(invalid_utf8_is_replaced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_buffer_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
