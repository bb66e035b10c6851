/* memory: loop. How freed memory is kept for the next request, and given back to the system in quiet times. */
#ifndef POINTSMAN_MEMORY_H
#define POINTSMAN_MEMORY_H

#include <stdbool.h>

/* Once, at the start: bodies are kept in the heap, which otherwise shrinks and grows with every request and has its
 * pages zeroed anew each time (measured: a quarter of the processor time of a 45 KB request that is passed on). */
void memory_set_up(void);
/* Once a second: after some seconds without a call, what is free goes back to the system. The first time, which is
 * after the start, the code that only the start needed is unmapped. */
void memory_tick(bool idle);

#endif
