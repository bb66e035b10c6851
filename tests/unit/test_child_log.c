/* Unit tests of cgi/child_log: removes keys from the proxy's standard error. */
#include "tests/unit/unit.h"
#include "cgi/child_log.h"

#include <fcntl.h>
#include <unistd.h>

#define KEY "sk-canary-0123456789abcdef"
#define HIDDEN "**************************"

struct fixture {
    struct child_log log;
    int proxy;   /* the writing end */
    int copy[2]; /* what the log copies to standard error */
    int standard_error;
};

static int set_up(void **state)
{
    static struct fixture f;
    int pipe_fds[2];
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(f.copy, O_CLOEXEC | O_NONBLOCK), 0);
    f.log.fd = -1;
    child_log_open(&f.log, pipe_fds[0]);
    child_log_hide(&f.log, SLICE(KEY));
    f.proxy = pipe_fds[1];
    f.standard_error = dup(STDERR_FILENO);
    assert_true(f.standard_error >= 0 && dup2(f.copy[1], STDERR_FILENO) == STDERR_FILENO);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    dup2(f->standard_error, STDERR_FILENO);
    close(f->standard_error);
    close(f->proxy);
    child_log_close(&f->log);
    close(f->copy[0]);
    close(f->copy[1]);
    return 0;
}

static void write_text(struct fixture *f, const char *text)
{
    assert_int_equal(write(f->proxy, text, strlen(text)), strlen(text));
    child_log_read(&f->log);
}

static void assert_copied(struct fixture *f, const char *text)
{
    char copied[8192];
    ssize_t len = read(f->copy[0], copied, sizeof copied);
    assert_slice(((struct slice){copied, len > 0 ? (size_t)len : 0}), text);
}

TEST(lines_are_copied_and_kept)
{
    struct fixture *f = *state;
    write_text(f, "one\ntwo\nthr");
    assert_copied(f, "one\ntwo\n");
    write_text(f, "ee\n");
    assert_copied(f, "three\n");
    assert_slice(child_log_last(&f->log), "one\ntwo\nthree");
}

TEST(a_key_is_overwritten_anywhere_in_a_line)
{
    struct fixture *f = *state;
    write_text(f, KEY "\nx" KEY KEY "y\n");
    assert_copied(f, HIDDEN "\nx" HIDDEN HIDDEN "y\n");
    assert_slice(child_log_last(&f->log), HIDDEN "\nx" HIDDEN HIDDEN "y");
}

TEST(a_key_read_in_two_pieces_is_overwritten)
{
    struct fixture *f = *state;
    write_text(f, "Bearer sk-canary-01234");
    write_text(f, "56789abcdef\n");
    assert_copied(f, "Bearer " HIDDEN "\n");
}

TEST(a_line_that_is_too_long_is_dropped)
{
    struct fixture *f = *state;
    char line[CHILD_LOG_LINE_MAX + 100];
    memset(line, 'x', sizeof line);
    memcpy(line + CHILD_LOG_LINE_MAX - 10, KEY, sizeof KEY - 1); /* across the limit */
    memcpy(line + sizeof line - 8, "\nafter\n", 8);
    write_text(f, line);
    assert_copied(f, "after\n");
    assert_slice(child_log_last(&f->log), "after");
}

TEST(the_oldest_lines_are_dropped)
{
    struct fixture *f = *state;
    char line[102];
    memset(line, 'x', sizeof line);
    memcpy(line + sizeof line - 2, "\n", 2);
    for (unsigned i = 0; i < CHILD_LOG_KEPT / (sizeof line - 1) + 3; i++)
        write_text(f, line);
    write_text(f, "last\n");
    struct slice last = child_log_last(&f->log);
    assert_true(last.len <= CHILD_LOG_KEPT && last.len > CHILD_LOG_KEPT - 2 * sizeof line);
    assert_true(slice_starts(last, "xxx")); /* whole lines only */
    assert_memory_equal(last.ptr + last.len - 5, "\nlast", 5);
}

TEST(end_of_file_ends_the_last_line)
{
    struct fixture *f = *state;
    write_text(f, "no line break, " KEY);
    assert_copied(f, "");
    child_log_close(&f->log);
    assert_copied(f, "no line break, " HIDDEN "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_are_copied_and_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_overwritten_anywhere_in_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_read_in_two_pieces_is_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_oldest_lines_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(end_of_file_ends_the_last_line, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
