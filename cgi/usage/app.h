/* app: pointsman-usage, the page's figures: a FastCGI program of its own, so that a query never holds up the session
 * app. It reads the request log, holds no key and opens no network socket.
 *
 *   lighttpd ── /usage, /api/usage ──▶ answers.c: route, guards, range ──▶ app_read(): new lines of the log
 *                                        │
 *                                        └──▶ view.c, tables.c: HTML · answers.c: JSON, CSV */
#ifndef POINTSMAN_CGI_USAGE_APP_H
#define POINTSMAN_CGI_USAGE_APP_H

#include "cgi/request.h"
#include "cgi/template.h"
#include "cgi/usage/turn_bars.h"
#include "usage/follow.h"
#include "usage/report.h"
#include "usage/turns.h"

/* Cells take about 600 bytes. Requests beyond are counted as "(other)" of their day. */
#define APP_CELLS_MAX 16384
#define APP_CONVERSATIONS_MAX 8192
#define APP_FAILURES_MAX 4096
#define APP_READ_MAX (256 << 20) /* bytes for one answer: about a second */

/* The sums of a request log. */
struct figures {
    char *log; /* path of the request log; NULL: there is none */
    struct usage_filter filter;
    struct buf sample; /* a made-up log instead; else empty */
    struct follow follow;
    struct fold times;         /* by hour, model, provider, alias and client */
    struct fold conversations; /* by day and conversation */
    struct fold failures;      /* failed attempts, each as a request, by hour, provider, and outcome as alias */
    struct turn_bars bars;
};

struct app {
    unsigned web_port;
    int peer_fd; /* peer_open()'s */
    struct figures figures, sample;
    struct figures filtered; /* of the filter that was asked for last */
    struct template view, conversation;
    char body[REQUEST_BODY_MAX + 1];
    struct request request;
};

/* A range of days in the local time zone, as struct dates_day.number. */
struct range {
    const char *name;    /* "today", "7d", "30d", "all"; NULL: two dates */
    int64_t first, last; /* first 0: the oldest */
    enum usage_by by;    /* of the table of groups */
    struct usage_filter filter;
};

/* figures.c: starts without requests. `log`: the path, owned from now on; NULL: none. */
void figures_init(struct figures *f, char *log);
/* Counts only requests that the filter admits. Starts again if it is another one than before. */
void figures_filter(struct figures *f, const struct usage_filter *filter);
/* Reads what was written to the log since the last call, about APP_READ_MAX bytes; follow.behind is what remains.
 * false: a message in `error`. */
MUST_CHECK bool figures_read(struct figures *f, struct buf *error);
/* Fills the figures in from a made-up week that ends at `now_ms` (sample.h). false: out of memory. */
MUST_CHECK bool figures_make_up(struct figures *f, int64_t now_ms);
/* Feeds the whole log to another fold. false: a message in `error`; a file can't be read, or out of memory. */
MUST_CHECK bool figures_feed(const struct figures *f, struct fold *fold, struct buf *error);
/* Adds up one or two dimensions over the range. false: out of memory. */
MUST_CHECK bool figures_report(const struct figures *f, const struct range *range, enum usage_by by, enum usage_by then,
                               struct report *report);

/* Reads "range=7d&by=model", "since=2026-11-01&until=2026-11-30". Without a range, it is 7d. false: a message in
 * `error`. */
MUST_CHECK bool range_read(struct slice query, int64_t now_ms, struct range *range, struct buf *error);
/* Returns the range of as many days before it; last 0: there is none. */
struct range range_before(const struct range *range);
/* Appends the range and the filter as a query: "range=7d&amp;alias=codex-deep". */
void range_add_query(const struct range *range, struct buf *out);
/* Returns the day after, as a number. */
int64_t range_next_day(int64_t day);
/* Finds a parameter in a query. false: it is not there. */
bool range_parameter(struct slice query, const char *name, struct slice *value);

/* filter.c: reads "alias=codex-deep&outcome=failed". false: a sentence in `error`. */
MUST_CHECK bool filter_read(struct slice query, struct usage_filter *filter, struct buf *error);
/* Appends the filter as a query: "&amp;alias=codex-deep"; nothing without a filter. */
void filter_add_query(const struct usage_filter *f, struct buf *out);
/* Appends what it says, as HTML. */
void filter_add_words(const struct usage_filter *f, struct buf *out);
/* Append the options of a list: the names of a dimension, of which `current` is chosen; the outcomes. */
void filter_add_names(const struct fold *fold, enum usage_by by, const char *current, struct buf *out);
void filter_add_outcomes(const struct usage_filter *f, struct buf *out);
/* Appends the least cost; nothing if there is none. */
void filter_add_cost(const struct usage_filter *f, struct buf *out);

/* Answers app->request; paths under /sample from the made-up week. */
void answers_give(struct app *app);

/* view.c: load the pages. false: one line in `error`. */
MUST_CHECK bool view_load(struct app *app, const char *www, struct buf *error);
/* Appends the view of the range. false: out of memory. */
MUST_CHECK bool view_write(const struct app *app, const struct figures *figures, const struct range *range,
                           struct buf *out);
/* Appends the view of a conversation. */
void view_write_conversation(const struct app *app, uint64_t id, const struct turns *turns,
                             const struct usage_sums *sums, struct buf *out);

#endif
