/* The view Live. */
#include "cgi/live.h"

#include "cgi/live_verdict.h"
#include "cgi/session.h"

#define GET_MS 8000       /* a command that takes longer is killed */
#define VERDICT_MAX 8192u /* bytes */

struct view {
    const char *proxy; /* its state */
    struct json figures;
};

/* Reads the figures; none if there are none of this moment. Free with json_free(). */
static struct view open_view(const struct session *session)
{
    const struct buf *answer = &session->live.answer;
    struct view view = {.proxy = supervisor_state_name(session->supervisor.state)};
    bool current = session->supervisor.state == CHILD_RUNNING && !answer->failed && answer->len;
    if (current &&
        (!json_parse(&view.figures, answer->data, answer->len) || json_type(&view.figures, 0) != JSON_OBJECT)) {
        json_free(&view.figures);
        view.figures = (struct json){0};
    }
    return view;
}

static void write_state(const struct view *view, struct buf *out)
{
    buf_add_text(out, view->proxy);
}

static void write_verdict(const struct view *view, struct buf *out)
{
    struct buf text;
    buf_init(&text, VERDICT_MAX);
    live_verdict_write(view->proxy, &view->figures, &text);
    buf_add_text(out, slice_starts(buf_slice(&text), "All is well") ? "<span class=\"well\">" : "<span>");
    template_escape(out, buf_slice(&text));
    BUF_ADD(out, "</span>");
    buf_free(&text);
}

static void write_models(const struct view *view, struct buf *out)
{
    live_tables_add_models(&view->figures, out);
}

static void write_running(const struct view *view, struct buf *out)
{
    live_tables_add_running(&view->figures, out);
}

static void write_requests(const struct view *view, struct buf *out)
{
    live_tables_add_requests(&view->figures, out);
}

static const struct template_slot slots[] = {
    {"state", write_state},     {"verdict", write_verdict},   {"models", write_models},
    {"running", write_running}, {"requests", write_requests},
};

bool live_load(struct template *page, const char *folder, struct buf *error)
{
    return template_load(page, folder, "live.html", slots, sizeof slots / sizeof *slots, error);
}

bool live_start(struct session *session)
{
    return runner_start(&session->live, &session->settings, (const char *[]){"top", "--json", NULL}, GET_MS,
                        session->now_ms);
}

void live_write_page(const struct session *session, struct buf *out)
{
    struct view view = open_view(session);
    template_write(&session->live_page, &view, out);
    json_free(&view.figures);
}

void live_describe(const struct session *session, struct container in)
{
    struct view view = open_view(session);
    struct buf text;
    buf_init(&text, VERDICT_MAX);
    live_verdict_write(view.proxy, &view.figures, &text);
    document_add_text(in, "state", view.proxy);
    document_add_buf(in, "verdict", &text);
    document_add_raw(in, "proxy", view.figures.count ? json_raw(&view.figures, 0) : (struct slice){NULL, 0});
    buf_free(&text);
    json_free(&view.figures);
}
