/* signals: loop. The signals of a serving process and of the workers' parent. */
#ifndef POINTSMAN_SIGNALS_H
#define POINTSMAN_SIGNALS_H

#include "common/buf.h"

#include <event2/event.h>

enum { SIGNALS = 4 };

/* Zero it before use. */
struct signals {
    struct event *events[SIGNALS];
    bool has_terminal; /* standard error was a terminal at signals_open() */
};

/* Calls `handler` from the loop for SIGTERM, SIGINT, SIGHUP and SIGUSR1. false: out of memory. Close in any case. */
MUST_CHECK bool signals_open(struct signals *s, struct event_base *base, event_callback_fn handler, void *ctx);
/* Returns whether the kernel sent this signal, a SIGHUP, because the terminal is gone. */
bool signals_terminal_gone(const struct signals *s, int signal_number);
void signals_close(struct signals *s);

#endif
