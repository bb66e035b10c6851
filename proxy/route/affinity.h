/* affinity: pure. Remembers which deployment answered a conversation last, so that the conversation can stay there.
 * That provider has its prompt cached, and a change of the model in the middle of an agent's work costs more than it
 * saves. The table is bounded: a full set drops the conversation with the oldest request. */
#ifndef POINTSMAN_AFFINITY_H
#define POINTSMAN_AFFINITY_H

#include <stdint.h>

#define AFFINITY_WAYS 4 /* conversations per set */
#define AFFINITY_SETS 1024

struct affinity_entry {
    uint64_t key;          /* 0: unused */
    uint64_t last_ms;      /* ms, monotonic */
    int64_t prompt_tokens; /* of the last request; the provider's count if known */
    unsigned deployment;   /* index */
};

/* Zeroed memory is an empty table. */
struct affinity {
    struct affinity_entry sets[AFFINITY_SETS][AFFINITY_WAYS];
};

/* Returns the key of a conversation in one model group; never 0. The groups of a conversation are independent. */
uint64_t affinity_key(uint64_t conversation, const char *alias);
/* Returns the conversation's entry, valid until the table changes; NULL: unknown. */
const struct affinity_entry *affinity_find(const struct affinity *a, uint64_t key);
/* Records that the deployment answered the conversation. */
void affinity_record(struct affinity *a, uint64_t key, unsigned deployment, int64_t prompt_tokens, uint64_t now_ms);
#define AFFINITY_GONE (~0u) /* the deployment no longer exists */

/* Renumbers the deployments after a reload of the configuration: deployment i (0 to count - 1) is now map[i], or
 * AFFINITY_GONE. Forgets the conversations of deployments that are gone. */
void affinity_remap(struct affinity *a, const unsigned *map, unsigned count);

#endif
