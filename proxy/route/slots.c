/* pure: a posterior distribution over the number of slots. */
#include "proxy/route/slots.h"

#include <math.h>

/* The last case means no limit; the prior favors it. */
static const unsigned CASES[SLOTS_CASES] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 1u << 30};
static const double PRIOR[SLOTS_CASES] = {0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.04, 0.64};

/* Found by a search in the routing simulator: bench/routing-tune (bench/README.md, "Routing"). */
#define SPREAD_AT_ONCE 0.6 /* standard deviation of the logarithm of the TTFT, without a wait */
#define SPREAD_WAITED 0.9  /* with a wait */
#define OUTLIER 0.03       /* likelihood of any TTFT, whatever the case */
#define DECAY 0.97         /* weight of the older samples at each new one */
#define LOG_RANGE 8.0      /* lower bound of the log-likelihood ratios, negated */

static double wait_ms(unsigned cases, unsigned others, double call_ms)
{
    return others < CASES[cases] ? 0 : (others - CASES[cases] + 1) * call_ms / CASES[cases];
}

static double log_likelihood(double log_ttft, double expected_ms, double spread)
{
    double z = (log_ttft - log(expected_ms)) / spread;
    return log(exp(-z * z / 2) / spread + OUTLIER);
}

void slots_observe(struct slots *s, unsigned others, double ttft_ms, double usual_ms, double call_ms)
{
    if (others == 0 || !(ttft_ms > 0) || !(usual_ms > 0))
        return;
    double most = -INFINITY, log_ttft = log(ttft_ms);
    for (unsigned i = 0; i < SLOTS_CASES; i++) {
        double wait = wait_ms(i, others, call_ms);
        double spread = wait > 0 ? SPREAD_WAITED : SPREAD_AT_ONCE;
        s->log_ratio[i] = DECAY * s->log_ratio[i] + log_likelihood(log_ttft, usual_ms + wait, spread);
        most = fmax(most, s->log_ratio[i]);
    }
    for (unsigned i = 0; i < SLOTS_CASES; i++) {
        s->log_ratio[i] = fmax(s->log_ratio[i] - most, -LOG_RANGE);
        s->weight[i] = PRIOR[i] * exp(s->log_ratio[i]);
    }
}

double slots_wait_ms(const struct slots *s, unsigned others, double call_ms)
{
    const double *weights = s->weight[0] > 0 ? s->weight : PRIOR;
    double sum = 0, all = 0;
    for (unsigned i = 0; i < SLOTS_CASES; i++) {
        all += weights[i];
        sum += weights[i] * wait_ms(i, others, call_ms);
    }
    return sum / all;
}
