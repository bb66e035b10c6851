/* The models on the page. */
#include "cgi/page_models.h"

#include "cgi/notify.h"

#include <string.h>

#define CHOICE "disabled: " /* begins the reason that an option is not chosen */
#define REASONS_MAX 3       /* in the line about the aliases that are not ready */

static void write_text(const struct json *json, uint32_t node, struct buf *out)
{
    struct buf text;
    buf_init(&text, NOTIFY_MAX);
    if (json_unescape(json, node, &text))
        template_escape(out, buf_slice(&text));
    buf_free(&text);
}

static bool is_ready(const struct json *json, uint32_t alias_or_deployment)
{
    return json_is(json, json_get(json, alias_or_deployment, "ready"), JSON_TRUE);
}

static uint32_t first_alias(const struct json *json)
{
    return json->count ? json_first(json, json_get(json, 0, "aliases")) : JSON_NONE;
}

/* The alias's first deployment; JSON_NONE: none, or a report without deployments. */
static uint32_t first_deployment(const struct json *json, uint32_t alias)
{
    uint32_t list = json_get(json, alias, "deployments");
    return list == JSON_NONE ? JSON_NONE : json_first(json, list);
}

/* Returns whether an option that is not chosen is the reason. Such reasons come last. */
static bool is_choice(struct slice reason)
{
    return slice_starts(reason, CHOICE);
}

/* Writes why an alias or deployment is not ready; `brief`: without the advice behind a semicolon. */
static void write_reason(const struct json *json, uint32_t node, bool brief, struct buf *out)
{
    struct buf text;
    buf_init(&text, NOTIFY_MAX);
    if (json_unescape(json, json_get(json, node, "reason"), &text) && text.len) {
        struct slice shown = buf_slice(&text);
        const char *advice = brief ? memchr(shown.ptr, ';', shown.len) : NULL;
        shown.len = advice ? (size_t)(advice - shown.ptr) : shown.len;
        size_t skipped = is_choice(shown) ? strlen(CHOICE) : 0;
        template_escape(out, (struct slice){shown.ptr + skipped, shown.len - skipped});
    }
    buf_free(&text);
}

/* Returns whether the page's map has a track for the provider: an element of class "to-PROVIDER". */
static bool has_track(const struct template *page, struct slice provider)
{
    const char *at = page->text, *end = page->text + page->len;
    while ((at = memmem(at, (size_t)(end - at), "to-", 3))) {
        at += 3;
        const char *after = at + provider.len;
        if (after < end && memcmp(at, provider.ptr, provider.len) == 0 && (*after == '"' || *after == ' '))
            return true;
    }
    return false;
}

/* Writes "openai " for "openai/gpt-5.5"; "other " if the map has no track for the provider. */
static void write_track(const struct template *page, const struct json *json, uint32_t model, struct buf *out)
{
    struct buf text;
    buf_init(&text, NOTIFY_MAX);
    if (json_unescape(json, model, &text) && text.len) {
        struct slice name = buf_slice(&text);
        const char *slash = memchr(name.ptr, '/', name.len);
        name.len = slash ? (size_t)(slash - name.ptr) : name.len;
        template_escape(out, has_track(page, name) ? name : SLICE("other"));
        buf_add_char(out, ' ');
    }
    buf_free(&text);
}

void page_models_write_tracks(const struct json *json, const struct template *page, struct buf *out)
{
    for (uint32_t alias = first_alias(json); alias != JSON_NONE; alias = json_next(json, alias))
        for (uint32_t d = first_deployment(json, alias); d != JSON_NONE; d = json_next(json, d))
            if (is_ready(json, d))
                write_track(page, json, json_get(json, d, "model"), out);
}

