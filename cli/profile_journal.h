/* profile_journal: what the managed profiles have changed, and how to undo it: $CODEX_HOME/pointsman-profiles.json. It
 * is there exactly while something is changed: written before the first change, removed after the last one is undone.
 * Pure but for its own file.
 *
 *   no journal ──write──▶ ENABLING ──all files written──▶ ENABLED ──▶ DISABLING ──all files restored──▶ no journal
 *
 * In any state, disabling is right: a file that is still, or again, as it was before is left alone. */
#ifndef POINTSMAN_CLI_PROFILE_JOURNAL_H
#define POINTSMAN_CLI_PROFILE_JOURNAL_H

#include "cli/profile_text.h"
#include "common/replace.h"

#define PROFILE_FILE_MAX (4u << 20) /* bytes of a file that is edited */
#define PROFILE_HASH_SIZE 65        /* SHA-256 in hexadecimal, and a NUL */

enum profile_stage { PROFILE_ENABLING, PROFILE_ENABLED, PROFILE_DISABLING };

struct profile_change {
    char *path;                    /* owned; absolute, no link: NULL: this file is not ours */
    bool existed;                  /* before */
    struct replace_owner owner;    /* before, of an existing file; else what the new one got */
    struct buf before;             /* its bytes */
    char after[PROFILE_HASH_SIZE]; /* hash of what was written */
    bool is_there;                 /* while it is planned: whether the file is there now */
    char found[PROFILE_HASH_SIZE]; /* and its hash */
};

struct profile_journal {
    enum profile_stage stage;
    bool keep;                /* enabled until "disable"; else while somebody holds a lease */
    struct profile_spec spec; /* strings owned */
    struct profile_change changes[PROFILE_FILE_COUNT];
};

void profile_journal_free(struct profile_journal *journal);
void profile_hash(struct slice text, char out[PROFILE_HASH_SIZE]);

/* As JSON; false: no memory. */
MUST_CHECK bool profile_journal_print(const struct profile_journal *journal, struct buf *out);
/* false with a sentence in `why`: not a journal of this version. Free it in any case. */
MUST_CHECK bool profile_journal_parse(struct profile_journal *journal, struct slice text, struct buf *why);

#endif
