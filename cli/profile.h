/* profile: the managed Codex profiles cost-routing and cost-routing-hf: put into CODEX_HOME, and taken out again so
 * that every file is byte for byte what it was. A command that was killed at any point is undone by the next one. */
#ifndef POINTSMAN_CLI_PROFILE_H
#define POINTSMAN_CLI_PROFILE_H

#include "cli/lease.h"
#include "cli/profile_text.h"

struct profile_request {
    struct profile_spec spec;
    bool keep;                 /* until "disable"; else while somebody holds a lease */
    const char *config;        /* the proxy's configuration, for the catalog of its models; NULL: no catalogs */
    struct slice codex_models; /* what `codex debug models` printed; empty: no catalogs (spec.catalogs is set by it) */
};

/* Enables the profiles, or changes them to what is asked for. `lease`: taken in the same step; NULL: none. Profiles
 * that are kept already stay kept. false with a sentence in `why`: all is as it was. */
MUST_CHECK bool profile_enable(const struct profile_request *request, struct lease *lease, struct buf *why);

/* Takes a lease on the profiles as they are. */
MUST_CHECK bool profile_join(struct lease *lease, struct buf *why);

enum profile_outcome {
    PROFILE_DONE,    /* all is as it was before */
    PROFILE_WAS_OFF, /* there was nothing to undo */
    PROFILE_LATER,   /* somebody holds a lease: the last one out will do it */
    PROFILE_FAILED,  /* with a sentence in `why` */
};

/* Disables them. */
enum profile_outcome profile_disable(struct buf *why);
/* Ends the lease, and disables the profiles if it was the last one and they are not kept. */
enum profile_outcome profile_leave(struct lease *lease, struct buf *why);
/* Undoes what a killed command has left; PROFILE_WAS_OFF: nothing was left. */
enum profile_outcome profile_recover(struct buf *why);

enum profile_state {
    PROFILE_STANDARD,     /* Codex is as it comes */
    PROFILE_COST_ROUTING, /* the profiles are there */
    PROFILE_INTERRUPTED,  /* a command was killed: the next one that changes profiles puts things right */
    PROFILE_UNKNOWN,      /* with a sentence in `why` */
};

struct profile_status {
    enum profile_state state;
    bool keep;       /* until "disable" */
    bool is_default; /* the proxy is Codex's default provider */
    bool files;      /* profiles are files; else tables in config.toml */
};

/* For `status` and `doctor`: looks, changes nothing. */
struct profile_status profile_look(struct buf *why);
/* "standard", "cost-routing", … */
const char *profile_state_name(enum profile_state state);

#endif
