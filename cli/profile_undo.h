/* profile_undo: pure. The undo file of the managed profiles, $CODEX_HOME/pointsman-profiles.json: which files were
 * changed, and their original bytes. It is written before the first change and removed after the last undo.
 *
 *   no undo file ──write──▶ ENABLING ──all files written──▶ ENABLED ──▶ DISABLING ──all files restored──▶ no undo file
 *
 * Disabling is safe in any state: a file that already has its original bytes is not touched. */
#ifndef POINTSMAN_CLI_PROFILE_UNDO_H
#define POINTSMAN_CLI_PROFILE_UNDO_H

#include "cli/profile_text.h"
#include "common/replace.h"

#define PROFILE_FILE_MAX (4u << 20) /* bytes; largest file that is edited */
#define PROFILE_HASH_SIZE 65        /* SHA-256 in hexadecimal, with NUL */

enum profile_stage { PROFILE_ENABLING, PROFILE_ENABLED, PROFILE_DISABLING };

struct profile_change {
    char *path;                    /* owned; absolute, symbolic links resolved; NULL: this file is not changed */
    bool existed;                  /* before the change */
    struct replace_owner owner;    /* original owner and mode; for a new file, those it gets */
    struct buf before;             /* original bytes */
    char after[PROFILE_HASH_SIZE]; /* hash of the bytes written */
    bool is_there;                 /* planning only: the file exists now */
    char found[PROFILE_HASH_SIZE]; /* planning only: its hash now */
};

struct profile_undo {
    enum profile_stage stage;
    bool keep;                /* enabled until `pointsman disable`; false: while a lease is held */
    struct profile_spec spec; /* strings owned */
    struct profile_change changes[PROFILE_FILE_COUNT];
};

void profile_undo_free(struct profile_undo *undo);
void profile_hash(struct slice text, char out[PROFILE_HASH_SIZE]);

/* Appends the undo file's JSON. false: out of memory. */
MUST_CHECK bool profile_undo_print(const struct profile_undo *undo, struct buf *out);
/* Parses the undo file. false: not of this version, one line in `why`. Free with profile_undo_free() in any case. */
MUST_CHECK bool profile_undo_parse(struct profile_undo *undo, struct slice text, struct buf *why);

#endif
