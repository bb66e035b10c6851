/* Unit tests of cli/lease: several processes share one thing, the last holder restores it, a killed one holds nothing.
 */
#include "tests/unit/folder.h"

#include "cli/lease.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static struct buf why;

static int set_up(void **state)
{
    buf_init(&why, 1000);
    return folder_enter(state);
}

static int tear_down(void **state)
{
    buf_free(&why);
    return folder_leave(state);
}

static bool file_is_there(void)
{
    return access(folder_at("pointsman.lease"), F_OK) == 0;
}

TEST(last_holder_is_reported)
{
    struct lease a = LEASE_NONE, b = LEASE_NONE;
    assert_true(lease_take(&a, folder, &why));
    assert_true(lease_take(&b, folder, &why));
    assert_false(lease_is_last(&a));
    lease_end(&a);
    assert_true(file_is_there());
    assert_true(lease_is_last(&b));
    lease_end(&b);
    assert_false(file_is_there());
    lease_end(&b);
}

TEST(without_a_lease_none_is_held)
{
    struct lease a = LEASE_NONE, b = LEASE_NONE;
    assert_true(lease_none_held(&b, folder));
    lease_end(&b);
    assert_true(lease_take(&a, folder, &why));
    assert_false(lease_none_held(&b, folder));
    lease_end(&b);
    lease_end(&a); /* without lease_is_last(): its file stays */
    assert_true(file_is_there());
    assert_true(lease_none_held(&b, folder));
    lease_end(&b);
    assert_false(file_is_there());
}

/* Starts a program that writes a byte and runs until its input ends. The byte shows that it has executed: only then are
 * the descriptors closed that it must not inherit, which may be after posix_spawn() has returned. */
static bool start_reader(int input, int output)
{
    pid_t pid;
    posix_spawn_file_actions_t actions;
    char *const argv[] = {"sh", "-c", "echo; exec cat", NULL};
    return posix_spawn_file_actions_init(&actions) == 0 &&
           posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
           posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
           posix_spawn(&pid, "/bin/sh", &actions, NULL, argv, environ) == 0;
}

/* Starts a child that holds a lease until it is killed; it has the lease when this returns. `input`: the input of a
 * program that the child starts; -1: it starts none. */
static pid_t holder(int input)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        struct lease mine = LEASE_NONE;
        if (!lease_take(&mine, folder, &why))
            _exit(1);
        if (input < 0 ? write(ready[1], "x", 1) != 1 : !start_reader(input, ready[1]))
            _exit(1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return child;
}

static void kill_it(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
}

TEST(killed_process_holds_no_lease)
{
    struct lease a = LEASE_NONE;
    int alive[2];
    assert_int_equal(pipe2(alive, O_CLOEXEC), 0);
    assert_true(lease_take(&a, folder, &why));
    /* Its child, as Codex is one, survives it and does not hold the lease either. */
    pid_t child = holder(alive[0]);
    kill_it(child);
    assert_true(lease_is_last(&a));
    lease_end(&a);
    (void)close(alive[0]);
    (void)close(alive[1]);
    child = holder(-1);
    assert_false(lease_none_held(&a, folder));
    lease_end(&a);
    kill_it(child);
    assert_true(lease_none_held(&a, folder));
    lease_end(&a);
}

/* While the last holder restores, the next process waits, and then gets a lease on a new file, not on the removed one.
 */
TEST(begin_waits_for_the_last_holders_cleanup)
{
    struct lease a = LEASE_NONE, b = LEASE_NONE;
    int status;
    assert_true(lease_take(&a, folder, &why));
    assert_true(lease_is_last(&a));
    pid_t child = fork();
    if (child == 0) {
        struct lease mine = LEASE_NONE;
        (void)close(a.fd); /* inherited by the fork */
        bool ok = lease_take(&mine, folder, &why);
        /* It got the lock only after the last holder had restored. */
        _exit(ok && access(folder_at("restored"), F_OK) == 0 && file_is_there() && lease_is_last(&mine) ? 0 : 1);
    }
    int fd = open(folder_at("restored"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    lease_end(&a);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(lease_take(&b, folder, &why));
    assert_true(lease_is_last(&b));
    lease_end(&b);
}

TEST(missing_folder_is_an_error)
{
    struct lease a = LEASE_NONE;
    assert_false(lease_take(&a, "/nonexistent", &why));
    assert_non_null(strstr(buf_text(&why), "/nonexistent"));
    lease_end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(last_holder_is_reported, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_lease_none_is_held, set_up, tear_down),
        cmocka_unit_test_setup_teardown(killed_process_holds_no_lease, set_up, tear_down),
        cmocka_unit_test_setup_teardown(begin_waits_for_the_last_holders_cleanup, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_folder_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
