/* Ranges of days, from the query of a URL. */
#include "cgi/usage/app.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS 86400000

static const struct {
    const char *name;
    int days; /* with today; 0: all */
} RANGES[] = {{"today", 1}, {"7d", 7}, {"30d", 30}, {"all", 0}};

bool range_parameter(struct slice query, const char *name, struct slice *value)
{
    size_t len = strlen(name);
    while (query.len) {
        const char *mark = memchr(query.ptr, '&', query.len);
        struct slice part = {query.ptr, mark ? (size_t)(mark - query.ptr) : query.len};
        if (part.len > len && part.ptr[len] == '=' && memcmp(part.ptr, name, len) == 0) {
            *value = (struct slice){part.ptr + len + 1, part.len - len - 1};
            return true;
        }
        query.ptr += part.len + (mark != NULL);
        query.len -= part.len + (mark != NULL);
    }
    *value = (struct slice){"", 0};
    return false;
}

static int64_t day_of(int64_t time_ms)
{
    struct dates_day day = {0};
    dates_find_day(&day, time_ms);
    return day.number;
}

/* Noon of the day: adding 24 hours then always changes the day by one. */
static int64_t noon_of(int64_t number)
{
    char name[12];
    int64_t start;
    dates_name_day((int)number, name);
    return dates_read_option(name, 0, false, &start) ? start + DAY_MS / 2 : 0;
}

int64_t range_next_day(int64_t day)
{
    return day_of(noon_of(day) + DAY_MS);
}

static bool read_date(struct slice query, const char *name, int64_t *day, struct buf *error)
{
    struct slice value;
    char text[16];
    int64_t time_ms;
    if (!range_parameter(query, name, &value) || !value.len)
        return true;
    (void)snprintf(text, sizeof text, "%.*s", SLICE_ARGS(value));
    if (value.len == 10 && dates_read_option(text, 0, false, &time_ms)) {
        *day = day_of(time_ms);
        return true;
    }
    buf_add_format(error, "%s: expected a date such as 2026-11-01.", name);
    return false;
}

static bool read_by(struct slice query, enum usage_by *by, struct buf *error)
{
    struct slice value;
    unsigned i = BY_MODEL;
    *by = BY_MODEL;
    if (!range_parameter(query, "by", &value) || !value.len)
        return true;
    for (i = 0; i < BYS && !slice_is(value, usage_by_name((enum usage_by)i)); i++)
        ;
    *by = (enum usage_by)i;
    if (i == BYS)
        BUF_ADD(error, "by: expected day, hour, model, provider, alias, client, key or conversation.");
    return i < BYS;
}

bool range_read(struct slice query, int64_t now_ms, struct range *range, struct buf *error)
{
    struct slice name;
    int days = 7;
    *range = (struct range){.name = "7d", .last = day_of(now_ms)};
    if (!read_by(query, &range->by, error) || !filter_read(query, &range->filter, error))
        return false;
    if (range_parameter(query, "range", &name) && name.len) {
        size_t i = 0;
        while (i < sizeof RANGES / sizeof *RANGES && !slice_is(name, RANGES[i].name))
            i++;
        if (i == sizeof RANGES / sizeof *RANGES) {
            BUF_ADD(error, "range: expected today, 7d, 30d or all.");
            return false;
        }
        range->name = RANGES[i].name;
        days = RANGES[i].days;
    }
    range->first = days ? day_of(noon_of(range->last) - (days - 1) * (int64_t)DAY_MS) : 0;
    int64_t first = 0, last = 0;
    if (!read_date(query, "since", &first, error) || !read_date(query, "until", &last, error))
        return false;
    if (!first && !last)
        return true;
    range->name = NULL;
    range->first = first;
    range->last = last ? last : range->last;
    if (range->first > range->last)
        BUF_ADD(error, "since: the first day must not be after the last one.");
    return range->first <= range->last;
}

struct range range_before(const struct range *range)
{
    struct range before = {.by = range->by};
    if (!range->first)
        return before;
    int64_t first = noon_of(range->first), days = (noon_of(range->last) - first + DAY_MS / 2) / DAY_MS + 1;
    before.last = day_of(first - DAY_MS);
    before.first = day_of(first - days * DAY_MS);
    return before;
}

void range_add_query(const struct range *range, struct buf *out)
{
    char first[12], last[12];
    dates_name_day((int)range->first, first);
    dates_name_day((int)range->last, last);
    if (range->name)
        buf_add_format(out, "range=%s", range->name);
    else if (range->first)
        buf_add_format(out, "since=%s&amp;until=%s", first, last);
    else
        buf_add_format(out, "until=%s", last);
    filter_add_query(&range->filter, out);
}
