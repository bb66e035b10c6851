/* pure. Figures as people read them. */
#include "usage/text.h"

#include <math.h>

void text_add_count(double count, struct buf *out)
{
    static const char UNITS[] = "kMGTP";
    unsigned unit = 0;
    if (!isfinite(count)) {
        BUF_ADD(out, "-");
        return;
    }
    if (count < 10000) {
        buf_add_format(out, "%.0f", count);
        return;
    }
    for (count /= 1000; count >= 999.5 && UNITS[unit + 1]; count /= 1000)
        unit++;
    buf_add_format(out, count < 99.95 ? "%.1f%c" : "%.0f%c", count, UNITS[unit]);
}

void text_add_money(double usd, struct buf *out)
{
    const char *sign = usd < 0 ? "-" : "";
    if (!isfinite(usd))
        BUF_ADD(out, "-");
    else
        buf_add_format(out, fabs(usd) >= 100 ? "%s$%.0f" : fabs(usd) >= 1 ? "%s$%.2f" : "%s$%.4f", sign, fabs(usd));
}

void text_add_seconds(double ms, struct buf *out)
{
    if (isfinite(ms))
        buf_add_format(out, ms < 9950 ? "%.1f" : "%.0f", ms / 1000);
    else
        BUF_ADD(out, "-");
}

void text_add_sum(const struct usage_sums *s, enum usage_figure figure, struct buf *out)
{
    double value = sums_figure(s, figure);
    bool usd = figure >= FIGURE_COST;
    if (!usd && s->estimated && isfinite(value))
        BUF_ADD(out, "~");
    (usd ? text_add_money : text_add_count)(value, out);
    if (isfinite(value) && s->figures[figure].unknown)
        BUF_ADD(out, "+");
}
