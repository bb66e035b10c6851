/* affinity: pure. Which deployment a conversation was served by last, so that it stays there: its prompt is in that
 * provider's cache, and a change of model in the middle of an agent's work costs more than it saves. A bounded table:
 * where it is full, the conversation that was silent longest is forgotten. */
#ifndef POINTSMAN_AFFINITY_H
#define POINTSMAN_AFFINITY_H

#include <stdint.h>

#define AFFINITY_WAYS 4
#define AFFINITY_SETS 1024

struct affinity_entry {
    uint64_t key;          /* 0: free */
    uint64_t last_ms;      /* monotonic */
    int64_t prompt_tokens; /* of the last request, by the provider's count where it gave one */
    unsigned deployment;   /* its index */
};

/* Zeroed memory is an empty table. */
struct affinity {
    struct affinity_entry sets[AFFINITY_SETS][AFFINITY_WAYS];
};

/* The key of a conversation in one model group: what it is served by under one alias says nothing of another. Never 0.
 */
uint64_t affinity_key(uint64_t conversation, const char *alias);
/* The conversation's entry; NULL: it is not known. Valid until the table is changed. */
const struct affinity_entry *affinity_find(const struct affinity *a, uint64_t key);
/* The deployment has served the conversation. */
void affinity_note(struct affinity *a, uint64_t key, unsigned deployment, int64_t prompt_tokens, uint64_t now_ms);
#define AFFINITY_GONE (~0u)

/* The configuration was read anew: deployment i, of `count`, is now `map`[i]; conversations of one that is
 * AFFINITY_GONE are forgotten. */
void affinity_remap(struct affinity *a, const unsigned *map, unsigned count);

#endif
