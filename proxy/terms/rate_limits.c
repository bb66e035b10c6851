/* pure: a provider's rate limits. */
#include "proxy/terms/rate_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Larger values are ignored as invalid. */
#define SECONDS_MAX (60 * 86400)
#define MINUTES_MAX (60 * 1440)
#define PERCENT_MAX 1000
#define COUNT_MAX 1e15
#define UNIX_MAX_S 1e11
#define BELIEVED_S 3600 /* s; then a call tests the limit, even if its reset is later */

/* Reads a number between 0 and `max`. false: something else. */
static bool read_number(struct slice value, double max, double *out)
{
    char text[32], *end;
    if (!value.len || value.len >= sizeof text)
        return false;
    memcpy(text, value.ptr, value.len);
    text[value.len] = '\0';
    *out = strtod(text, &end);
    return !*end && *out >= 0 && *out <= max;
}

static void read_window(struct rate_window *w, struct slice name, struct slice value)
{
    double number;
    if (slice_is_nocase(name, "used-percent") && read_number(value, PERCENT_MAX, &number)) {
        w->used_percent = number;
        w->known = true;
    } else if (slice_is_nocase(name, "window-minutes") && read_number(value, MINUTES_MAX, &number)) {
        w->window_minutes = (int)number;
    } else if (slice_is_nocase(name, "reset-after-seconds") && read_number(value, SECONDS_MAX, &number)) {
        w->reset_after_s = (int)ceil(number);
    } else if (slice_is_nocase(name, "reset-at") && read_number(value, UNIX_MAX_S, &number)) {
        w->reset_at_s = (int64_t)number;
    }
}

/* Reads the seconds of "1s", "6m0s", "2m59.56s", "120ms", "1h", or a plain number. false: something else. */
static bool read_duration(struct slice value, double *out)
{
    static const struct {
        const char *unit;
        double seconds;
    } UNITS[] = {
        {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400},
    };
    static const size_t COUNT = sizeof UNITS / sizeof *UNITS;
    double sum = 0, number;
    if (read_number(value, SECONDS_MAX, out))
        return true;
    while (value.len) {
        size_t digits = 0, unit = 0;
        while (digits < value.len &&
               ((value.ptr[digits] >= '0' && value.ptr[digits] <= '9') || value.ptr[digits] == '.'))
            digits++;
        struct slice rest = {value.ptr + digits, value.len - digits};
        while (unit < COUNT && !slice_starts(rest, UNITS[unit].unit))
            unit++;
        if (unit == COUNT || !read_number((struct slice){value.ptr, digits}, SECONDS_MAX * 1000.0, &number))
            return false;
        sum += number * UNITS[unit].seconds;
        size_t taken = digits + strlen(UNITS[unit].unit);
        value = (struct slice){value.ptr + taken, value.len - taken};
    }
    *out = sum;
    return sum > 0 && sum <= SECONDS_MAX;
}

static struct rate_allowance *allowance(struct rate_limits *r, struct slice name)
{
    return slice_is_nocase(name, "requests") ? &r->requests : slice_is_nocase(name, "tokens") ? &r->tokens : NULL;
}

static bool take_prefix(struct slice *name, const char *prefix)
{
    size_t len = strlen(prefix);
    if (name->len < len || !slice_is_nocase((struct slice){name->ptr, len}, prefix))
        return false;
    name->ptr += len;
    name->len -= len;
    return true;
}

static void read_allowance(struct rate_limits *r, struct slice name, struct slice value)
{
    double number;
    struct rate_allowance *a;
    if (take_prefix(&name, "remaining-") && (a = allowance(r, name)) && read_number(value, COUNT_MAX, &number)) {
        a->remaining = (int64_t)number;
        a->known = true;
    } else if (take_prefix(&name, "limit-") && (a = allowance(r, name)) && read_number(value, COUNT_MAX, &number)) {
        a->limit = (int64_t)number;
    } else if (take_prefix(&name, "reset-") && (a = allowance(r, name)) && read_duration(value, &number)) {
        a->reset_s = number;
    }
}

void rate_limits_read(struct rate_limits *r, struct slice name, struct slice value)
{
    if (take_prefix(&name, "x-codex-primary-"))
        read_window(&r->primary, name, value);
    else if (take_prefix(&name, "x-codex-secondary-"))
        read_window(&r->secondary, name, value);
    else if (take_prefix(&name, "x-ratelimit-"))
        read_allowance(r, name, value);
}

