/* sample: pure. A made-up week of requests, so that people see what the view shows before they have figures. */
#ifndef POINTSMAN_CGI_USAGE_SAMPLE_H
#define POINTSMAN_CGI_USAGE_SAMPLE_H

#include "common/buf.h"

/* Appends the request log of the week that ends at `now_ms` (Unix time), the same one for the same moment. Its numbers
 * are plausible, but nothing was measured. */
void sample_write(int64_t now_ms, struct buf *out);

#endif
