/* loop: the ceiling on memory for request bodies. */
#include "proxy/serve/bodies.h"

#include "proxy/serve/memory.h"

void bodies_set_up(struct bodies *b, struct share *share)
{
    b->ceiling = (struct ceiling){.rows = &b->row, .count = 1};
    if (share)
        b->ceiling = (struct ceiling){
            .rows = share_ceiling_rows(share), .count = share_workers(share), .own = share_worker(share)};
}

void bodies_limit(struct bodies *b, const struct config *config, size_t machine)
{
    int64_t megabytes = config->max_body_memory_mb;
    b->ceiling.max = megabytes > 0 ? (size_t)megabytes << 20 : memory_for_bodies(machine);
}
