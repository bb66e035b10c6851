/* pure: decisions as text. */
#include "proxy/route/explain.h"

#include <math.h>

/* Appends the terms of the score; skips those that are 0. */
static void add_terms(const struct strategy *s, const struct choice *c, struct buf *out)
{
    const char *between = ": ";
    for (size_t i = 0; i < STRATEGY_TERMS && s->terms[i].name; i++) {
        const struct strategy_term *term = &s->terms[i];
        double figure = (double)c->terms[i] * term->scale;
        if (figure == 0)
            continue;
        buf_add_format(out, "%s%s %.2g%s", between, term->label, figure, term->unit);
        between = ", ";
    }
}

void explain_choice(const struct strategy *s, const struct choice *c, struct buf *out)
{
    if (c->limit != LIMIT_NONE) {
        limit_message(c, NULL, out);
        return;
    }
    if (isnan(c->score)) {
        buf_add_text(out, "not compared");
        return;
    }
    buf_add_format(out, "%.3g %s", c->score, s->unit);
    add_terms(s, c, out);
}
