/* pure. simple-shuffle: the first attempts are distributed by weight. */
#include "common/mix.h"
#include "proxy/route/plan.h"

#include <math.h>

/* Sorting by -ln(u)/weight, u uniform in (0,1), is a weighted shuffle (Efraimidis and Spirakis 2006). u depends on the
 * draw and the deployment only, so a deployment that drops out does not change the order of the others. */
static void rank(const struct plan_input *in, struct choice *choices, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const struct deployment *d = choices[i].deployment;
        choices[i].score = d->weight;
        choices[i].key = d->weight > 0 ? -log(mix_uniform(in->draw ^ mix(d->index + 1))) / d->weight : INFINITY;
    }
}

const struct strategy STRATEGY_SHUFFLE = {
    .id = STRATEGY_SIMPLE_SHUFFLE,
    .unit = "weight",
    .rank = rank,
};
