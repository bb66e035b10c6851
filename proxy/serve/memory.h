/* memory: loop. How freed memory is kept for the next request, and given back to the system in quiet times. */
#ifndef POINTSMAN_MEMORY_H
#define POINTSMAN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Once, at the start: bodies are kept in the heap, which otherwise shrinks and grows with every request and has its
 * pages zeroed anew each time (measured: a quarter of the processor time of a 45 KB request that is passed on). */
void memory_set_up(void);
/* Once a second: after some seconds without a call, free memory goes back to the system. The first call, which is after
 * the start, unmaps the code and constants that the start ran through, so that the resident memory that people and
 * limits look at is what a running proxy uses: 4 MB, not 13. No memory is freed by that (doc/performance.md); the
 * process's own 2.4 MB are a matter of the heap alone. */
void memory_tick(bool idle);
/* Bytes of memory that this process may use: the machine's, or less where a control group has a limit (a container, a
 * systemd unit). `root` goes before the paths of /proc and /sys: "" but in tests. */
size_t memory_of_machine(const char *root);
/* What the bodies of requests may take of it if max_body_memory is not set: a quarter, and 256 MB at least. */
size_t memory_for_bodies(size_t machine);

#endif
