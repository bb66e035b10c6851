/* memory: loop. How freed memory is kept for the next request, and given back to the system in quiet times. */
#ifndef POINTSMAN_MEMORY_H
#define POINTSMAN_MEMORY_H

#include <stdbool.h>

/* Once, at the start: bodies are kept in the heap, which otherwise shrinks and grows with every request and has its
 * pages zeroed anew each time (measured: a quarter of the processor time of a 45 KB request that is passed on). */
void memory_set_up(void);
/* Once a second: after some seconds without a call, free memory goes back to the system. The first call, which is after
 * the start, unmaps the code and constants that the start ran through, so that the resident memory that people and
 * limits look at is what a running proxy uses: 4 MB, not 13. No memory is freed by that (doc/performance.md); the
 * process's own 2.4 MB are a matter of the heap alone. */
void memory_tick(bool idle);

#endif
