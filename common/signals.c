/* Signal handling between fork(2) and execve(2). */
#include "common/signals.h"

#include <signal.h>

bool signals_reset(void)
{
    sigset_t none;
    for (int number = 1; number <= SIGRTMAX; number++) /* fails for SIGKILL, SIGSTOP and two signals of the C library */
        (void)sigaction(number, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}
