/* pure: good and bad spells. */
#include "proxy/route/spell.h"

#include <math.h>

/* What is believed of providers in general. The values need not be exact: each outcome corrects them. */
#define MEAN_GOOD_MS 900000.0
#define MEAN_BAD_MS 20000.0
#define FAILS_IN_GOOD 0.004
#define FAILS_IN_BAD 0.65
#define USUALLY_BAD (MEAN_BAD_MS / (MEAN_GOOD_MS + MEAN_BAD_MS))

/* The probability of a bad spell: what was believed relaxes to what is usual. */
static double bad_now(const struct spell *s, uint64_t now_ms)
{
    double passed = now_ms > s->at_ms ? (double)(now_ms - s->at_ms) : 0;
    return USUALLY_BAD + s->excess * exp(-passed * (1 / MEAN_GOOD_MS + 1 / MEAN_BAD_MS));
}

void spell_observe(struct spell *s, bool failed, uint64_t now_ms)
{
    double bad = bad_now(s, now_ms);
    double in_bad = failed ? FAILS_IN_BAD : 1 - FAILS_IN_BAD, in_good = failed ? FAILS_IN_GOOD : 1 - FAILS_IN_GOOD;
    s->excess = bad * in_bad / (bad * in_bad + (1 - bad) * in_good) - USUALLY_BAD;
    if (now_ms > s->at_ms)
        s->at_ms = now_ms;
}

double spell_error_rate(const struct spell *s, uint64_t now_ms)
{
    double bad = bad_now(s, now_ms);
    return bad * FAILS_IN_BAD + (1 - bad) * FAILS_IN_GOOD;
}
