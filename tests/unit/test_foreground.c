/* Unit tests of cli/foreground, with shell scripts as the programs. */
#include "tests/unit/unit.h"
#include "cli/foreground.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static struct buf error, output;
static struct foreground_end end;

static bool run_shell(const char *script, struct foreground run)
{
    char *argv[] = {(char[]){"/bin/sh"}, (char[]){"-c"}, (char *)(uintptr_t)script, NULL};
    run.argv = argv;
    run.output = &output;
    buf_clear(&error);
    buf_clear(&output);
    return foreground_run(&run, &end, &error);
}

TEST(output_and_exit_code_are_returned)
{
    assert_true(run_shell("echo one; echo $NAME; exit 7",
                          (struct foreground){.input = -1, .environment = (char *[]){(char[]){"NAME=two"}, NULL}}));
    assert_int_equal(end.code, 7);
    assert_int_equal(end.signal, 0);
    assert_buf(&output, "one\ntwo\n");
}

TEST(input_is_passed_on)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "given\n", 6), 6);
    close(ends[1]);
    assert_true(run_shell("cat", (struct foreground){.input = ends[0]}));
    close(ends[0]);
    assert_buf(&output, "given\n");
}

TEST(much_output_does_not_block)
{
    assert_true(
        run_shell("i=0; while [ $i -lt 3000 ]; do echo \"a line that fills the pipe and more: $i\"; i=$((i+1)); "
                  "done; exit 3",
                  (struct foreground){.input = -1}));
    assert_int_equal(end.code, 3);
    assert_true(output.failed && output.len > 1000);
}

TEST(signals_are_passed_on)
{
    assert_true(run_shell(
        "trap 'echo got; exit 5' TERM; kill -TERM $PPID; for i in 1 2 3 4 5 6 7 8; do sleep 0.2; done; exit 9",
        (struct foreground){.input = -1}));
    assert_int_equal(end.code, 5);
    assert_int_equal(end.signal, SIGTERM);
    assert_buf(&output, "got\n");
    sigset_t mask;
    assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
    assert_false(sigismember(&mask, SIGTERM));
}

TEST(death_by_a_signal_is_reported)
{
    assert_true(run_shell("kill -KILL $$", (struct foreground){.input = -1}));
    assert_int_equal(end.code, 128 + SIGKILL);
    assert_int_equal(end.signal, 0);
}

static bool third_time(void *ctx)
{
    int *times = ctx;
    return ++*times == 3;
}

TEST(tick_can_end_the_program)
{
    int times = 0;
    assert_true(run_shell("for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2; done; exit 9",
                          (struct foreground){.input = -1, .tick = third_time, .ctx = &times, .tick_ms = 5}));
    assert_true(end.ticked);
    assert_int_equal(end.code, 128 + SIGTERM);
    assert_int_equal(times, 3);
}

TEST(missing_program_is_reported)
{
    char *argv[] = {(char[]){"/nonexistent/codex"}, NULL};
    buf_clear(&error);
    assert_false(foreground_run(&(struct foreground){.argv = argv, .input = -1}, &end, &error));
    assert_buf(&error, "/nonexistent/codex: No such file or directory");
}

static int group_start(void **state)
{
    (void)state;
    buf_init(&error, 1024);
    buf_init(&output, 100000);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_and_exit_code_are_returned), cmocka_unit_test(input_is_passed_on),
        cmocka_unit_test(much_output_does_not_block),        cmocka_unit_test(signals_are_passed_on),
        cmocka_unit_test(death_by_a_signal_is_reported),     cmocka_unit_test(tick_can_end_the_program),
        cmocka_unit_test(missing_program_is_reported),
    };
    return cmocka_run_group_tests(tests, group_start, NULL);
}
