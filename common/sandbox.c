/* Restricts what a process can do while it serves. */
#include "common/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

/* Missing in Debian 12's headers; from linux/landlock.h of Linux 6.10. */
#define ACCESS_TRUNCATE (1ULL << 14)
#define ACCESS_IOCTL_DEV (1ULL << 15)

#define SECCOMP_MEMORY (1u << 20) /* bytes; a few times what a filter needs */

#define ACCESS_FILE \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | ACCESS_TRUNCATE)
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_WRITE                                                                                              \
    (ACCESS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
     ACCESS_TRUNCATE)

/* What getaddrinfo(), its modules and TLS read, on several distributions. */
static const struct sandbox_path always[] = {
    {"/etc", false},           {"/usr/lib", false},
    {"/usr/lib32", false},     {"/usr/lib64", false},
    {"/lib", false},           {"/lib64", false},
    {"/usr/local/lib", false}, {"/usr/share", false},
    {"/nix/store", false},     {"/usr/local/share", false},
    {"/var/lib/sss", false},   {"/var/lib/ca-certificates", false},
    {"/run/nscd", false},      {"/run/systemd/resolve", false},
    {"/dev/null", true},       {"/dev/urandom", false},
};

/* The access rights that this Landlock ABI version knows. All of them are denied unless a rule grants them. */
static uint64_t known_access(long version)
{
    static const unsigned counts[] = {0, 13, 14, 15, 15, 16};
    size_t last = sizeof counts / sizeof *counts - 1;
    return (1ULL << counts[(size_t)version < last ? (size_t)version : last]) - 1;
}

static bool allow(int ruleset, const char *path, uint64_t access)
{
    struct stat what;
    int fd = path ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (fd < 0)
        return !path || errno == ENOENT || errno == EACCES || errno == ENOTDIR;
    bool ok = fstat(fd, &what) == 0;
    if (ok && !S_ISDIR(what.st_mode))
        access &= ACCESS_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
    ok = ok && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    close(fd);
    return ok;
}

static bool allow_all(int ruleset, const struct sandbox_path *paths, size_t count, uint64_t known)
{
    for (size_t i = 0; i < count; i++)
        if (!allow(ruleset, paths[i].path, (paths[i].writable ? ACCESS_WRITE : ACCESS_READ) & known))
            return false;
    return true;
}

/* The real folder of resolv.conf: network managers replace the file in it when the network changes. */
static bool allow_resolver(int ruleset, uint64_t known)
{
    char *file = realpath("/etc/resolv.conf", NULL);
    bool ok = !file || allow(ruleset, dirname(file), ACCESS_READ & known);
    free(file);
    return ok;
}

static bool restrict_files(const struct sandbox_path *paths, size_t count)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return false;
    struct landlock_ruleset_attr attributes = {.handled_access_fs = known_access(version)};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    if (ruleset < 0)
        return false;
    bool ok = allow_all(ruleset, always, sizeof always / sizeof *always, attributes.handled_access_fs) &&
              allow_resolver(ruleset, attributes.handled_access_fs) &&
              allow_all(ruleset, paths, count, attributes.handled_access_fs) &&
              syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return ok;
}

/* Names, because not every architecture has all of them. The older and the newer call of each family, because the C
 * library's choice depends on its version. */
static const char *const allowed_calls[] = {
    /* files */
    "open",
    "openat",
    "close",
    "close_range",
    "read",
    "readv",
    "pread64",
    "write",
    "writev",
    "pwrite64",
    "lseek",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "fstatat64",
    "statx",
    "statfs",
    "fstatfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents64",
    "getcwd",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "fsync",
    "fdatasync",
    "ftruncate",
    "flock",
    "fchmod",
    "fchown",
    "dup",
    "dup2",
    "dup3",
    "fcntl",
    "fadvise64",
    /* sockets that are open; network_calls has the others */
    "accept",
    "accept4",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "shutdown",
    "sendto",
    "sendmsg",
    "sendmmsg",
    "recvfrom",
    "recvmsg",
    "recvmmsg",
    "socketpair",
    "pipe",
    "pipe2",
    "eventfd2",
    /* waiting */
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "timerfd_create",
    "timerfd_settime",
    "nanosleep",
    "clock_nanosleep",
    "restart_syscall",
    /* memory */
    "brk",
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "mlock",
    "mlock2",
    "munlock",
    /* threads and signals, of this process only: add_rules_by_argument() */
    "clone",
    "clone3",
    "futex",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "set_tid_address",
    "membarrier",
    "sched_yield",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "exit",
    "exit_group",
    /* queries */
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "getrandom",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "uname",
    "sysinfo",
    "getrusage",
    "getrlimit",
    "getcpu",
};

