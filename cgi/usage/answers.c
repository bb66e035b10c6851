/* The routes of pointsman-usage: all read, none changes anything. */
#include "cgi/usage/app.h"

#include "cgi/guards.h"
#include "cgi/reply.h"

#include <stdio.h>
#include <time.h>

#define PAGE_MAX (4u << 20) /* bytes */

/* What an answer is made from. */
struct asked {
    struct app *app;
    struct figures *figures;
    struct range range;
    uint64_t conversation; /* of a route that is about one */
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void no_memory(struct app *app)
{
    struct refusal why;
    (void)refuse(&why, 503, "no_memory", "Out of memory.");
    reply_refusal(&app->request, &why, NULL);
}

static void show_view(struct asked *a)
{
    struct buf body;
    buf_init(&body, PAGE_MAX);
    if (view_write(a->app, a->figures, &a->range, &body))
        reply_html(&a->app->request, 200, &body);
    else
        no_memory(a->app);
    buf_free(&body);
}

static void show_csv(struct asked *a)
{
    struct report r;
    struct buf body;
    buf_init(&body, PAGE_MAX);
    bool ok = figures_report(a->figures, &a->range, a->range.by, BY_NONE, &r) &&
              report_add_csv_header(a->range.by, &body);
    for (uint32_t i = 0; ok && i < r.count; i++)
        ok = report_add_csv_row(&r.rows[i], &body);
    if (ok)
        reply_csv(&a->app->request, "pointsman-usage.csv", &body);
    else
        no_memory(a->app);
    report_free(&r);
    buf_free(&body);
}

/* The members of `pointsman usage --json`. */
static void show_json(struct asked *a)
{
    struct report r;
    struct document d;
    char day[12];
    const struct fold *f = &a->figures->times;
    if (!figures_report(a->figures, &a->range, a->range.by, BY_NONE, &r)) {
        report_free(&r);
        no_memory(a->app);
        return;
    }
    struct container root = document_object(&d);
    document_add_text(root, "by", usage_by_name(a->range.by));
    dates_name_day((int)a->range.first, day);
    document_add_text(root, "first_day", a->range.first ? day : NULL);
    dates_name_day((int)a->range.last, day);
    document_add_text(root, "last_day", day);
    struct container lines = document_add_object(root, "lines");
    document_add_count(lines, "read", (int64_t)f->lines);
    document_add_count(lines, "torn", (int64_t)f->torn);
    document_add_count(lines, "foreign", (int64_t)f->foreign);
    document_add_number(root, "ttft_error", SKETCH_ERROR, 4);
    report_describe(&r.all, document_add_object(root, "total"));
    struct container rows = document_add_array(root, "rows");
    for (uint32_t i = 0; i < r.count; i++) {
        struct container row = document_add_object(rows, NULL);
        document_add_name(row, usage_by_name(a->range.by), r.rows[i].name);
        report_describe(&r.rows[i].sums, row);
    }
    report_free(&r);
    reply_json(&a->app->request, &d);
}

/* Reads the conversation's requests from the log: they are not kept in memory. */
static bool read_conversation(struct asked *a, struct turns *turns, struct usage_sums *sums)
{
    struct fold f;
    struct report r = {0};
    struct buf error;
    const struct fold_settings settings = {.until_ms = INT64_MAX,
                                           .conversation = a->conversation,
                                           .cells_max = 1,
                                           .on_request = turns_add,
                                           .context = turns};
    buf_init(&error, 1024);
    fold_init(&f, &settings);
    bool ok = figures_feed(a->figures, &f, &error) && !turns->failed && f.cell_count &&
              sums_merge(sums, &f.cells[0].sums);
    fold_free(&f);
    report_free(&r);
    buf_free(&error);
    return ok;
}

static void show_conversation(struct asked *a, bool json)
{
    struct turns turns = {0};
    struct usage_sums sums = {0};
    struct refusal why;
    struct document d;
    struct buf body;
    buf_init(&body, PAGE_MAX);
    if (!read_conversation(a, &turns, &sums)) {
        (void)refuse(&why, 404, "not_found", "The request log has no request of this conversation.");
        reply_refusal(&a->app->request, &why, NULL);
    } else if (json) {
        struct container root = document_object(&d);
        report_describe(&sums, document_add_object(root, "total"));
        turns_describe(&turns, document_add_array(root, "turns"));
        reply_json(&a->app->request, &d);
    } else {
        view_write_conversation(a->app, a->conversation, &turns, &sums, &body);
        reply_html(&a->app->request, 200, &body);
    }
    buf_free(&body);
    turns_free(&turns);
    sums_free(&sums);
}

static void show_conversation_view(struct asked *a)
{
    show_conversation(a, false);
}

static void show_conversation_json(struct asked *a)
{
    show_conversation(a, true);
}

static const struct {
    const char *path;
    bool conversation; /* needs ?id= */
    bool complete;     /* waits until the log is read to its end */
    void (*answer)(struct asked *a);
} routes[] = {
    {"/usage", false, false, show_view},
    {"/usage.csv", false, true, show_csv},
    {"/api/usage", false, true, show_json},
    {"/usage/conversation", true, false, show_conversation_view},
    {"/api/usage/conversation", true, false, show_conversation_json},
};

static bool read_log(struct asked *a, bool complete, struct buf *error)
{
    const struct usage_filter *filter = &a->range.filter;
    if (a->figures == &a->app->figures && usage_filter_is_on(filter))
        a->figures = &a->app->filtered;
    struct figures *f = a->figures;
    figures_filter(f, filter);
    if (f == &a->app->sample)
        return figures_make_up(f, now_ms()) || (BUF_ADD(error, "out of memory"), false);
    bool ok = figures_read(f, error);
    while (ok && complete && f->follow.behind)
        ok = figures_read(f, error);
    return ok;
}

static bool read_query(struct asked *a, bool conversation, struct refusal *why)
{
    struct slice query = a->app->request.query, id;
    struct buf error;
    buf_init(&error, 256);
    bool ok = range_read(query, now_ms(), &a->range, &error);
    if (!ok)
        (void)refuse(why, 400, "invalid_range", "%s", buf_message(&error));
    buf_free(&error);
    if (ok && conversation && !(range_parameter(query, "id", &id) && usage_conversation_read(id, &a->conversation)))
        return refuse(why, 400, "invalid_conversation", "id: expected the 16 hexadecimal digits of a conversation.");
    return ok;
}

void answers_give(struct app *app)
{
    struct request *request = &app->request;
    struct slice path = request->path;
    struct asked asked = {.app = app, .figures = &app->figures};
    struct refusal why;
    struct buf error;
    size_t i = 0;
    bool get = slice_is(request->method, "GET") || slice_is(request->method, "HEAD");
    buf_init(&error, 1024);
    if (slice_starts(path, "/sample/")) {
        asked.figures = &app->sample;
        path = (struct slice){path.ptr + 7, path.len - 7};
    }
    while (i < sizeof routes / sizeof *routes && !slice_is(path, routes[i].path))
        i++;
    bool ok = guards_admit(request, app->web_port, false, &why);
    if (ok && i == sizeof routes / sizeof *routes)
        ok = refuse(&why, 404, "not_found", "There is no such path.");
    else if (ok && !get)
        ok = refuse(&why, 405, "method_not_allowed", "This path accepts only GET, HEAD.");
    ok = ok && read_query(&asked, routes[i].conversation, &why);
    if (ok && !read_log(&asked, routes[i].complete, &error))
        ok = refuse(&why, 500, "log_unreadable", "%s.", buf_message(&error));
    if (ok)
        routes[i].answer(&asked);
    else
        reply_refusal(request, &why, why.status == 405 ? "GET, HEAD" : NULL);
    buf_free(&error);
}
