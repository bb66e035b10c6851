/* pure: a table from conversations to deployments. */
#include "proxy/route/affinity.h"

#include "common/mix.h"

#include <stddef.h>

uint64_t affinity_key(uint64_t conversation, const char *alias)
{
    uint64_t key = conversation;
    for (; *alias; alias++)
        key = mix(key ^ (unsigned char)*alias);
    return key ? key : 1;
}

const struct affinity_entry *affinity_find(const struct affinity *a, uint64_t key)
{
    const struct affinity_entry *set = a->sets[key % AFFINITY_SETS];
    for (size_t i = 0; i < AFFINITY_WAYS; i++)
        if (set[i].key == key)
            return &set[i];
    return NULL;
}

void affinity_record(struct affinity *a, uint64_t key, unsigned deployment, int64_t prompt_tokens, uint64_t now_ms)
{
    struct affinity_entry *set = a->sets[key % AFFINITY_SETS], *oldest = set;
    for (size_t i = 0; i < AFFINITY_WAYS; i++) {
        if (set[i].key == key) {
            oldest = &set[i];
            break;
        }
        if (!set[i].key || (oldest->key && set[i].last_ms < oldest->last_ms))
            oldest = &set[i];
    }
    *oldest = (struct affinity_entry){
        .key = key, .last_ms = now_ms, .prompt_tokens = prompt_tokens, .deployment = deployment};
}

void affinity_remap(struct affinity *a, const unsigned *map, unsigned count)
{
    for (size_t i = 0; i < AFFINITY_SETS; i++)
        for (size_t k = 0; k < AFFINITY_WAYS; k++) {
            struct affinity_entry *e = &a->sets[i][k];
            if (e->deployment < count && map[e->deployment] != AFFINITY_GONE)
                e->deployment = map[e->deployment];
            else
                *e = (struct affinity_entry){0};
        }
}