/* Besides socket(2), whose families are in add_network(). */
static const char *const network_calls[] = {"connect", "bind", "listen"};

/* Calls that kill the process: only an attacker would make them. */
static const char *const deadly_calls[] = {"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev"};

static bool add_rule(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    return number == __NR_SCMP_ERROR || seccomp_rule_add(filter, action, number, 0) == 0;
}

/* Allows a call if one of its arguments has this value. */
static bool add_rule_for(scmp_filter_ctx filter, int number, unsigned argument, uint64_t value)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1, SCMP_CMP(argument, SCMP_CMP_EQ, value)) == 0;
}

static bool add_rules_by_argument(scmp_filter_ctx filter)
{
    static const uint64_t requests[] = {FIONREAD, FIONBIO, TCGETS, SIOCOUTQ};
    bool ok = add_rule_for(filter, SCMP_SYS(tgkill), 0, (uint64_t)getpid()) && /* abort() */
              add_rule_for(filter, SCMP_SYS(prctl), 0, PR_SET_NAME) &&
              seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_EQ, 0)) == 0; /* read */
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        ok = ok && add_rule_for(filter, SCMP_SYS(ioctl), 1, requests[i]);
    return ok;
}

static bool add_network(scmp_filter_ctx filter)
{
    static const uint64_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    bool ok = true;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        ok = ok && add_rule_for(filter, SCMP_SYS(socket), 0, families[i]);
    for (size_t i = 0; i < sizeof network_calls / sizeof *network_calls; i++)
        ok = ok && add_rule(filter, SCMP_ACT_ALLOW, network_calls[i]);
    return ok;
}

/* If memory runs out, libseccomp 2.5.4 loads an incomplete filter or frees twice. So its memory is allocated first and
 * freed: the heap keeps it (proxy/serve/memory.c). */
static bool have_memory(void)
{
    void *volatile spare = malloc(SECCOMP_MEMORY); /* volatile: otherwise the compiler removes both calls */
    free(spare);
    return spare != NULL;
}

static bool restrict_calls(bool network)
{
    scmp_filter_ctx filter = have_memory() ? seccomp_init(SCMP_ACT_ERRNO(EPERM)) : NULL;
    bool ok = filter && add_rules_by_argument(filter) && (!network || add_network(filter));
    for (size_t i = 0; i < sizeof allowed_calls / sizeof *allowed_calls; i++)
        ok = ok && add_rule(filter, SCMP_ACT_ALLOW, allowed_calls[i]);
    for (size_t i = 0; i < sizeof deadly_calls / sizeof *deadly_calls; i++)
        ok = ok && add_rule(filter, SCMP_ACT_KILL_PROCESS, deadly_calls[i]);
    ok = ok && seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0 && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return ok;
}

void sandbox_enter(const struct sandbox_path *paths, size_t count, bool network, struct harden_status *status)
{
#ifdef WITHOUT_SANDBOX
    bool files = false, calls = false;
    (void)paths, (void)count, (void)network, (void)restrict_files, (void)restrict_calls;
#else
    bool files = restrict_files(paths, count), calls = restrict_calls(network);
#endif
    status->landlock = files ? HARDEN_ON : HARDEN_OFF;
    status->seccomp = calls ? HARDEN_ON : HARDEN_OFF;
}
