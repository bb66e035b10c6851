/* profile: the managed Codex profiles cost-routing and cost-routing-hf. Adds them to the files in CODEX_HOME, and
 * removes them so that every file has its original bytes again. If a command is killed at any point, the next command
 * undoes its changes. */
#ifndef POINTSMAN_CLI_PROFILE_H
#define POINTSMAN_CLI_PROFILE_H

#include "cli/lease.h"
#include "cli/profile_text.h"

struct profile_request {
    struct profile_spec spec;
    bool keep;                 /* until `pointsman disable`; false: only while a lease is held */
    const char *config;        /* path of the proxy's configuration, for the model catalogs; NULL: no catalogs */
    struct slice codex_models; /* output of `codex debug models`; empty: no catalogs. Determines spec.catalogs */
};

/* Enables or changes the profiles, and takes `lease` (NULL: none) in the same step. Profiles that `pointsman enable`
 * keeps stay kept, even if request->keep is false. false: nothing changed; one line in `why`. */
MUST_CHECK bool profile_enable(const struct profile_request *request, struct lease *lease, struct buf *why);

/* Takes a lease on the existing profiles. false: one line in `why`. */
MUST_CHECK bool profile_join(struct lease *lease, struct buf *why);

enum profile_outcome {
    PROFILE_DONE,    /* the files are restored */
    PROFILE_WAS_OFF, /* nothing to undo */
    PROFILE_LATER,   /* a lease is held: the last holder restores the files */
    PROFILE_FAILED,  /* one line in `why` */
};

/* Disables the profiles, also those that are kept. */
enum profile_outcome profile_disable(struct buf *why);
/* Ends the lease. If it was the last one, disables the profiles unless they are kept. */
enum profile_outcome profile_leave(struct lease *lease, struct buf *why);
/* Undoes the changes of a killed command. PROFILE_WAS_OFF: there are none. */
enum profile_outcome profile_recover(struct buf *why);

enum profile_state {
    PROFILE_STANDARD,     /* no managed profiles */
    PROFILE_COST_ROUTING, /* the profiles are enabled */
    PROFILE_INTERRUPTED,  /* a command was killed; the next one that changes profiles undoes its changes */
    PROFILE_UNKNOWN,      /* one line in `why` */
};

struct profile_status {
    enum profile_state state;
    bool keep;       /* until `pointsman disable` */
    bool is_default; /* the proxy is Codex's default provider */
    bool files;      /* profiles are files; false: tables in config.toml */
};

/* Returns the state. Changes nothing. `why`: see PROFILE_UNKNOWN. */
struct profile_status profile_look(struct buf *why);
/* Returns "standard", "cost-routing", … */
const char *profile_state_name(enum profile_state state);

#endif
