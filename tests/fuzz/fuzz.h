/* fuzz: a fuzz target: libFuzzer's entry point and its seeds. Linked with replay.c it is a test without libFuzzer;
 * linked with -fsanitize=fuzzer it runs until it is stopped. */
#ifndef POINTSMAN_FUZZ_H
#define POINTSMAN_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Ends with NULL. */
extern const char *const fuzz_seeds[];

#endif
