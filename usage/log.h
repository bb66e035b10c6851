/* log: feeds the request log, its oldest file first, to a fold. */
#ifndef POINTSMAN_USAGE_LOG_H
#define POINTSMAN_USAGE_LOG_H

#include "usage/fold.h"

/* Feeds the sums of files that were removed (usage/sums_file.h), unless the fold reports each request; then …, PATH.2,
 * PATH.1 and PATH, even if they are rotated meanwhile. Skips a file that was last written before the fold's range.
 * Absent files have no requests. false: a message in `error`; a file can't be read, or out of memory. */
MUST_CHECK bool usage_log_feed(struct fold *f, const char *path, struct buf *error);

#endif
