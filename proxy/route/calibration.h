/* calibration: pure. Bytes of prompt per token for one model, learned from the provider's token counts. Used to
 * estimate prompts. */
#ifndef POINTSMAN_CALIBRATION_H
#define POINTSMAN_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

struct calibration {
    double bytes_per_token; /* moving average; 0: no sample */
    double error; /* moving average of |estimated - counted| / counted, estimated before each sample was learned */
    uint64_t samples;
};

/* Learns from a prompt's size and the provider's token count (above 0). */
void calibration_observe(struct calibration *c, size_t prompt_bytes, int64_t tokens);

#endif
