/* For the tests alone, by LD_PRELOAD: a program that closes its sandbox stays open, for valgrind, whose own system
 * calls the sandbox would refuse. */
#include <errno.h>

int seccomp_load(void *filter);
long syscall(long number, ...);

int seccomp_load(void *filter)
{
    (void)filter;
    return 0;
}

/* Landlock's calls have no functions of their own. */
long syscall(long number, ...)
{
    (void)number;
    errno = ENOSYS;
    return -1;
}
