/* localhost: keeps the name "localhost" ours. It means ::1 as well as 127.0.0.1, and most clients try ::1 first, so
 * another user who listens on [::1]:PORT gets what was meant for a server of ours on 127.0.0.1:PORT. */
#ifndef POINTSMAN_LOCALHOST_H
#define POINTSMAN_LOCALHOST_H

#include "common/buf.h"

/* Binds [::1]:`port` and never listens on it: nobody else can, and clients are refused at once and go on to 127.0.0.1.
 * `*fd` is the socket, which the caller closes to release the port, or -1 where the machine has no ::1. Returns false,
 * with errno set and `*fd` -1, if the port can't be held; EADDRINUSE: another process has it. */
MUST_CHECK bool localhost_hold(unsigned port, int *fd);

#endif
