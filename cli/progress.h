/* progress: a progress bar on standard error: on a terminal one line that is redrawn, otherwise a line per new label.
 */
#ifndef POINTSMAN_CLI_PROGRESS_H
#define POINTSMAN_CLI_PROGRESS_H

#include "common/buf.h"

struct progress {
    char label[64];
    unsigned shown; /* displayed per mille plus 1; 0: nothing displayed */
};

/* Zero the structure before the first call. `done` and `total` are bytes; `total` 0: unknown, only the label is shown.
 */
void progress_show(struct progress *progress, const char *label, uint64_t done, uint64_t total);
/* Erases the line. */
void progress_end(struct progress *progress);

#endif
