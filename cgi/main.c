/* pointsman-session: the key page's FastCGI app and the proxy's supervisor. Connects the parts, decides nothing. */
#include "cgi/session.h"
#include "common/log.h"

#include <fcgiapp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] = "pointsman-session is started by lighttpd, which `pointsman start` runs.\n"
                            "  --help     this text\n"
                            "  --version  print the version\n";

static int run_option(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("pointsman-session " PACKAGE_VERSION) < 0;
    fputs(usage, argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr);
    return argc != 2 || strcmp(argv[1], "--help") != 0;
}

/* Opens descriptors 1 and 2 if the parent closed them, so that no file that we open later gets these numbers. */
static bool hold_standard_descriptors(void)
{
    int fd;
    while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && fd <= STDERR_FILENO)
        continue;
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    /* lighttpd can't put its own pid into our environment; the program that starts it can (POINTSMAN_PARENT). Without
     * that variable, our parent as of this first statement counts as lighttpd. */
    pid_t first_parent = getppid();
    static struct session session;
    harden_early(&session.harden);
    log_open("pointsman-session", LOG_LEVEL_INFO);
    if (argc > 1 || FCGX_IsCGI())
        return run_option(argc, argv);

    struct buf error;
    buf_init(&error, 4096);
    int status = EXIT_FAILURE;
    if (!hold_standard_descriptors() || !secret_init())
        log_error("can't open /dev/null, or can't get random bytes from the system");
    else if (!session_open(&session, first_parent, &error))
        log_error("%s", buf_message(&error));
    else {
        harden_late(&session.harden);
        session_run(&session);
        status = EXIT_SUCCESS;
    }
    buf_free(&error);
    return status;
}
