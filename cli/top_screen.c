/* The screen of `pointsman top`. */
#include "cli/top_screen.h"

#include "cli/terminal.h"
#include "usage/text.h"

#include <math.h>
#include <string.h>

#define BAR 10        /* columns */
#define REASONS_MAX 8 /* different reasons why deployments are not ready */
#define LAST 8        /* requests that have ended */
#define NAME 28       /* columns of a name */

/* A screen that is being written. */
struct page {
    const struct top_screen *screen;
    struct json state, metrics;
    unsigned lines;
    struct buf *out;
};

static bool has_room(const struct page *p)
{
    return !p->screen->height || p->lines + 1 < p->screen->height;
}

/* Appends a line, cut to the width. Control characters of foreign text become "?". */
static void add_line(struct page *p, const char *style, const struct buf *text)
{
    struct slice line = buf_slice(text);
    if (!has_room(p))
        return;
    buf_add_text(p->out, style);
    for (unsigned columns = 0; line.len; line.ptr++, line.len--) {
        columns += ((unsigned char)*line.ptr & 0xc0) != 0x80;
        if (columns > p->screen->width)
            break;
        buf_add_char(p->out, (unsigned char)*line.ptr < ' ' || *line.ptr == 0x7f ? '?' : *line.ptr);
    }
    buf_add_text(p->out, *style ? p->screen->plain : "");
    BUF_ADD(p->out, "\n");
    p->lines++;
}

static void add_blank(struct page *p)
{
    const struct buf none = {0};
    add_line(p, "", &none);
}

/* Appends text in a field: left-aligned for a positive width, right-aligned for a negative one. */
static void add_field(struct buf *line, struct slice text, int width)
{
    unsigned wide = (unsigned)(width < 0 ? -width : width), has = terminal_columns(text);
    if (width < 0)
        for (unsigned i = has; i < wide; i++)
            buf_add_char(line, ' ');
    for (unsigned columns = 0; text.len; text.ptr++, text.len--) {
        columns += ((unsigned char)*text.ptr & 0xc0) != 0x80;
        if (columns > wide)
            break;
        buf_add_char(line, *text.ptr);
    }
    if (width > 0)
        for (unsigned i = has; i < wide; i++)
            buf_add_char(line, ' ');
    buf_add_char(line, ' ');
}

static double number_at(const struct json *j, uint32_t object, const char *name)
{
    double value;
    uint32_t node = json_get(j, object, name);
    return node != JSON_NONE && json_double(j, node, &value) ? value : NAN;
}

static struct slice text_at(const struct json *j, uint32_t object, const char *name)
{
    struct slice text = json_inner(j, json_get(j, object, name));
    return text.ptr ? text : SLICE("");
}

static void add_number(struct buf *line, double value, int width, void (*add)(double value, struct buf *out))
{
    struct buf text;
    buf_init(&text, 64);
    add(value, &text);
    add_field(line, buf_slice(&text), width);
    buf_free(&text);
}

static void add_percent(double share, struct buf *out)
{
    if (isfinite(share))
        buf_add_format(out, "%.0f %%", 100 * share);
    else
        BUF_ADD(out, "-");
}

static void add_bar(double share, struct buf *out)
{
    BUF_ADD(out, " [");
    for (unsigned i = 0; i < BAR; i++)
        buf_add_char(out, i < (unsigned)lround(fmin(1, share) * BAR) ? '#' : '.');
    BUF_ADD(out, "]");
}

static unsigned length_of(const struct json *j, uint32_t array)
{
    unsigned count = 0;
    for (uint32_t at = array != JSON_NONE ? json_first(j, array) : JSON_NONE; at != JSON_NONE; at = json_next(j, at))
        count++;
    return count;
}

static void add_head(struct page *p)
{
    const struct json *m = &p->metrics;
    uint32_t total = json_get(m, json_get(m, 0, "spending"), "total");
    double spent = number_at(m, total, "spent_usd"), most = number_at(m, total, "max_cost_usd");
    struct buf line;
    buf_init(&line, 512);
    buf_add_format(&line, "pointsman top   %s   under way %u   spent ", p->screen->clock,
                   length_of(&p->state, json_get(&p->state, 0, "running")));
    text_add_money(spent, &line);
    if (most > 0) {
        BUF_ADD(&line, " of ");
        text_add_money(most, &line);
        add_bar(spent / most, &line);
    }
    if (isfinite(p->screen->usd_per_hour)) {
        BUF_ADD(&line, "   ");
        text_add_money(p->screen->usd_per_hour, &line);
        BUF_ADD(&line, "/h");
    }
    add_line(p, p->screen->bold, &line);
    buf_free(&line);
}

