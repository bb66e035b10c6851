/* pure: the probability of a hidden bad state. */
#include "proxy/route/suspicion.h"

#include <math.h>

/* Found by a search in the routing simulator: bench/routing-tune (bench/README.md, "Routing"). */
#define BASELINE 0.0055              /* probability without recent evidence: bad one two-hundredth of the time */
#define BASELINE_MAX 0.2             /* each strike after the first doubles the baseline, up to this */
#define FADES_MS 9000.0              /* time constant after the first strike; each further one doubles it */
#define FADES_MAX_MS 90000.0         /* upper bound of the time constant */
#define STRIKE_HALF_LIFE_MS 400000.0 /* half-life of strikes */
#define STRIKE_ABOVE 0.3             /* evidence that raises the probability above this is a strike */
#define CLEARED_BELOW 0.03           /* odds below this, lowered by evidence: the bad state is over */
#define STRIKE_REFUND 0.4            /* subtracted at a strike, instead of adding 1, if the bad state was over before */
#define ODDS_MAX 1e4                 /* evidence can still change the estimate */

static double strikes_at(const struct suspicion *s, uint64_t now_ms)
{
    return now_ms > s->struck_ms ? s->strikes * exp2(-(double)(now_ms - s->struck_ms) / STRIKE_HALF_LIFE_MS)
                                 : s->strikes;
}

double suspicion_read(const struct suspicion *s, uint64_t now_ms)
{
    if (s->odds <= 0)
        return BASELINE;
    double belief = s->odds / (1 + s->odds);
    if (now_ms <= s->at_ms)
        return belief;
    return s->baseline + (belief - s->baseline) * exp(-(double)(now_ms - s->at_ms) / s->fades_ms);
}

void suspicion_update(struct suspicion *s, double ratio, uint64_t now_ms)
{
    double before = suspicion_read(s, now_ms), odds = before / (1 - before) * ratio;
    if (before < STRIKE_ABOVE && odds / (1 + odds) >= STRIKE_ABOVE) {
        double strikes = strikes_at(s, now_ms);
        s->strikes = s->cleared && strikes > 1 ? strikes - STRIKE_REFUND : strikes + 1;
        s->cleared = false;
        s->struck_ms = now_ms;
    }
    s->odds = fmin(fmax(odds, 1 / ODDS_MAX), ODDS_MAX);
    if (ratio < 1 && s->odds < CLEARED_BELOW)
        s->cleared = true;
    if (now_ms > s->at_ms)
        s->at_ms = now_ms;
    double doubled = exp2(fmax(strikes_at(s, now_ms) - 1, 0));
    s->baseline = fmin(BASELINE * doubled, BASELINE_MAX);
    s->fades_ms = fmin(FADES_MS * doubled, FADES_MAX_MS);
}
