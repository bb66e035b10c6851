/* progress: a bar on standard error for what takes long: on a terminal one line that is written over, elsewhere a line
 * for each new label. */
#ifndef POINTSMAN_CLI_PROGRESS_H
#define POINTSMAN_CLI_PROGRESS_H

#include "common/buf.h"

struct progress {
    char label[64];
    unsigned shown; /* per mille that the line shows, and 1; 0: no line stands there */
};

/* Zero the structure before the first call. `total` 0: not known, the label stands alone. `done` and `total` are bytes.
 */
void progress_show(struct progress *progress, const char *label, uint64_t done, uint64_t total);
/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
