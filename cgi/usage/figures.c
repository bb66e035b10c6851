/* The sums of a request log, as it grows, or of a made-up one. */
#include "cgi/usage/app.h"
#include "cgi/usage/sample.h"
#include "usage/log.h"

#define SAMPLE_MAX (2u << 20) /* bytes */

static void add_failure(struct fold *failures, const struct usage_request *r, unsigned attempt)
{
    struct usage_request failure = {
        .time_ms = r->time_ms,
        .provider = r->failed_providers[attempt],
        .alias = r->failed_outcomes[attempt],
        .ttft_ms = NAN,
        .total_ms = NAN,
    };
    for (unsigned i = 0; i < FIGURES; i++)
        failure.figures[i] = NAN;
    fold_add_request(failures, &failure);
}

static void add_request(void *context, const struct usage_request *r)
{
    struct figures *f = context;
    for (unsigned i = 0; i < r->failed_provider_count; i++)
        add_failure(&f->failures, r, i);
    if (!r->conversation)
        return;
    fold_add_request(&f->conversations, r);
    turn_bars_add(&f->bars, r);
}

static void start_folds(struct figures *f)
{
    const unsigned names = 1u << BY_MODEL | 1u << BY_PROVIDER | 1u << BY_ALIAS | 1u << BY_CLIENT | 1u << BY_KEY;
    fold_init(&f->conversations, &(struct fold_settings){.apart = 1u << BY_DAY | 1u << BY_CONVERSATION,
                                                         .until_ms = INT64_MAX,
                                                         .cells_max = APP_CONVERSATIONS_MAX});
    fold_init(&f->times, &(struct fold_settings){.apart = 1u << BY_DAY | 1u << BY_HOUR | names,
                                                 .until_ms = INT64_MAX,
                                                 .cells_max = APP_CELLS_MAX,
                                                 .filter = f->filter,
                                                 .on_request = add_request,
                                                 .context = f});
    const unsigned failures = 1u << BY_DAY | 1u << BY_HOUR | 1u << BY_PROVIDER | 1u << BY_ALIAS;
    fold_init(&f->failures,
              &(struct fold_settings){.apart = failures, .until_ms = INT64_MAX, .cells_max = APP_FAILURES_MAX});
    turn_bars_init(&f->bars, APP_CONVERSATIONS_MAX);
}

static void start_again(struct figures *f)
{
    fold_free(&f->times);
    fold_free(&f->conversations);
    fold_free(&f->failures);
    turn_bars_free(&f->bars);
    start_folds(f);
    f->follow = (struct follow){0};
}

void figures_init(struct figures *f, char *log)
{
    f->log = log;
    buf_init(&f->sample, SAMPLE_MAX);
    start_folds(f);
}

void figures_filter(struct figures *f, const struct usage_filter *filter)
{
    if (usage_filter_equal(&f->filter, filter))
        return;
    f->filter = *filter;
    start_again(f);
}

bool figures_read(struct figures *f, struct buf *error)
{
    bool again = true, ok = true;
    while (f->log && ok && again) {
        ok = follow_feed(&f->follow, &f->times, f->log, APP_READ_MAX, &again, error);
        if (again)
            start_again(f);
    }
    return ok;
}

bool figures_make_up(struct figures *f, int64_t now_ms)
{
    buf_clear(&f->sample);
    sample_write(now_ms, &f->sample);
    start_again(f);
    return !f->sample.failed && fold_feed(&f->times, buf_slice(&f->sample));
}

bool figures_feed(const struct figures *f, struct fold *fold, struct buf *error)
{
    if (f->sample.len)
        return fold_feed(fold, buf_slice(&f->sample));
    return !f->log || usage_log_feed(fold, f->log, error);
}

bool figures_report(const struct figures *f, const struct range *range, enum usage_by by, enum usage_by then,
                    struct report *report)
{
    const struct fold *fold = by == BY_CONVERSATION ? &f->conversations : &f->times;
    return report_make(report, fold, &(struct report_query){by, then, range->first, range->last});
}
