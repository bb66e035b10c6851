/* usage_write: pure. Writes the usage object of a reply. */
#ifndef POINTSMAN_BRIDGE_USAGE_WRITE_H
#define POINTSMAN_BRIDGE_USAGE_WRITE_H

#include "common/buf.h"
#include "proxy/terms/wire.h"

/* Appends the usage object in the form of the API, with "estimated": true if some counts are. Unknown counts are 0,
 * because clients' types require them; only `cache_write_tokens` of Chat Completions, which is optional, is left out.
 */
void usage_write(const struct usage *usage, enum wire wire, struct buf *out);

#endif
