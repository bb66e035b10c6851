/* pure: how much of a ChatGPT plan is used up. */
#include "proxy/upstream/rate_limits.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS_MAX (60 * 86400)
#define MINUTES_MAX (60 * 1440)
#define PERCENT_MAX 1000

/* A number between 0 and `max`; false for anything else. */
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
    }
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

void rate_limits_read(struct rate_limits *r, struct slice name, struct slice value)
{
    if (take_prefix(&name, "x-codex-primary-"))
        read_window(&r->primary, name, value);
    else if (take_prefix(&name, "x-codex-secondary-"))
        read_window(&r->secondary, name, value);
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

bool rate_limits_json(const struct rate_limits *r, struct buf *out)
{
    const struct { const char *name; const struct rate_window *window; } all[] = {
        {"primary", &r->primary}, {"secondary", &r->secondary},
    };
    bool any = false;
    BUF_ADD(out, "{");
    for (size_t i = 0; i < 2; i++) {
        const struct rate_window *w = all[i].window;
        if (!w->known)
            continue;
        buf_add_format(out, "%s\"%s\":{\"used_percent\":%.6g,\"window_minutes\":%d,\"reset_after_seconds\":%d}",
                       any ? "," : "", all[i].name, w->used_percent, w->window_minutes, w->reset_after_s);
        any = true;
    }
    return BUF_ADD(out, "}");
}
