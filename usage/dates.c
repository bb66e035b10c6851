/* Reads points in time, and finds the local day of one. */
#include "usage/dates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Reads `count` digits at `at`. -1: other characters, or the text ends. */
static int digits(struct slice text, size_t at, size_t count)
{
    int value = 0;
    if (at + count > text.len)
        return -1;
    for (size_t i = at; i < at + count; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = 10 * value + (text.ptr[i] - '0');
    }
    return value;
}

static bool has(struct slice text, size_t at, char c)
{
    return at < text.len && text.ptr[at] == c;
}

/* Days from 1970-01-01 in the Gregorian calendar. The year begins in March here, so that the leap day is its last. */
static int64_t day_count(int year, int month, int day)
{
    int64_t y = year - (month <= 2), era = y / 400, year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

static bool read_date(struct slice text, int *year, int *month, int *day)
{
    static const int LENGTHS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    *year = digits(text, 0, 4);
    *month = digits(text, 5, 2);
    *day = digits(text, 8, 2);
    return has(text, 4, '-') && has(text, 7, '-') && *year >= 1970 && *month >= 1 && *month <= 12 && *day >= 1 &&
           *day <= LENGTHS[*month - 1];
}

/* The offset from UTC at the end of the text, in minutes. */
static bool read_offset(struct slice text, size_t at, int *minutes)
{
    *minutes = 0;
    if (at + 1 == text.len && (text.ptr[at] == 'Z' || text.ptr[at] == 'z'))
        return true;
    int hours = digits(text, at + 1, 2), rest = digits(text, at + 4, 2);
    if (at + 6 != text.len || (text.ptr[at] != '+' && text.ptr[at] != '-') || text.ptr[at + 3] != ':' || hours < 0 ||
        hours > 23 || rest < 0 || rest > 59)
        return false;
    *minutes = (text.ptr[at] == '-' ? -1 : 1) * (60 * hours + rest);
    return true;
}

bool dates_read(struct slice text, int64_t *time_ms)
{
    int year, month, day, offset, ms = 0;
    if (!read_date(text, &year, &month, &day))
        return false;
    int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
    size_t at = 19;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || !has(text, 13, ':') ||
        !has(text, 16, ':') || !(has(text, 10, 'T') || has(text, 10, 't') || has(text, 10, ' ')))
        return false;
    if (has(text, at, '.')) {
        int scale = 100;
        for (at++; digits(text, at, 1) >= 0; at++, scale /= 10)
            ms += scale * digits(text, at, 1);
    }
    if (at >= text.len || !read_offset(text, at, &offset))
        return false;
    int64_t minutes = (day_count(year, month, day) * 24 + hour) * 60 + minute - offset;
    *time_ms = (minutes * 60 + second) * 1000 + ms;
    return true;
}

/* Start of the local day that is `later` days after this one. */
static int64_t start_of_day(int year, int month, int day, int later)
{
    struct tm local = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day + later, .tm_isdst = -1};
    return (int64_t)mktime(&local) * 1000;
}

void dates_find_day(struct dates_day *day, int64_t time_ms)
{
    struct tm local;
    if (time_ms >= day->start_ms && time_ms < day->end_ms)
        return;
    time_t second = (time_t)(time_ms >= 0 ? time_ms / 1000 : 0);
    *day = (struct dates_day){0};
    if (!localtime_r(&second, &local))
        return;
    int year = local.tm_year + 1900, month = local.tm_mon + 1;
    *day = (struct dates_day){
        .start_ms = start_of_day(year, month, local.tm_mday, 0),
        .end_ms = start_of_day(year, month, local.tm_mday, 1),
        .number = year * 10000 + month * 100 + local.tm_mday,
    };
}

bool dates_read_option(const char *text, int64_t now_ms, bool end, int64_t *time_ms)
{
    int year, month, day;
    struct slice whole = slice_of(text);
    if (whole.len == 10 && read_date(whole, &year, &month, &day)) {
        *time_ms = start_of_day(year, month, day, end);
        return true;
    }
    if (dates_read(whole, time_ms))
        return true;
    char *unit;
    errno = 0;
    long count = strtol(text, &unit, 10);
    if (unit == text || errno || count < 1 || count > 1000000 || *text < '0' || *text > '9' || strlen(unit) != 1)
        return false;
    if (*unit == 'd') {
        struct dates_day today = {0};
        dates_find_day(&today, now_ms);
        *time_ms = start_of_day(today.number / 10000, today.number / 100 % 100, today.number % 100, 1 - (int)count);
        return true;
    }
    *time_ms = now_ms - count * (*unit == 'h' ? 3600000 : 60000);
    return *unit == 'h' || *unit == 'm';
}

void dates_name_day(int number, char name[12])
{
    (void)snprintf(name, 12, "%04u-%02u-%02u", (unsigned)number / 10000 % 10000, (unsigned)number / 100 % 100,
                   (unsigned)number % 100);
}

void dates_write(int64_t time_ms, char text[40])
{
    time_t second = (time_t)(time_ms / 1000);
    struct tm utc;
    char clock[32];
    if (!gmtime_r(&second, &utc) || !strftime(clock, sizeof clock, "%Y-%m-%dT%H:%M:%S", &utc))
        clock[0] = '\0';
    (void)snprintf(text, 40, "%s.%03uZ", clock, (unsigned)(time_ms % 1000));
}
