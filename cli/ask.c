/* Asks the user on the controlling terminal. */
#include "cli/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#define LINE_BYTES 2048 /* longest answer */

static const int interrupts[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
static volatile sig_atomic_t interrupted;

static void note(int signal)
{
    interrupted = signal;
}

bool ask_possible(void)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Reads one line into `line`. Returns its length; -1 at end of input or on a signal. The signals are blocked except in
 * ppoll(), so none can arrive unnoticed before the wait. */
static ssize_t read_line(int fd, char line[LINE_BYTES], const sigset_t *open_to)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    if (ppoll(&ready, 1, NULL, open_to) <= 0)
        return -1;
    ssize_t len = read(fd, line, LINE_BYTES); /* a terminal returns one line at a time */
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    return len;
}

/* Asks with the terminal's echo on or off. The echo is restored before this returns and before a signal terminates the
 * program. */
static ssize_t ask(const char *question, bool echo, char line[LINE_BYTES])
{
    struct termios before, changed;
    sigset_t blocked, open_to;
    struct sigaction old[sizeof interrupts / sizeof *interrupts], noting = {.sa_handler = note}; /* no SA_RESTART */
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            close(fd);
        return -1;
    }
    interrupted = 0;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof interrupts / sizeof *interrupts; i++) {
        sigaddset(&blocked, interrupts[i]);
        (void)sigaction(interrupts[i], &noting, &old[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &blocked, &open_to);
    changed = before;
    if (!echo)
        changed.c_lflag &= ~(tcflag_t)ECHO;
    ssize_t len = -1;
    /* TCSAFLUSH discards what was typed before the question. */
    if (tcsetattr(fd, TCSAFLUSH, &changed) == 0 && write(fd, question, strlen(question)) > 0)
        len = read_line(fd, line, &open_to);
    (void)tcsetattr(fd, TCSANOW, &before);
    if (!echo && write(fd, "\n", 1) < 0)
        len = -1;
    (void)sigprocmask(SIG_SETMASK, &open_to, NULL); /* delivers a pending signal to note() */
    for (size_t i = 0; i < sizeof interrupts / sizeof *interrupts; i++)
        (void)sigaction(interrupts[i], &old[i], NULL);
    close(fd);
    if (interrupted)
        (void)raise(interrupted);
    return len;
}

bool ask_secret(const char *question, struct buf *out)
{
    char line[LINE_BYTES];
    ssize_t len = ask(question, false, line);
    bool added = len >= 0 && buf_add(out, line, (size_t)len);
    explicit_bzero(line, sizeof line);
    return added;
}

bool ask_yes(const char *question)
{
    char line[LINE_BYTES];
    ssize_t len = ask(question, true, line);
    return len == 1 && (line[0] == 'y' || line[0] == 'Y');
}
