/* Unit tests of common/sandbox: what it denies and what it allows. Each runs in its own process, as user nobody if
 * started by root, because root bypasses file permissions but not the sandbox. */
#include "tests/unit/folder.h"
#include "tests/unit/unit.h"
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

enum { NOT_CONFINED = 98 };

static char readable[64], writable[64], outside[64];

static bool write_file(const char *dir, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write(fd, "x", 1) == 1;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool can_open(const char *dir, const char *name, int how)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, how | O_CLOEXEC);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0;
}

static bool replace(const char *dir, const char *name)
{
    char from[128], to[128];
    (void)snprintf(from, sizeof from, "%s/%s.new", dir, name);
    (void)snprintf(to, sizeof to, "%s/%s", dir, name);
    char other[16];
    (void)snprintf(other, sizeof other, "%s.new", name);
    return write_file(dir, other) && rename(from, to) == 0;
}

static bool kernel_can(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) >= 1 &&
           prctl(PR_GET_SECCOMP) >= 0;
}

/* Runs in a child inside the sandbox. Returns 0 if all is as expected, else the number of the failed check. */
typedef int child(void);

static int run(child *what, int *signal_number)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox_path paths[] = {{readable, false}, {writable, true}, {NULL, true}, {"/nowhere/at/all", false}};
        struct harden_status status = {0};
        if (geteuid() == 0 && (setresgid(NOBODY, NOBODY, NOBODY) != 0 || setresuid(NOBODY, NOBODY, NOBODY) != 0))
            _exit(99);
        harden_late(&status);
        sandbox_enter(paths, sizeof paths / sizeof *paths, true, &status);
        _exit(status.landlock == HARDEN_ON && status.seccomp == HARDEN_ON ? what() : NOT_CONFINED);
    }
    int how;
    assert_true(pid > 0 && waitpid(pid, &how, 0) == pid);
    *signal_number = WIFSIGNALED(how) ? WTERMSIG(how) : 0;
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static void expect_well(child *what)
{
    int signal_number, status = run(what, &signal_number);
    assert_int_equal(signal_number, 0);
    assert_int_equal(status, 0);
}

static int files(void)
{
    if (!can_open(readable, "here", O_RDONLY) || can_open(readable, "here", O_WRONLY) || write_file(readable, "new"))
        return 1;
    if (can_open(outside, "here", O_RDONLY) || errno != EACCES || write_file(outside, "new"))
        return 2;
    if (!write_file(writable, "new") || !replace(writable, "here") || !can_open(writable, "here", O_RDWR))
        return 3;
    if (!can_open("/etc", "passwd", O_RDONLY) || can_open("/etc", "passwd", O_WRONLY) ||
        can_open("/proc/self", "environ", O_RDONLY))
        return 4;
    return can_open("/dev", "null", O_RDWR) ? 0 : 5;
}

/* resolv.conf is replaced, not written: the rule must hold for the new file. */
static int ready_pipe[2], go_pipe[2];

static int replaced(void)
{
    char byte;
    if (write(ready_pipe[1], "r", 1) != 1 || read(go_pipe[0], &byte, 1) != 1)
        return 1;
    return can_open(readable, "here", O_RDONLY) ? 0 : 2;
}

static void *thread(void *arg)
{
    return arg;
}

static int calls(void)
{
    pthread_t id;
    struct addrinfo *found = NULL;
    if (pthread_create(&id, NULL, thread, NULL) != 0 || pthread_join(id, NULL) != 0)
        return 1;
    if (getaddrinfo("localhost", "80", NULL, &found) != 0)
        return 2;
    freeaddrinfo(found);
    if (socket(AF_INET, SOCK_STREAM, 0) < 0 || socket(AF_ALG, SOCK_SEQPACKET, 0) >= 0 || errno != EPERM)
        return 3;
    if (kill(getppid(), 0) == 0 || chmod(readable, 0700) == 0 || mkdir("x", 0700) == 0)
        return 4;
    return fork() < 0 ? 5 : 0; /* to the kernel, starting a thread or a process is one call; only execve kills */
}

static int runs_a_program(void)
{
    char *const argv[] = {(char[]){"/bin/true"}, NULL};
    execve(argv[0], argv, NULL);
    return 0;
}

static int looks_into_another(void)
{
    (void)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
    return 0;
}

TEST(other_files_are_denied)
{
    expect_well(files);
}

TEST(a_replaced_file_stays_readable)
{
    assert_true(pipe(ready_pipe) == 0 && pipe(go_pipe) == 0);
    pid_t helper = fork();
    if (helper == 0) {
        char byte;
        _exit(read(ready_pipe[0], &byte, 1) == 1 && replace(readable, "here") && write(go_pipe[1], "g", 1) == 1 ? 0
                                                                                                                : 1);
    }
    (void)close(ready_pipe[0]);
    int signal_number, status = run(replaced, &signal_number);
    if (status == NOT_CONFINED)
        (void)kill(helper, SIGKILL);
    (void)waitpid(helper, NULL, 0);
    assert_int_equal(status, 0);
}

TEST(needed_calls_are_allowed)
{
    expect_well(calls);
}

TEST(forbidden_calls_kill)
{
    child *const deadly[] = {runs_a_program, looks_into_another};
    for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) {
        int signal_number;
        (void)run(deadly[i], &signal_number);
        assert_int_equal(signal_number, SIGSYS);
    }
}

static int make_folders(void **state)
{
    if (folder_enter(state) != 0 || chmod(folder, 0755) != 0)
        return -1;
    char *const paths[] = {readable, writable, outside};
    const char *const names[] = {"readable", "writable", "outside"};
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(paths[i], sizeof readable, "%s", folder_at(names[i]));
        if (mkdir(paths[i], 0777) != 0 || chmod(paths[i], 0777) != 0 || !write_file(paths[i], "here"))
            return -1;
        char file[128];
        (void)snprintf(file, sizeof file, "%s/here", paths[i]);
        if (chmod(file, 0666) != 0)
            return -1;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_files_are_denied),
        cmocka_unit_test(a_replaced_file_stays_readable),
        cmocka_unit_test(needed_calls_are_allowed),
        cmocka_unit_test(forbidden_calls_kill),
    };
    if (!kernel_can()) {
        puts("this kernel has no Landlock or no seccomp");
        return 77;
    }
    return cmocka_run_group_tests(tests, make_folders, folder_leave);
}
