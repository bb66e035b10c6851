/* keys: main. What the processes of a proxy with virtual keys share; made by their parent before it starts them. */
#ifndef POINTSMAN_SERVE_KEYS_H
#define POINTSMAN_SERVE_KEYS_H

#include "common/harden.h"
#include "proxy/config/config.h"
#include "proxy/keys/gate.h"

struct keys {
    struct gate gate;
    char *path; /* of the store */
    unsigned char master_hash[KEY_HASH_SIZE];
    struct zone zone;
    struct period retention; /* of the ledger; PERIOD_NEVER: for ever */
    bool has_zone;
    int wake_fd; /* an eventfd */
};

/* Makes what is shared. The configuration has a key store. false: the reason was logged. */
MUST_CHECK bool keys_set_up(struct keys *k, const struct config *config);
/* Runs in the keeper's process; see keeper_run(). */
int keys_keep(struct keys *k, const int *channels, unsigned count, int control, struct harden_status *harden);

#endif