/* "cooldown 1:42 http_429" */
static void add_state(const struct json *j, uint32_t model, struct buf *line)
{
    struct slice reason = text_at(j, model, "hard_limit_reason");
    double left = number_at(j, model, "hard_limited_remaining_s");
    struct buf text;
    buf_init(&text, 256);
    if (!json_is(j, json_get(j, model, "hard_limited"), JSON_TRUE))
        BUF_ADD(&text, "ready");
    else if (left > 0)
        buf_add_format(&text, "%u:%02u %.*s", (unsigned)left / 60, (unsigned)left % 60, SLICE_ARGS(reason));
    else
        buf_add_slice(&text, reason);
    add_field(line, buf_slice(&text), 18);
    buf_free(&text);
}

/* Why deployments are not ready, and how many. */
struct reasons {
    struct {
        struct slice text;
        unsigned count;
    } list[REASONS_MAX];
    unsigned used, all;
};

static void count_reason(struct reasons *r, struct slice text)
{
    unsigned i = 0;
    while (i < r->used && !slice_equal(r->list[i].text, text))
        i++;
    r->all++;
    if (i == REASONS_MAX)
        return;
    r->list[i].text = text;
    r->list[i].count++;
    r->used += i == r->used;
}

static void add_reasons(struct page *p, const struct reasons *r)
{
    struct buf line;
    if (!r->all)
        return;
    buf_init(&line, 2048);
    buf_add_format(&line, "%u not ready:", r->all);
    for (unsigned i = 0; i < r->used; i++)
        buf_add_format(&line, "%s %.*s (%u)", i ? ";" : "", SLICE_ARGS(r->list[i].text), r->list[i].count);
    add_line(p, p->screen->faint, &line);
    buf_free(&line);
}

static void add_model(struct page *p, struct slice name, uint32_t model)
{
    const struct json *j = &p->state;
    bool limited = json_is(j, json_get(j, model, "hard_limited"), JSON_TRUE);
    double running = number_at(j, model, "in_flight");
    struct buf line;
    buf_init(&line, 1024);
    add_field(&line, name, NAME);
    add_state(j, model, &line);
    add_number(&line, running, -4, text_add_count);
    add_number(&line, number_at(j, model, "ewma_ttft_ms"), -6, text_add_seconds);
    add_number(&line, round(number_at(j, model, "ewma_tokens_per_second")), -5, text_add_count);
    add_number(&line, number_at(j, model, "ewma_error_rate"), -6, add_percent);
    add_number(&line, number_at(j, model, "calls"), -5, text_add_count);
    add_line(p, limited ? p->screen->bad : running > 0 ? p->screen->good : "", &line);
    buf_free(&line);
}

static void add_title(struct page *p, const char *text)
{
    struct buf line;
    buf_init(&line, 256);
    buf_add_text(&line, text);
    add_line(p, p->screen->bold, &line);
    buf_free(&line);
}

static void add_models(struct page *p)
{
    const struct json *j = &p->state;
    uint32_t models = json_get(j, 0, "models");
    struct reasons reasons = {.used = 0};
    add_title(p, "DEPLOYMENT                   STATE               RUN TTFT s TOK/S ERRORS CALLS");
    for (uint32_t key = models != JSON_NONE ? json_first(j, models) : JSON_NONE; key != JSON_NONE;
         key = json_next(j, key)) {
        uint32_t model = json_value(key);
        if (slice_is(text_at(j, model, "hard_limit_reason"), "not_ready"))
            count_reason(&reasons, text_at(j, model, "limit_words"));
        else
            add_model(p, json_inner(j, key), model);
    }
    add_reasons(p, &reasons);
}

/* "5h" or "7d", and "40m" for what is not whole hours. */
static void add_span(double minutes, struct buf *out)
{
    double days = minutes / 1440, hours = minutes / 60;
    if (days >= 2)
        buf_add_format(out, "%.0fd", days);
    else if (hours >= 1)
        buf_add_format(out, "%.0fh", hours);
    else
        buf_add_format(out, "%.0fm", minutes);
}

