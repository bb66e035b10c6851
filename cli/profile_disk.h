/* profile_disk: reads, replaces and restores the managed profiles' files in CODEX_HOME. */
#ifndef POINTSMAN_CLI_PROFILE_DISK_H
#define POINTSMAN_CLI_PROFILE_DISK_H

#include "cli/profile_undo.h"

/* CODEX_HOME, locked: one command changes it at a time. The lock is on the folder itself, so it leaves no file. */
struct profile_home {
    char *path; /* owned; symbolic links resolved */
    int lock;   /* -1: not locked */
};

/* Opens and locks CODEX_HOME; creates it if `make`. false: one line in `why`; no line if it is absent and not `make`.
 * Call profile_home_close() in any case. */
MUST_CHECK bool profile_home_open(struct profile_home *home, bool make, struct buf *why);
void profile_home_close(struct profile_home *home);

/* A file's current contents. */
struct profile_bytes {
    bool exists;
    struct replace_owner owner;
    struct buf text;
};

/* Reads the file; absent is not an error. false: one line in `why`. Free `now->text` in any case. */
MUST_CHECK bool profile_read(const char *path, struct profile_bytes *now, struct buf *why);
/* The path of the file `name`, symbolic links resolved; the file may be absent. Free with free(); NULL: one line in
 * `why`. */
char *profile_resolve(const struct profile_home *home, const char *name, struct buf *why);

/* Reads the undo file. true: *there is whether it exists; if so, free it. false: one line in `why`. */
MUST_CHECK bool profile_undo_load(const char *home, struct profile_undo *undo, bool *there, struct buf *why);
/* Replaces the undo file atomically. false: one line in `why`. */
MUST_CHECK bool profile_undo_store(const struct profile_home *home, const struct profile_undo *undo, struct buf *why);
/* Removes the undo file and an unfinished replacement. false: one line in `why`. */
MUST_CHECK bool profile_undo_remove(const struct profile_home *home, struct buf *why);

/* Writes `text` to the file, if it is unchanged since the plan. false: one line in `why`. */
MUST_CHECK bool profile_write(const struct profile_change *change, struct slice text, struct buf *why);
/* Undoes the change if it was made: restores the original bytes, or, if the file was changed since, removes only our
 * part. false: one line in `why`. */
MUST_CHECK bool profile_restore(const struct profile_spec *spec, enum profile_file file,
                                const struct profile_change *change, struct buf *why);

#endif
