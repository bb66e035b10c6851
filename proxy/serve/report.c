/* loop: status reports to the supervisor. */
#include "proxy/serve/report.h"

#include "common/clock.h"
#include "common/log.h"
#include "proxy/serve/notify.h"
#include "proxy/route/strategy.h"

#include <stdio.h>
#include <string.h>

#define REPORT_MAX (32u << 10) /* bytes; the key-page server reads no larger datagram */

bool report_init(struct report *r, const struct harden_status *harden)
{
    r->harden = harden;
    buf_init(&r->last, REPORT_MAX);
    buf_init(&r->now, REPORT_MAX - 256); /* leaves room for the fields before it */
    buf_init(&r->fields, REPORT_MAX);
    return buf_reserve(&r->last, r->last.max) && buf_reserve(&r->now, r->now.max) &&
           buf_reserve(&r->fields, r->fields.max);
}

void report_free(struct report *r)
{
    buf_free(&r->last);
    buf_free(&r->now);
    buf_free(&r->fields);
}

static bool write_report(struct report *r, const struct answers *now, bool with_deployments)
{
    struct buf *out = &r->now;
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "version", PACKAGE_VERSION);
    answers_aliases(now, with_deployments, document_add_array(root, "aliases"));
    harden_describe(r->harden, document_add_object(root, "hardening"));
    if (now->log_dropped)
        document_add_count(root, "log_dropped", (int64_t)now->log_dropped);
    buf_clear(out);
    BUF_ADD(out, "X_POINTSMAN_STATUS=");
    return document_print(&d, out) && BUF_ADD(out, "\n");
}

/* Writes the report into r->now; if it is too long, without deployments. */
static bool make(struct report *r, const struct answers *now)
{
    return write_report(r, now, true) || (r->now.full && write_report(r, now, false));
}

void report_send(struct report *r, const struct answers *now, const char *first)
{
    buf_clear(&r->fields);
    buf_add_text(&r->fields, first);
    if (make(r, now)) {
        buf_add_slice(&r->fields, buf_slice(&r->now));
        buf_clear(&r->last);
        buf_add_slice(&r->last, buf_slice(&r->now));
    } else {
        log_warning(r->now.full ? "the status is too long: the key page won't show the models"
                                : "out of memory: the status for the key page follows later");
    }
    notify_send(buf_slice(&r->fields));
}

void report_refresh(struct report *r, const struct answers *now)
{
    if (make(r, now) && !slice_equal(buf_slice(&r->now), buf_slice(&r->last)))
        report_send(r, now, "");
}

void report_reload_started(void)
{
    char fields[96];
    (void)snprintf(fields, sizeof fields, "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading\n",
                   (unsigned long long)clock_monotonic_ms() * 1000);
    notify_send(slice_of(fields));
}

void report_reload_failed(struct buf *error, const char *path)
{
    char fields[2048];
    const char *line = buf_message(error);
    (void)snprintf(fields, sizeof fields, "READY=1\nSTATUS=not reloaded, the old configuration stays in force: %.*s\n",
                   (int)strcspn(line, "\n"), line);
    for (size_t len; *line; line += len + (line[len] == '\n')) {
        len = strcspn(line, "\n");
        log_error("%.*s", (int)len, line);
    }
    log_error("not reloaded: the old %s stays in force", path);
    notify_send(slice_of(fields));
}

void report_log_ready(const struct config *config, unsigned port, unsigned risk_port)
{
    log_info("ready on port %u: %u model groups", port, config->group_count);
    if (risk_port)
        log_info("risk router on port %u, strategy %s", risk_port, strategy_name(config->risk_strategy));
}
