/* paths: where things lie at run time, by the XDG rules and CODEX_HOME. All results are owned by the caller. */
#ifndef POINTSMAN_PATHS_H
#define POINTSMAN_PATHS_H

#include "common/buf.h"

/* "$XDG_RUNTIME_DIR/pointsman", else "${TMPDIR:-/tmp}/pointsman-$UID"; POINTSMAN_RUNTIME_DIR overrides both. Made with
 * mode 0700 where absent. NULL with a message in `error` when it can't be made, or exists and is a link, another
 * user's, or open to others. */
char *paths_runtime_dir(struct buf *error);
/* The same without making it: NULL and no message when it is not there. */
char *paths_find_runtime_dir(struct buf *error);
/* The runtime folder's whole path without links, as far as there are folders on it; the folder itself need not be
 * there, and nothing is checked. NULL with a message in `error`: no memory. */
char *paths_runtime_name(struct buf *error);
/* "$CODEX_HOME", else "$HOME/.codex"; NULL when neither is set. Not created. */
char *paths_codex_home(void);
/* "$CODEX_HOME/logs", made with mode 0700 where absent (with its parent); NULL with a message in `error`. */
char *paths_log_dir(struct buf *error);
/* The first of "$XDG_CONFIG_HOME/pointsman/NAME" (else "$HOME/.config/pointsman/NAME") and "INSTALLED_DIR/NAME" that
 * exists; NULL when neither does. */
char *paths_config_file(const char *name, const char *installed_dir);
/* "DIR/NAME". */
char *paths_join(const char *dir, const char *name);

#endif
