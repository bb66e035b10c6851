/* notify: main. Messages to the supervisor, by systemd's NOTIFY_SOCKET convention (sd_notify(3)). */
#ifndef POINTSMAN_NOTIFY_H
#define POINTSMAN_NOTIFY_H

#include "common/buf.h"

/* Opens the socket that NOTIFY_SOCKET names and removes the variable. Without it, notify_send() does nothing. */
void notify_open(void);
/* Sends later messages to `fd`, which it owns: a worker's go through its parent. */
void notify_through(int fd);
/* Sends newline-separated fields ("READY=1") in one datagram. Dropped silently without a reader. */
void notify_send(struct slice fields);

#endif
