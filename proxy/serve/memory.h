/* memory: loop. Keeps freed memory for the next request; returns it to the system when idle. */
#ifndef POINTSMAN_MEMORY_H
#define POINTSMAN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Call once at startup. Keeps request bodies in the heap. Otherwise the heap shrinks and grows with every request and
 * the kernel zeroes its pages each time: a quarter of the CPU time of a 45 KB pass-through request. */
void memory_set_up(void);
/* Call once a second. Returns free memory to the system after 10 s without a request, and all but 8 MB of it once in a
 * minute with requests: sooner, large requests would spend a third of their time on getting it back. The first call,
 * after startup, unmaps the code and constants that only startup used: resident memory is then what a running proxy
 * uses, 4 MB instead of 13 MB. This frees no memory (doc/performance.md): the process's private 2.4 MB depend on the
 * heap alone. */
void memory_tick(bool idle);
/* Returns the memory this process may use, bytes: the machine's, or less if a control group has a limit (container,
 * systemd unit). `root` is prepended to /proc and /sys: "" except in tests. */
size_t memory_of_machine(const char *root);
/* Returns the default of max_body_memory, bytes: a quarter of `machine`, at least 256 MB. */
size_t memory_for_bodies(size_t machine);

#endif
