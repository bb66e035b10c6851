/* Unit tests of cli/child: runs programs for their output. */
#include "tests/unit/folder.h"
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>

static int run(const char *script, int timeout_ms, bool keep_errors, struct buf *out)
{
    char *const argv[] = {"/bin/sh", "-c", (char *)script, NULL};
    return child_capture(&(struct child_run){argv, NULL, timeout_ms, keep_errors ? out : NULL}, out);
}

TEST(output_and_status_are_returned)
{
    struct buf out;
    buf_init(&out, 8);
    assert_int_equal(run("echo out; echo err >&2; exit 3", 10000, false, &out), 3);
    assert_buf(&out, "out\n");
    buf_clear(&out);
    assert_int_equal(run("echo err >&2", 10000, true, &out), 0);
    assert_buf(&out, "err\n");
    buf_clear(&out);
    struct buf errors;
    buf_init(&errors, 8);
    char *const apart[] = {"/bin/sh", "-c", "echo err >&2; echo out; exec >&-; echo 0123456789 >&2", NULL};
    assert_int_equal(child_capture(&(struct child_run){apart, NULL, 10000, &errors}, &out), 0);
    assert_buf(&out, "out\n");
    assert_buf(&errors, "err\n0123");
    buf_free(&errors);
    buf_clear(&out);
    assert_int_equal(run("kill -9 $$", 10000, false, &out), 137);
    /* Output above the ceiling is read, so that the program ends, and dropped. */
    assert_int_equal(run("echo 0123456789abcdef; cat /dev/null", 10000, false, &out), 0);
    assert_buf(&out, "01234567");
    assert_int_equal(run("cat", 10000, false, &out), 0); /* nothing on standard input */
    buf_free(&out);
    buf_init(&out, 8);
    char *const absent[] = {"/nonexistent/program", NULL};
    assert_int_equal(child_capture(&(struct child_run){absent, NULL, 1000, NULL}, &out), -1);
    assert_int_equal(errno, ENOENT);
    buf_free(&out);
}

/* The children of a program that is killed must not survive. */
TEST(timeout_kills_the_program_and_its_children)
{
    struct buf out;
    char script[512];
    buf_init(&out, 64);
    assert_int_equal(mkfifo(folder_at("alive"), 0600), 0);
    int alive = open(folder_at("alive"), O_RDONLY | O_NONBLOCK);
    snprintf(script, sizeof script, "exec 9>'%s'; sleep 60 & echo on; sleep 60", folder_at("alive"));
    assert_int_equal(run(script, 300, false, &out), -1);
    assert_int_equal(errno, ETIMEDOUT);
    char byte;
    assert_int_equal(fcntl(alive, F_SETFL, 0), 0);
    alarm(10);
    assert_int_equal(read(alive, &byte, 1), 0); /* end of file: no process has the other end */
    alarm(0);
    close(alive);
    buf_free(&out);
}

TEST(programs_are_found)
{
    char path[600];
    close(open(folder_at("tool"), O_WRONLY | O_CREAT, 0700));
    close(open(folder_at("text"), O_WRONLY | O_CREAT, 0600));
    assert_int_equal(mkdir(folder_at("folder"), 0700), 0);
    snprintf(path, sizeof path, "/nonexistent::%s", folder);
    setenv("PATH", path, 1);
    char *found = child_find("tool", NULL);
    assert_string_equal(found, folder_at("tool"));
    free(found);
    assert_null(child_find("text", NULL));
    assert_null(child_find("folder", NULL));
    assert_null(child_find("absent", CHILD_SBIN));
    setenv("PATH", "/nonexistent", 1);
    found = child_find("tool", folder);
    assert_string_equal(found, folder_at("tool"));
    free(found);
    found = child_find(folder_at("tool"), NULL);
    assert_string_equal(found, folder_at("tool"));
    free(found);
    assert_null(child_find(folder_at("text"), NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_status_are_returned),
        cmocka_unit_test_setup_teardown(timeout_kills_the_program_and_its_children, folder_enter, folder_leave),
        cmocka_unit_test_setup_teardown(programs_are_found, folder_enter, folder_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
