/* loop: the signals of a serving process and of the workers' parent. */
#include "proxy/serve/signals.h"

#include <signal.h>
#include <unistd.h>

bool signals_open(struct signals *s, struct event_base *base, event_callback_fn handler, void *ctx)
{
    static const int NUMBERS[SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
    s->has_terminal = isatty(STDERR_FILENO);
    for (unsigned i = 0; i < SIGNALS; i++) {
        s->events[i] = evsignal_new(base, NUMBERS[i], handler, ctx);
        if (!s->events[i] || evsignal_add(s->events[i], NULL) != 0)
            return false;
    }
    return true;
}

bool signals_terminal_gone(const struct signals *s, int signal_number)
{
    return signal_number == SIGHUP && s->has_terminal && !isatty(STDERR_FILENO);
}

void signals_close(struct signals *s)
{
    for (unsigned i = 0; i < SIGNALS; i++)
        if (s->events[i])
            event_free(s->events[i]);
    *s = (struct signals){0};
}