/* Writes the outcomes of its calls: "12 calls, 1 failed, first token after 810 ms". */
static void write_figures(const struct json *json, uint32_t deployment, struct buf *out)
{
    int64_t calls = 0, failed = 0, ttft = -1;
    (void)json_int64(json, json_get(json, deployment, "calls"), &calls);
    (void)json_int64(json, json_get(json, deployment, "failed"), &failed);
    (void)json_int64(json, json_get(json, deployment, "ttft_ms"), &ttft);
    if (calls > 0)
        buf_add_format(out, calls == 1 ? "1 call" : "%lld calls", (long long)calls);
    if (calls > 0 && failed > 0)
        buf_add_format(out, ", %lld failed", (long long)failed);
    if (calls > 0 && ttft >= 0)
        buf_add_format(out, ", first token after %lld ms", (long long)ttft);
}

static void write_deployment(const struct json *json, uint32_t deployment, struct buf *out)
{
    bool ready = is_ready(json, deployment);
    bool serves = json_is(json, json_get(json, deployment, "serves"), JSON_TRUE);
    buf_add_format(out, "<li class=\"%s\">", serves ? "serves" : ready ? "ready" : "missing");
    write_text(json, json_get(json, deployment, "model"), out);
    BUF_ADD(out, " <span class=\"why\">");
    if (ready)
        write_figures(json, deployment, out);
    else
        write_reason(json, deployment, false, out);
    BUF_ADD(out, "</span></li>");
}

/* Returns whether the name has a star, so that no request can use it. */
static bool is_wildcard(const struct json *json, uint32_t name)
{
    struct slice text = json_inner(json, name);
    return text.len && memchr(text.ptr, '*', text.len);
}

static void write_test(const struct json *json, uint32_t name, const char *token, struct buf *out)
{
    buf_add_format(out,
                   "<form method=\"post\" action=\"/test\"><input type=\"hidden\" name=\"token\" value=\"%s\">"
                   "<button name=\"model\" aria-label=\"Test ",
                   token);
    write_text(json, name, out);
    BUF_ADD(out, "\" value=\"");
    write_text(json, name, out);
    BUF_ADD(out, "\">Test</button></form>");
}

static void write_alias(const struct json *json, uint32_t alias, const char *token, struct buf *out)
{
    uint32_t name = json_get(json, alias, "name"), first = first_deployment(json, alias);
    BUF_ADD(out, "<tr><th scope=\"row\"><code>");
    write_text(json, name, out);
    BUF_ADD(out, "</code></th><td>");
    if (first != JSON_NONE)
        BUF_ADD(out, "<ul>");
    for (unsigned missing = 0; missing < 2; missing++)
        for (uint32_t d = first; d != JSON_NONE; d = json_next(json, d))
            if (is_ready(json, d) == !missing)
                write_deployment(json, d, out);
    if (first != JSON_NONE)
        BUF_ADD(out, "</ul>");
    BUF_ADD(out, "</td><td>");
    if (!is_wildcard(json, name))
        write_test(json, name, token, out);
    BUF_ADD(out, "</td></tr>\n");
}

void page_models_write_ready(const struct json *json, const char *token, struct buf *out)
{
    for (uint32_t alias = first_alias(json); alias != JSON_NONE; alias = json_next(json, alias))
        if (is_ready(json, alias))
            write_alias(json, alias, token, out);
}

/* A place in the reasons why aliases are not ready: each deployment of such an alias has one, or the alias itself in a
 * report without deployments. */
struct reason {
    uint32_t alias, deployment; /* alias JSON_NONE: behind the last one */
};

static void skip_ready(const struct json *json, struct reason *r)
{
    while (r->alias != JSON_NONE && is_ready(json, r->alias))
        r->alias = json_next(json, r->alias);
    r->deployment = r->alias == JSON_NONE ? JSON_NONE : first_deployment(json, r->alias);
}

static struct reason first_reason(const struct json *json)
{
    struct reason r = {.alias = first_alias(json)};
    skip_ready(json, &r);
    return r;
}

static void next_reason(const struct json *json, struct reason *r)
{
    if (r->deployment != JSON_NONE && (r->deployment = json_next(json, r->deployment)) != JSON_NONE)
        return;
    r->alias = json_next(json, r->alias);
    skip_ready(json, r);
}

