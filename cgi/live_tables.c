/* pure. The tables of the view Live. A cell with a number has data-value, so that it is aligned as one. */
#include "cgi/live.h"

#include "cgi/live_verdict.h"

#include <time.h>

#define SHOWN 50        /* requests that have ended, the latest first */
#define TEXT_MAX 4096u  /* bytes of a text */
#define HISTORY_MAX 256 /* requests that are looked at; the proxy keeps 200 */

static void add_escaped(const struct json *j, uint32_t node, struct buf *out)
{
    struct buf text;
    buf_init(&text, TEXT_MAX);
    if (node != JSON_NONE && json_unescape(j, node, &text) && text.len)
        template_escape(out, buf_slice(&text));
    else
        BUF_ADD(out, "-");
    buf_free(&text);
}

static void add_text(const struct json *j, uint32_t object, const char *name, struct buf *out)
{
    BUF_ADD(out, "<td>");
    add_escaped(j, json_get(j, object, name), out);
    BUF_ADD(out, "</td>");
}

/* Appends a number times `factor` in the format, which may have a unit; a dash if it is unknown. */
static void add_number(const struct json *j, uint32_t object, const char *name, double factor, int decimals,
                       const char *unit, struct buf *out)
{
    double value;
    uint32_t node = json_get(j, object, name);
    BUF_ADD(out, "<td data-value>");
    if (node != JSON_NONE && json_double(j, node, &value))
        buf_add_format(out, "%.*f%s", decimals, value * factor, unit);
    else
        BUF_ADD(out, "-");
    BUF_ADD(out, "</td>");
}

static void begin_table(const char *const *heads, struct buf *out)
{
    BUF_ADD(out, "<table class=\"live\"><thead><tr>");
    for (; *heads; heads++)
        buf_add_format(out, "<th scope=\"col\">%s</th>", *heads);
    BUF_ADD(out, "</tr></thead><tbody>\n");
}

static void end_table(struct buf *out)
{
    BUF_ADD(out, "</tbody></table>\n");
}

static uint32_t first_of(const struct json *j, const char *name)
{
    uint32_t list = j->count ? json_get(j, 0, name) : JSON_NONE;
    return list != JSON_NONE ? json_first(j, list) : JSON_NONE;
}

static void add_model(const struct json *j, uint32_t key, struct buf *out)
{
    uint32_t model = json_value(key);
    struct buf state;
    buf_init(&state, TEXT_MAX);
    live_write_state(j, model, &state);
    BUF_ADD(out, "<tr><th scope=\"row\">");
    add_escaped(j, json_get(j, model, "model"), out);
    BUF_ADD(out, "</th>");
    buf_add_text(out, live_is_limited(j, model) ? "<td class=\"skipped\"><span aria-hidden=\"true\">◐ </span>"
                                                : "<td class=\"well\"><span aria-hidden=\"true\">● </span>");
    template_escape(out, buf_slice(&state));
    BUF_ADD(out, "</td>");
    add_text(j, model, "model_name", out);
    add_number(j, model, "in_flight", 1, 0, "", out);
    add_number(j, model, "ewma_ttft_ms", 1e-3, 1, " s", out);
    add_number(j, model, "ewma_tokens_per_second", 1, 0, "", out);
    add_number(j, model, "ewma_error_rate", 100, 0, " %", out);
    add_number(j, model, "calls", 1, 0, "", out);
    BUF_ADD(out, "</tr>\n");
    buf_free(&state);
}

void live_tables_add_models(const struct json *j, struct buf *out)
{
    static const char *const HEADS[] = {"Deployment", "State",    "Alias", "In flight", "First token",
                                        "Tokens/s",   "Failures", "Calls", NULL};
    unsigned missing = 0, shown = 0;
    for (uint32_t key = first_of(j, "models"); key != JSON_NONE; key = json_next(j, key)) {
        if (live_is_missing(j, json_value(key))) {
            missing++;
            continue;
        }
        if (!shown++)
            begin_table(HEADS, out);
        add_model(j, key, out);
    }
    if (shown)
        end_table(out);
    if (missing)
        buf_add_format(out, "<p class=\"hint\">%u %snot ready: the view <a href=\"/\">Session</a> says why.</p>\n",
                       missing, missing == 1 ? "deployment is " : "deployments are ");
    else if (!shown)
        BUF_ADD(out, "<p class=\"hint\">Unknown while the proxy does not run.</p>\n");
}

