/* usage_write: pure. The usage object of a reply. */
#ifndef POINTSMAN_BRIDGE_USAGE_WRITE_H
#define POINTSMAN_BRIDGE_USAGE_WRITE_H

#include "common/buf.h"
#include "proxy/terms/wire.h"

/* Appends the usage object in the wire's shape: all counts, unknown ones as 0; "estimated": true if they are. */
void usage_write(const struct usage *usage, enum wire wire, struct buf *out);

#endif