/* What has the reason. */
static uint32_t node_of(const struct reason *r)
{
    return r->deployment != JSON_NONE ? r->deployment : r->alias;
}

/* The reason as JSON text without its quotes; empty for a deployment that is ready: a fallback alias's. */
static struct slice reason_text(const struct json *json, const struct reason *r)
{
    return json_inner(json, json_get(json, node_of(r), "reason"));
}

/* Sets `r` to the next reason that has not come before, from *r on; `choices`: of which kind. false: none. */
static bool next_new(const struct json *json, struct reason *r, bool choices)
{
    for (; r->alias != JSON_NONE; next_reason(json, r)) {
        struct slice text = reason_text(json, r);
        struct reason before = first_reason(json);
        while (node_of(&before) != node_of(r) && !slice_equal(reason_text(json, &before), text))
            next_reason(json, &before);
        if (text.len && is_choice(text) == choices && node_of(&before) == node_of(r))
            return true;
    }
    return false;
}

/* Writes the aliases that the reason keeps from being ready: "a, b". */
static void write_kept(const struct json *json, const struct reason *r, struct buf *out)
{
    struct slice text = reason_text(json, r);
    uint32_t last = JSON_NONE;
    for (struct reason other = first_reason(json); other.alias != JSON_NONE; next_reason(json, &other)) {
        if (other.alias == last || !slice_equal(reason_text(json, &other), text))
            continue;
        buf_add_text(out, last == JSON_NONE ? "<code>" : ", <code>");
        write_text(json, json_get(json, other.alias, "name"), out);
        BUF_ADD(out, "</code>");
        last = other.alias;
    }
}

static void write_summary(const struct json *json, unsigned count, struct buf *out)
{
    unsigned written = 0, more = 0;
    buf_add_format(out, "%u model%s not ready: ", count, count == 1 ? " is" : "s are");
    for (unsigned choices = 0; choices < 2; choices++)
        for (struct reason r = first_reason(json); next_new(json, &r, choices); next_reason(json, &r)) {
            if (written == REASONS_MAX) {
                more++;
                continue;
            }
            buf_add_text(out, written++ ? ", " : "");
            write_reason(json, node_of(&r), r.deployment != JSON_NONE, out); /* an alias's has its deployments' */
        }
    if (more)
        buf_add_format(out, " and %u more", more);
}

void page_models_write_missing(const struct json *json, struct buf *out)
{
    unsigned count = 0, ready = 0;
    for (uint32_t alias = first_alias(json); alias != JSON_NONE; alias = json_next(json, alias))
        *(is_ready(json, alias) ? &ready : &count) += 1;
    if (!count)
        return;
    buf_add_format(out, "<details%s><summary>", ready ? "" : " open");
    write_summary(json, count, out);
    BUF_ADD(out, "</summary>\n<table><thead><tr><th scope=\"col\">Missing</th><th scope=\"col\">For</th></tr></thead>"
                 "<tbody>\n");
    for (unsigned choices = 0; choices < 2; choices++)
        for (struct reason r = first_reason(json); next_new(json, &r, choices); next_reason(json, &r)) {
            BUF_ADD(out, "<tr><th scope=\"row\">");
            write_reason(json, node_of(&r), false, out);
            BUF_ADD(out, "</th><td>");
            write_kept(json, &r, out);
            BUF_ADD(out, "</td></tr>\n");
        }
    BUF_ADD(out,
            "</tbody></table>\n<p class=\"hint\">Of several lines for a model, one is enough. Keys and options are "
            "given at a start: stop the proxy and start it with them.</p></details>\n");
}

void page_models_write_example(const struct json *json, struct buf *out)
{
    uint32_t alias = first_alias(json);
    while (alias != JSON_NONE && (!is_ready(json, alias) || is_wildcard(json, json_get(json, alias, "name"))))
        alias = json_next(json, alias);
    if (alias != JSON_NONE)
        write_text(json, json_get(json, alias, "name"), out);
    else
        BUF_ADD(out, "codex-light");
}
