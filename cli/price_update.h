/* price_update: takes another table of known models: LiteLLM's list, or a table that pointsman made. */
#ifndef POINTSMAN_CLI_PRICE_UPDATE_H
#define POINTSMAN_CLI_PRICE_UPDATE_H

#include "common/buf.h"

/* Checks the file and puts its table in the place of `output`; NULL: the user's. `source`: where LiteLLM's list is
 * from; NULL: not known. Appends one line that says what is there now to `done`. false: one line in `error`, and
 * nothing has changed. */
MUST_CHECK bool price_update(const char *file, const char *output, const char *source, struct buf *done,
                             struct buf *error);
/* Removes the user's table, so that the one that came with pointsman is in use. */
MUST_CHECK bool price_update_reset(struct buf *done, struct buf *error);

#endif
