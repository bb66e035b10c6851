/* loop: how freed memory is kept for the next request, and given back to the system in quiet times. */
#include "proxy/memory.h"

#include <stdlib.h>   /* says whether this is glibc */
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define KEEP_FREE (8 << 20)      /* bytes at the heap's end */
#define MAP_FROM (4 << 20)       /* larger blocks are the system's own business */
#define QUIET_S 10

void memory_set_up(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, KEEP_FREE);
    (void)mallopt(M_MMAP_THRESHOLD, MAP_FROM);
#endif
}

void memory_tick(bool idle)
{
    static unsigned quiet_s = QUIET_S;   /* nothing was freed yet */
    if (!idle) {
        quiet_s = 0;
    } else if (quiet_s < QUIET_S && ++quiet_s == QUIET_S) {
#ifdef __GLIBC__
        (void)malloc_trim(0);
#endif
    }
}
