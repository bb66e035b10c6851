/* pure. What the proxy's figures come to, in a sentence. */
#include "cgi/live_verdict.h"

#include <math.h>

static uint32_t first_model(const struct json *j)
{
    uint32_t models = j->count ? json_get(j, 0, "models") : JSON_NONE;
    return models != JSON_NONE ? json_first(j, models) : JSON_NONE;
}

static void add_text(const struct json *j, uint32_t object, const char *name, struct buf *out)
{
    (void)json_unescape(j, json_get(j, object, name), out);
}

bool live_is_limited(const struct json *j, uint32_t model)
{
    return json_is(j, json_get(j, model, "hard_limited"), JSON_TRUE);
}

bool live_is_missing(const struct json *j, uint32_t model)
{
    return json_string_is(j, json_get(j, model, "hard_limit_reason"), "not_ready");
}

void live_write_state(const struct json *j, uint32_t model, struct buf *out)
{
    double left = 0;
    uint32_t reason = json_get(j, model, "hard_limit_reason");
    struct slice words = json_inner(j, json_get(j, model, "limit_words"));
    (void)json_double(j, json_get(j, model, "hard_limited_remaining_s"), &left);
    if (!live_is_limited(j, model)) {
        BUF_ADD(out, "ready");
    } else if (left > 0 && (slice_starts(words, "cooling down") || slice_starts(words, "circuit open"))) {
        unsigned seconds = (unsigned)ceil(fmin(left, 1e6));
        buf_add_format(out, "%.*s for %u:%02u (", (int)strlen("circuit open"), words.ptr, seconds / 60, seconds % 60);
        (void)json_unescape(j, reason, out);
        BUF_ADD(out, ")");
    } else {
        add_text(j, model, "limit_words", out);
    }
}

/* Returns a deployment of the same alias that is not limited; JSON_NONE: none. */
static uint32_t find_other(const struct json *j, uint32_t model)
{
    struct slice alias = json_inner(j, json_get(j, model, "model_name"));
    for (uint32_t key = first_model(j); key != JSON_NONE; key = json_next(j, key)) {
        uint32_t other = json_value(key);
        if (!live_is_limited(j, other) && slice_equal(json_inner(j, json_get(j, other, "model_name")), alias))
            return other;
    }
    return JSON_NONE;
}

static void add_advice(const struct json *j, uint32_t model, struct buf *out)
{
    static const struct {
        const char *reason, *advice;
    } ROWS[] = {
        {"http_401", "Check its key: stop the proxy, and start it with another one."},
        {"http_402", "Check the credit at its provider."},
        {"http_403", "Check what its key is allowed to use."},
        {"http_404", "Check the model's name in the configuration."},
        {"budget", "Raise max_cost_usd in the configuration."},
    };
    uint32_t reason = json_get(j, model, "hard_limit_reason");
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (json_string_is(j, reason, ROWS[i].reason)) {
            buf_add_format(out, " %s", ROWS[i].advice);
            return;
        }
    if (find_other(j, model) == JSON_NONE)
        BUF_ADD(out, " Wait, or use another alias.");
}

static void add_trouble(const struct json *j, uint32_t model, unsigned more, struct buf *out)
{
    uint32_t other = find_other(j, model);
    add_text(j, model, "model", out);
    BUF_ADD(out, ": ");
    live_write_state(j, model, out);
    if (other != JSON_NONE) {
        BUF_ADD(out, "; ");
        add_text(j, other, "model", out);
        BUF_ADD(out, " answers.");
    } else {
        BUF_ADD(out, "; no other deployment of ");
        add_text(j, model, "model_name", out);
        BUF_ADD(out, " is available.");
    }
    add_advice(j, model, out);
    if (more)
        buf_add_format(out, " %u more deployment%s skipped.", more, more == 1 ? " is" : "s are");
}

/* The deployment to speak of is the first one without another that answers, else the first one that is skipped. */
static void add_figures(const struct json *j, struct buf *out)
{
    unsigned ready = 0, limited = 0, all = 0;
    uint32_t worst = JSON_NONE;
    bool alone = false;
    for (uint32_t key = first_model(j); key != JSON_NONE; key = json_next(j, key)) {
        uint32_t model = json_value(key);
        all++;
        if (!live_is_limited(j, model))
            ready++;
        else if (!live_is_missing(j, model)) {
            limited++;
            if (worst == JSON_NONE || (!alone && find_other(j, model) == JSON_NONE)) {
                worst = model;
                alone = find_other(j, model) == JSON_NONE;
            }
        }
    }
    if (limited)
        add_trouble(j, worst, limited - 1, out);
    else if (ready)
        buf_add_format(out, "All is well: %u of %u deployments %s ready.", ready, all, ready == 1 ? "is" : "are");
    else
        BUF_ADD(out, "No deployment is ready. The view Session says what is missing.");
}

void live_verdict_write(const char *proxy, const struct json *figures, struct buf *out)
{
    static const struct {
        const char *state, *text;
    } ROWS[] = {
        {"stopped", "The proxy is stopped. Start it in the view Session."},
        {"starting", "The proxy is starting."},
        {"stopping", "The proxy is stopping."},
        {"died", "The proxy died. The view Session says why, and starts it again."},
    };
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (strcmp(ROWS[i].state, proxy) == 0) {
            buf_add_text(out, ROWS[i].text);
            return;
        }
    if (figures->count)
        add_figures(figures, out);
    else
        BUF_ADD(out, "The proxy does not answer. Run pointsman doctor.");
}
