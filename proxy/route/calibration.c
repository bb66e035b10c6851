/* pure: bytes per token of one model's prompts. */
#include "proxy/route/calibration.h"

#include "proxy/terms/usage.h"

#include <math.h>

#define WEIGHT 0.1 /* of the newest sample; the steps of a conversation are alike, so about a dozen samples suffice */

void calibration_observe(struct calibration *c, size_t prompt_bytes, int64_t tokens)
{
    if (!prompt_bytes || tokens <= 0)
        return;
    double counted = (double)tokens, ratio = (double)prompt_bytes / counted;
    double believed = c->samples ? c->bytes_per_token : USAGE_BYTES_PER_TOKEN;
    double error = fabs((double)prompt_bytes / believed - counted) / counted;
    double weight = c->samples ? WEIGHT : 1;
    c->bytes_per_token += weight * (ratio - c->bytes_per_token);
    c->error += weight * (error - c->error);
    c->samples++;
}
