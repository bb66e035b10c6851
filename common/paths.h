/* paths: run-time files and folders, by the XDG rules and CODEX_HOME. The caller frees all results. */
#ifndef POINTSMAN_PATHS_H
#define POINTSMAN_PATHS_H

#include "common/buf.h"

/* Returns "$XDG_RUNTIME_DIR/pointsman", else "${TMPDIR:-/tmp}/pointsman-$UID"; POINTSMAN_RUNTIME_DIR overrides both.
 * Creates it with mode 0700 if missing. NULL with a message in `error`: it can't be created, is a symbolic link,
 * belongs to another user, or is accessible to others. */
char *paths_runtime_dir(struct buf *error);
/* The same without creating it. NULL without a message: it does not exist. */
char *paths_find_runtime_dir(struct buf *error);
/* Returns the absolute path of the runtime folder, symbolic links resolved as far as the path exists. Checks nothing.
 * NULL with a message in `error`: out of memory. */
char *paths_runtime_name(struct buf *error);
/* Returns "$CODEX_HOME", else "$HOME/.codex"; NULL: neither is set. Does not create it. */
char *paths_codex_home(void);
/* Returns "$CODEX_HOME/logs"; creates it and its parent with mode 0700 if missing. NULL: a message in `error`. */
char *paths_log_dir(struct buf *error);
/* Returns "$XDG_CONFIG_HOME/pointsman/NAME", else "$HOME/.config/pointsman/NAME", whether it exists or not; NULL:
 * neither variable is set, or out of memory. */
char *paths_own_config(const char *name);
/* Returns the first existing one of paths_own_config() and "INSTALLED_DIR/NAME"; NULL: neither exists. */
char *paths_config_file(const char *name, const char *installed_dir);
/* Returns "DIR/NAME". */
char *paths_join(const char *dir, const char *name);

#endif
