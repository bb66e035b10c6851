/* pure: a table from conversations to the hashes of their prompts. */
#include "proxy/route/prefixes.h"

#include <string.h>

unsigned prefixes_find(const struct prefixes *all, uint64_t key, struct prefix lines[PREFIX_LINES])
{
    const struct prefix_entry *set = all->sets[key % PREFIX_SETS];
    unsigned count = 0;
    for (unsigned i = 0; i < PREFIX_LINES; i++)
        if (set[i].key == key)
            lines[count++] = set[i].prefix;
    return count;
}

/* The entry to write: the line of the turn before or an equal one, else an unused one, else the oldest. */
static struct prefix_entry *entry_for(struct prefixes *all, uint64_t key, const struct prefix *before,
                                      const struct prefix *now)
{
    struct prefix_entry *set = all->sets[key % PREFIX_SETS], *oldest = set;
    for (unsigned i = 0; i < PREFIX_LINES; i++) {
        if (set[i].key == key && ((before && memcmp(&set[i].prefix, before, sizeof *before) == 0) ||
                                  memcmp(&set[i].prefix, now, sizeof *now) == 0))
            return &set[i];
        if (oldest->key && (!set[i].key || all->stamp - set[i].stamp > all->stamp - oldest->stamp))
            oldest = &set[i];
    }
    return oldest;
}

void prefixes_record(struct prefixes *all, uint64_t key, const struct prefix *before, const struct prefix *now)
{
    struct prefix_entry *entry = entry_for(all, key, before, now);
    *entry = (struct prefix_entry){.key = key, .stamp = ++all->stamp, .prefix = *now};
}
