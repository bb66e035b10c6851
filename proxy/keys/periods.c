/* pure: durations, and periods as a function of time. */
#include "proxy/keys/periods.h"

#include <stdio.h>

#define DAY 86400 /* seconds */
#define MONDAY 4  /* 1970-01-05, in days */
#define LONGEST ((int64_t)36525 * DAY)

static const struct {
    const char *name;
    enum period_unit unit;
    uint32_t size; /* in units of `unit` */
    int32_t seconds;
} UNITS[] = {
    {"s", PERIOD_SECONDS, 1, 1}, {"m", PERIOD_SECONDS, 60, 60},  {"h", PERIOD_SECONDS, 3600, 3600},
    {"d", PERIOD_DAYS, 1, DAY},  {"w", PERIOD_DAYS, 7, 7 * DAY}, {"mo", PERIOD_MONTHS, 1, 30 * DAY},
};

static const struct {
    const char *name;
    struct period period;
} NAMED[] = {
    {"hourly", {PERIOD_SECONDS, 3600, 0}},
    {"daily", {PERIOD_SECONDS, DAY, 0}},
    {"weekly", {PERIOD_DAYS, 7, 0}},
    {"monthly", {PERIOD_DAYS, 30, 0}},
};

bool periods_parse(struct slice text, struct period *out)
{
    for (unsigned i = 0; i < sizeof NAMED / sizeof *NAMED; i++)
        if (slice_is(text, NAMED[i].name))
            return *out = NAMED[i].period, true;
    int64_t count = 0;
    size_t digits = 0;
    for (; digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9'; digits++)
        if (count <= LONGEST)
            count = count * 10 + (text.ptr[digits] - '0');
    struct slice unit = {text.ptr + digits, text.len - digits};
    for (unsigned i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (slice_is(unit, UNITS[i].name) && count > 0 && count <= LONGEST / UNITS[i].seconds) {
            *out = (struct period){UNITS[i].unit, (uint32_t)count * UNITS[i].size, 0};
            return true;
        }
    return false;
}

bool period_resets(const struct period *p)
{
    return p->unit != PERIOD_MONTHS || p->count == 1;
}

static bool is_month(const struct period *p)
{
    return p->unit == PERIOD_MONTHS || (p->unit == PERIOD_DAYS && p->count == 30);
}

static bool is_anchored(const struct period *p)
{
    return p->unit == PERIOD_DAYS && p->count != 1 && p->count != 7 && p->count != 30;
}

bool period_equal(const struct period *a, const struct period *b)
{
    if (is_month(a) || is_month(b))
        return is_month(a) && is_month(b);
    return a->unit == b->unit && a->count == b->count && (!is_anchored(a) || a->anchor_ms == b->anchor_ms);
}

static int64_t floor_of(int64_t value, int64_t step)
{
    int64_t rest = value % step;
    return value - (rest < 0 ? rest + step : rest);
}

/* Days since 1970 of a day of the Gregorian calendar, and back: Howard Hinnant's algorithms, whose years begin in
 * March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = floor_of(year, 400) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    days += 719468;
    int64_t era = floor_of(days, 146097) / 146097, of_era = days - era * 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100), shifted = (5 * of_year + 2) / 153;
    *day = of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = years + era * 400 + (*month <= 2);
}

/* Days since 1970 of the 1st of the month that is `months` after that of `days`. */
static int64_t first_of_month(int64_t days, int64_t months)
{
    int64_t year, month, day;
    date_of(days, &year, &month, &day);
    int64_t all = year * 12 + month - 1 + months;
    return days_of(floor_of(all, 12) / 12, all - floor_of(all, 12) + 1, 1);
}

int64_t period_after(const struct period *p, int64_t now_ms)
{
    if (p->unit == PERIOD_NEVER)
        return INT64_MAX;
    if (p->unit != PERIOD_MONTHS)
        return now_ms + (int64_t)p->count * (p->unit == PERIOD_DAYS ? DAY : 1) * 1000;
    int64_t today = floor_of(now_ms, DAY * 1000) / (DAY * 1000);
    int64_t day = today - first_of_month(today, 0), first = first_of_month(today, p->count);
    int64_t last = first_of_month(today, p->count + 1) - 1;
    int64_t then = first + day < last ? first + day : last;
    return then * DAY * 1000 + (now_ms - today * DAY * 1000);
}

char *period_text(const struct period *p, char out[PERIOD_TEXT_SIZE])
{
    const char *unit = p->unit == PERIOD_MONTHS ? "mo" : p->unit == PERIOD_DAYS ? "d" : "s";
    uint32_t count = p->count;
    if (p->unit == PERIOD_SECONDS && count % 60 == 0) {
        unit = count % 3600 == 0 ? "h" : "m";
        count /= count % 3600 == 0 ? 3600 : 60;
    }
    *out = 0;
    if (p->unit != PERIOD_NEVER)
        (void)snprintf(out, PERIOD_TEXT_SIZE, "%u%s", count, unit);
    return out;
}

char *period_date(int64_t unix_ms, char out[PERIOD_DATE_SIZE])
{
    int64_t year, month, day, second = floor_of(unix_ms, 1000) / 1000;
    if (unix_ms == INT64_MAX)
        return memcpy(out, "never", sizeof "never");
    date_of(floor_of(second, DAY) / DAY, &year, &month, &day);
    second -= floor_of(second, DAY);
    year = year < 0 ? 0 : year > 9999 ? 9999 : year;
    (void)snprintf(out, PERIOD_DATE_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int)year, (int)month, (int)day,
                   (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
    return out;
}

/* The index of the change of the zone that is in force. */
static unsigned change_at(const struct zone *zone, int64_t unix_s)
{
    unsigned low = 0, high = zone->count;
    while (high - low > 1) {
        unsigned middle = (low + high) / 2;
        *(zone->changes[middle].from_s <= unix_s ? &low : &high) = middle;
    }
    return low;
}

/* The latest time that the wall clock has shown by now, seconds. It does not go back. */
static int64_t wall_clock(const struct zone *zone, int64_t unix_s)
{
    unsigned i = change_at(zone, unix_s);
    int64_t wall = unix_s + zone->changes[i].offset_s;
    int64_t before = i > 0 ? zone->changes[i].from_s - 1 + zone->changes[i - 1].offset_s : wall;
    return wall > before ? wall : before;
}

/* The first moment at which the wall clock shows `wall` or more; `near` is within a period of it. */
static int64_t moment_of(const struct zone *zone, int64_t wall, int64_t near)
{
    unsigned i = change_at(zone, near);
    while (i > 0 && wall - zone->changes[i - 1].offset_s < zone->changes[i].from_s)
        i--;
    while (i + 1 < zone->count && wall - zone->changes[i].offset_s >= zone->changes[i + 1].from_s)
        i++;
    int64_t moment = wall - zone->changes[i].offset_s;
    return moment > zone->changes[i].from_s ? moment : zone->changes[i].from_s;
}

/* The begin of the period with this time of the wall clock, or of the next one; on the wall clock, seconds. */
static int64_t wall_start(const struct period *p, int64_t wall, bool next, const struct zone *zone)
{
    if (is_month(p))
        return first_of_month(floor_of(wall, DAY) / DAY, next) * DAY;
    int64_t step = p->unit == PERIOD_DAYS ? (int64_t)p->count * DAY : (int64_t)p->count, first = 0;
    if (p->unit == PERIOD_DAYS && p->count == 7)
        first = MONDAY * DAY;
    if (is_anchored(p))
        first = floor_of(wall_clock(zone, floor_of(p->anchor_ms, 1000) / 1000), DAY);
    return first + floor_of(wall - first, step) + (next ? step : 0);
}

static const struct zone UTC = {.count = 1, .changes = {{INT64_MIN / 2, 0}}};

static int64_t boundary(const struct period *p, int64_t now_ms, bool next, const struct zone *zone)
{
    int64_t now = floor_of(now_ms, 1000) / 1000;
    zone = zone ? zone : &UTC;
    return moment_of(zone, wall_start(p, wall_clock(zone, now), next, zone), now) * 1000;
}

int64_t period_start(const struct period *p, int64_t now_ms, const struct zone *zone)
{
    return p->unit == PERIOD_NEVER ? 0 : boundary(p, now_ms, false, zone);
}

int64_t period_next(const struct period *p, int64_t now_ms, const struct zone *zone)
{
    return p->unit == PERIOD_NEVER ? INT64_MAX : boundary(p, now_ms, true, zone);
}
