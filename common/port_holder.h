/* port_holder: who listens on a port of this machine, as far as /proc lets us look. */
#ifndef POINTSMAN_PORT_HOLDER_H
#define POINTSMAN_PORT_HOLDER_H

#include "common/buf.h"

/* Appends who it is: "python3 (pid 12, user alice)". false when no listener is to be seen; then the words say that. */
bool port_holder(unsigned port, struct buf *out);

#endif
