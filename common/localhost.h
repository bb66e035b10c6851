/* localhost: reserves the name "localhost". It means ::1 as well as 127.0.0.1, and most clients try ::1 first. Another
 * user who listens on [::1]:PORT would get the requests for a server on 127.0.0.1:PORT. */
#ifndef POINTSMAN_LOCALHOST_H
#define POINTSMAN_LOCALHOST_H

#include "common/buf.h"

/* Binds [::1]:`port` without listening: no other process can bind it, and clients are refused at once and continue with
 * 127.0.0.1. `*fd`: the socket, to be closed to release the port; -1: the machine has no ::1. false: errno is set and
 * `*fd` is -1; EADDRINUSE: another process has the port. */
MUST_CHECK bool localhost_reserve(unsigned port, int *fd);

#endif
