/* calibration: pure. How many bytes of a prompt make a token for one model, learned from the counts that its provider
 * gives; what stands in where a provider gives none. */
#ifndef POINTSMAN_CALIBRATION_H
#define POINTSMAN_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

struct calibration {
    double bytes_per_token; /* moving average; 0: nothing observed yet */
    double error; /* moving average of |estimated - counted| / counted, estimated before each count was known */
    uint64_t samples;
};

/* Takes a prompt's size and the provider's count of it (above 0) into account. */
void calibration_observe(struct calibration *c, size_t prompt_bytes, int64_t tokens);

#endif