void rate_limits_date(struct rate_limits *r, int64_t now_s)
{
    struct rate_window *windows[] = {&r->primary, &r->secondary};
    for (size_t i = 0; i < 2; i++) {
        int64_t left = windows[i]->reset_at_s - now_s;
        if (!windows[i]->reset_after_s && left > 0 && left <= SECONDS_MAX)
            windows[i]->reset_after_s = (int)left;
    }
}

struct rate_limits rate_limits_aged(const struct rate_limits *r, uint64_t age_ms)
{
    struct rate_limits aged = *r;
    struct rate_window *windows[] = {&aged.primary, &aged.secondary};
    for (size_t i = 0; i < 2; i++) {
        int left = windows[i]->reset_after_s - (int)(age_ms / 1000);
        windows[i]->known = windows[i]->known && (left > 0 || !windows[i]->reset_after_s);
        windows[i]->reset_after_s = left > 0 ? left : 0;
    }
    return aged;
}

void rate_limits_fields(const struct rate_limits *r, int64_t now_s, struct buf *out)
{
    static const char *const names[] = {"primary", "secondary"};
    const struct rate_window *windows[] = {&r->primary, &r->secondary};
    for (size_t i = 0; i < 2; i++) {
        const struct rate_window *w = windows[i];
        if (!w->known)
            continue;
        buf_add_format(out, "x-codex-%s-used-percent: %g\r\n", names[i], w->used_percent);
        if (w->window_minutes)
            buf_add_format(out, "x-codex-%s-window-minutes: %d\r\n", names[i], w->window_minutes);
        if (w->reset_after_s)
            buf_add_format(out, "x-codex-%s-reset-at: %lld\r\n", names[i], (long long)(now_s + w->reset_after_s));
    }
}

int rate_limits_wait(const struct rate_limits *r)
{
    const struct rate_window *windows[] = {&r->primary, &r->secondary};
    int wait = -1;
    for (size_t i = 0; i < 2; i++)
        if (windows[i]->known && windows[i]->used_percent >= 100 && windows[i]->reset_after_s > wait)
            wait = windows[i]->reset_after_s;
    return wait;
}

double rate_limits_used_up_s(const struct rate_limits *r, uint64_t age_ms)
{
    const struct rate_allowance *allowances[] = {&r->requests, &r->tokens};
    double most = rate_limits_wait(r), age_s = (double)age_ms / 1000;
    for (size_t i = 0; i < 2; i++)
        if (allowances[i]->known && allowances[i]->limit && !allowances[i]->remaining && allowances[i]->reset_s > most)
            most = allowances[i]->reset_s;
    if (most > BELIEVED_S)
        most = BELIEVED_S;
    return most > age_s ? most - age_s : 0;
}

double rate_limits_used(const struct rate_limits *r, uint64_t age_ms)
{
    const struct rate_window *windows[] = {&r->primary, &r->secondary};
    const struct rate_allowance *allowances[] = {&r->requests, &r->tokens};
    double used = 0, age_s = (double)age_ms / 1000;
    for (size_t i = 0; i < 2; i++) {
        const struct rate_allowance *a = allowances[i];
        if (windows[i]->known && windows[i]->reset_after_s > age_s)
            used = fmax(used, windows[i]->used_percent / 100);
        if (a->known && a->limit > 0 && a->reset_s > age_s)
            used = fmax(used, 1 - (double)a->remaining / (double)a->limit);
    }
    return fmin(used, 1);
}

static void describe_allowance(const char *name, const struct rate_allowance *a, struct container in)
{
    if (!a->known)
        return;
    struct container allowance = document_add_object(in, name);
    document_add_count(allowance, "limit", a->limit);
    document_add_count(allowance, "remaining", a->remaining);
    document_add_number(allowance, "reset_after_seconds", a->reset_s, 6);
}

static void describe_window(const char *name, const struct rate_window *w, struct container in)
{
    if (!w->known)
        return;
    struct container window = document_add_object(in, name);
    document_add_number(window, "used_percent", w->used_percent, 6);
    document_add_count(window, "window_minutes", w->window_minutes);
    document_add_count(window, "reset_after_seconds", w->reset_after_s);
}

void rate_limits_describe(const struct rate_limits *r, struct container in)
{
    describe_window("primary", &r->primary, in);
    describe_window("secondary", &r->secondary, in);
    describe_allowance("requests", &r->requests, in);
    describe_allowance("tokens", &r->tokens, in);
}