static void add_window(const struct json *j, uint32_t window, const char *name, struct buf *line)
{
    double used = number_at(j, window, "used_percent"), minutes = number_at(j, window, "window_minutes");
    double reset_s = number_at(j, window, "reset_after_seconds");
    if (!isfinite(used))
        return;
    buf_add_text(line, "  ");
    if (minutes > 0)
        add_span(minutes, line);
    else
        buf_add_text(line, name);
    add_bar(used / 100, line);
    buf_add_format(line, " %.0f %%", used);
    if (reset_s > 0) {
        BUF_ADD(line, ", reset in ");
        add_span(ceil(reset_s / 60), line);
    }
}

/* The quota windows of the ChatGPT subscription, as the last reply of each deployment reported them. */
static void add_quotas(struct page *p)
{
    const struct json *j = &p->state;
    uint32_t models = json_get(j, 0, "models"), key = models != JSON_NONE ? json_first(j, models) : JSON_NONE;
    bool titled = false;
    for (; key != JSON_NONE; key = json_next(j, key)) {
        uint32_t limits = json_get(j, json_value(key), "rate_limits");
        struct buf line;
        buf_init(&line, 1024);
        add_field(&line, json_inner(j, key), NAME);
        size_t len = line.len;
        add_window(j, json_get(j, limits, "primary"), "primary", &line);
        add_window(j, json_get(j, limits, "secondary"), "secondary", &line);
        if (line.len > len) {
            if (!titled) {
                add_blank(p);
                add_title(p, "QUOTA");
            }
            titled = true;
            add_line(p, "", &line);
        }
        buf_free(&line);
    }
}

static void add_running(struct page *p)
{
    const struct json *j = &p->state;
    uint32_t list = json_get(j, 0, "running"), at = list != JSON_NONE ? json_first(j, list) : JSON_NONE;
    if (at == JSON_NONE)
        return;
    add_blank(p);
    add_title(p, "UNDER WAY                    ALIAS               AGE s TTFT s TOKENS STATE");
    for (; at != JSON_NONE && has_room(p); at = json_next(j, at)) {
        struct buf line;
        double tokens = number_at(j, at, "tokens");
        buf_init(&line, 1024);
        struct slice deployment = text_at(j, at, "deployment");
        add_field(&line, deployment.len ? deployment : SLICE("-"), NAME);
        add_field(&line, text_at(j, at, "alias"), 18);
        add_number(&line, number_at(j, at, "age_ms"), -6, text_add_seconds);
        add_number(&line, number_at(j, at, "ttft_ms"), -6, text_add_seconds);
        add_number(&line, tokens > 0 ? tokens : NAN, -6, text_add_count);
        buf_add_slice(&line, text_at(j, at, "state"));
        add_line(p, p->screen->good, &line);
        buf_free(&line);
    }
}

static void add_last(struct page *p)
{
    const struct json *j = &p->state;
    uint32_t list = json_get(j, 0, "requests");
    unsigned count = length_of(j, list), skip = count > LAST ? count - LAST : 0;
    if (!count)
        return;
    add_blank(p);
    add_title(p, "LAST REQUESTS                ANSWERED BY                  END");
    for (uint32_t at = json_first(j, list); at != JSON_NONE; at = json_next(j, at)) {
        struct buf line;
        if (skip) {
            skip--;
            continue;
        }
        struct slice end = text_at(j, at, "end"), served = text_at(j, at, "selected_model");
        buf_init(&line, 1024);
        add_field(&line, text_at(j, at, "requested_model"), NAME);
        add_field(&line, served.len ? served : SLICE("-"), NAME);
        buf_add_slice(&line, end);
        add_line(p, slice_is(end, "completed") ? "" : p->screen->bad, &line);
        buf_free(&line);
    }
}

bool top_screen_write(const struct top_screen *screen, struct buf *out)
{
    struct page p = {.screen = screen, .out = out};
    bool ok = json_parse(&p.state, screen->state.ptr, screen->state.len) && json_type(&p.state, 0) == JSON_OBJECT &&
              json_parse(&p.metrics, screen->metrics.ptr, screen->metrics.len) &&
              json_type(&p.metrics, 0) == JSON_OBJECT;
    if (ok) {
        add_head(&p);
        add_blank(&p);
        add_models(&p);
        add_quotas(&p);
        add_running(&p);
        add_last(&p);
    }
    json_free(&p.state);
    json_free(&p.metrics);
    return ok && !out->failed;
}

double top_screen_spent(struct slice metrics)
{
    struct json j = {0};
    double spent = NAN;
    if (json_parse(&j, metrics.ptr, metrics.len) && json_type(&j, 0) == JSON_OBJECT)
        spent = number_at(&j, json_get(&j, json_get(&j, 0, "spending"), "total"), "spent_usd");
    json_free(&j);
    return spent;
}
