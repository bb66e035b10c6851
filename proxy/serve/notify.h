/* notify: words to the supervisor, by systemd's NOTIFY_SOCKET convention (sd_notify(3)). */
#ifndef POINTSMAN_NOTIFY_H
#define POINTSMAN_NOTIFY_H

#include "common/buf.h"

/* Takes NOTIFY_SOCKET from the environment (and removes it). Without one, notify_send() does nothing. */
void notify_open(void);
/* Says it from here on to that socket: a worker's words go through its parent. */
void notify_through(int fd);
/* Sends newline-separated fields ("READY=1") in one datagram; lost without a word when nobody listens. */
void notify_send(struct slice fields);

#endif
