/* usage_write: pure. The usage object of a reply. */
#ifndef POINTSMAN_BRIDGE_USAGE_WRITE_H
#define POINTSMAN_BRIDGE_USAGE_WRITE_H

#include "common/buf.h"
#include "proxy/terms/wire.h"

/* Appends the usage object in the wire's shape. Unknown counts are 0, because clients' types require them; only
 * `cache_write_tokens` of Chat Completions, which is optional, is left out. "estimated": true if they are. */
void usage_write(const struct usage *usage, enum wire wire, struct buf *out);

#endif
