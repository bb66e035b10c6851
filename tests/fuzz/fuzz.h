/* fuzz: what a fuzz target is: libFuzzer's entry point, and inputs to start from. Linked with replay.c it runs without
 * libFuzzer, as a test; linked with -fsanitize=fuzzer it runs as long as one likes. */
#ifndef POINTSMAN_FUZZ_H
#define POINTSMAN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Ends with NULL. */
extern const char *const fuzz_seeds[];

#endif
