/* port_holder: finds the process that listens on a port of this machine, as far as /proc shows it. */
#ifndef POINTSMAN_PORT_HOLDER_H
#define POINTSMAN_PORT_HOLDER_H

#include "common/buf.h"

/* Appends the process: "python3 (pid 12, user alice)". false: no visible listener; the text says so. */
bool port_holder(unsigned port, struct buf *out);

#endif