void live_tables_add_running(const struct json *j, struct buf *out)
{
    static const char *const HEADS[] = {"Alias", "Deployment", "State", "Age", "First token", "Tokens so far", NULL};
    uint32_t at = first_of(j, "running");
    if (at == JSON_NONE) {
        BUF_ADD(out, "<p class=\"hint\">None.</p>\n");
        return;
    }
    begin_table(HEADS, out);
    for (; at != JSON_NONE; at = json_next(j, at)) {
        BUF_ADD(out, "<tr><th scope=\"row\">");
        add_escaped(j, json_get(j, at, "alias"), out);
        BUF_ADD(out, "</th>");
        add_text(j, at, "deployment", out);
        add_text(j, at, "state", out);
        add_number(j, at, "age_ms", 1e-3, 1, " s", out);
        add_number(j, at, "ttft_ms", 1e-3, 1, " s", out);
        add_number(j, at, "tokens", 1, 0, "", out);
        BUF_ADD(out, "</tr>\n");
    }
    end_table(out);
}

/* "14:07:31", in the local time zone. */
static void add_time(const struct json *j, uint32_t request, struct buf *out)
{
    double seconds = 0;
    char text[16] = "-";
    struct tm local;
    uint32_t node = json_get(j, request, "ts");
    if (node != JSON_NONE && json_double(j, node, &seconds) && localtime_r(&(time_t){(time_t)seconds}, &local))
        (void)strftime(text, sizeof text, "%H:%M:%S", &local);
    buf_add_text(out, text);
}

/* "codex-default/openai/1: rate_limit, then codex-default/gemini/1: ok" */
static void add_attempts(const struct json *j, uint32_t request, struct buf *out)
{
    uint32_t list = json_get(j, request, "attempts"), at = list != JSON_NONE ? json_first(j, list) : JSON_NONE;
    BUF_ADD(out, "<td>");
    if (at == JSON_NONE)
        BUF_ADD(out, "-");
    for (bool first = true; at != JSON_NONE; at = json_next(j, at), first = false) {
        buf_add_text(out, first ? "" : ", then ");
        add_escaped(j, json_get(j, at, "model"), out);
        BUF_ADD(out, ": ");
        add_escaped(j, json_get(j, at, "outcome"), out);
    }
    BUF_ADD(out, "</td>");
}

static void add_request(const struct json *j, uint32_t request, struct buf *out)
{
    bool good = json_string_is(j, json_get(j, request, "end"), "completed");
    BUF_ADD(out, "<tr><th scope=\"row\">");
    add_time(j, request, out);
    BUF_ADD(out, "</th>");
    add_text(j, request, "requested_model", out);
    add_text(j, request, "selected_model", out);
    buf_add_text(out, good ? "<td>" : "<td class=\"skipped\">");
    add_escaped(j, json_get(j, request, "end"), out);
    BUF_ADD(out, "</td>");
    add_number(j, request, "status", 1, 0, "", out);
    BUF_ADD(out, "<td><code>");
    add_escaped(j, json_get(j, request, "request_id"), out);
    BUF_ADD(out, "</code></td>");
    add_attempts(j, request, out);
    BUF_ADD(out, "</tr>\n");
}

void live_tables_add_requests(const struct json *j, struct buf *out)
{
    static const char *const HEADS[] = {"Time", "Alias", "Answered by", "End", "Status", "Request", "Attempts", NULL};
    uint32_t all[HISTORY_MAX];
    unsigned count = 0;
    for (uint32_t at = first_of(j, "requests"); at != JSON_NONE && count < HISTORY_MAX; at = json_next(j, at))
        all[count++] = at;
    if (!count) {
        BUF_ADD(out, "<p class=\"hint\">None since the proxy started.</p>\n");
        return;
    }
    begin_table(HEADS, out);
    for (unsigned i = 0; i < count && i < SHOWN; i++)
        add_request(j, all[count - 1 - i], out);
    end_table(out);
}
