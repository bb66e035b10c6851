/* profile_disk: the managed profiles' files in CODEX_HOME: read, written in one step, restored. */
#ifndef POINTSMAN_CLI_PROFILE_DISK_H
#define POINTSMAN_CLI_PROFILE_DISK_H

#include "cli/profile_journal.h"

/* CODEX_HOME, locked: one command changes it at a time. The lock is on the folder itself, so that no file is left for
 * it. */
struct profile_home {
    char *path; /* owned; without links */
    int lock;   /* -1: not locked */
};

/* Opens and locks CODEX_HOME, which is made where it is absent and `make` says so. false: with a sentence in `why`, or
 * without one when it is absent and need not be made. Close it in any case. */
MUST_CHECK bool profile_home_open(struct profile_home *home, bool make, struct buf *why);
void profile_home_close(struct profile_home *home);

/* A file as it is now. */
struct profile_bytes {
    bool exists;
    struct replace_owner owner;
    struct buf text;
};

/* Reads it; that it is absent is no failure. false with a sentence in `why`. Free `now->text` in any case. */
MUST_CHECK bool profile_read(const char *path, struct profile_bytes *now, struct buf *why);
/* Where the file of that name lies, links followed; it may be absent. To be freed; NULL with a sentence in `why`. */
char *profile_resolve(const struct profile_home *home, const char *name, struct buf *why);

/* Reads the journal. true: `*there` says whether there is one; then free it. false with a sentence in `why`. */
MUST_CHECK bool profile_journal_load(const char *home, struct profile_journal *journal, bool *there, struct buf *why);
/* Writes it, in one step. */
MUST_CHECK bool profile_journal_store(const struct profile_home *home, const struct profile_journal *journal,
                                      struct buf *why);
/* Removes it, and what a killed writer left of one. */
MUST_CHECK bool profile_journal_drop(const struct profile_home *home, struct buf *why);

/* Makes the change: the file, which is still what it was planned from, is to hold `text`. */
MUST_CHECK bool profile_write(const struct profile_change *change, struct slice text, struct buf *why);
/* Undoes the change, if it was made: the former bytes, or where somebody else has changed the file since, what he made
 * of it without our part. */
MUST_CHECK bool profile_restore(const struct profile_spec *spec, enum profile_file file,
                                const struct profile_change *change, struct buf *why);

#endif
