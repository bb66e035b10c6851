/* loop: what the supervisor is told for people to see. */
#include "proxy/report.h"

#include "common/log.h"
#include "proxy/notify.h"

#define REPORT_MAX (32u << 10)   /* bytes of a datagram, as the session app takes them */

void report_init(struct report *r, const struct harden_status *harden)
{
    r->harden = harden;
    buf_init(&r->last, REPORT_MAX);
}

void report_free(struct report *r)
{
    buf_free(&r->last);
}

static bool write_report(const struct report *r, const struct answers *now, bool with_deployments, struct buf *out)
{
    buf_clear(out);
    BUF_ADD(out, "X_POINTSMAN_STATUS={\"version\":\"" PACKAGE_VERSION "\",\"aliases\":");
    (void)answers_aliases(now, with_deployments, out);
    BUF_ADD(out, ",\"hardening\":");
    (void)harden_json(r->harden, out);
    return BUF_ADD(out, "}\n") && !out->failed;
}

/* Very many models are told without their deployments. */
static bool make(const struct report *r, const struct answers *now, struct buf *out)
{
    buf_init(out, REPORT_MAX - 256);   /* room for what stands in front of it */
    if (write_report(r, now, true, out))
        return true;
    buf_free(out);
    buf_init(out, REPORT_MAX - 256);
    return write_report(r, now, false, out);
}

void report_send(struct report *r, const struct answers *now, const char *first)
{
    struct buf text, fields;
    buf_init(&fields, REPORT_MAX);
    buf_add_text(&fields, first);
    if (make(r, now, &text)) {
        buf_add_slice(&fields, buf_slice(&text));
        buf_clear(&r->last);
        buf_add_slice(&r->last, buf_slice(&text));
    } else {
        log_warning("the status for the session page is too long; the page won't show the models");
    }
    notify_send(buf_slice(&fields));
    buf_free(&text);
    buf_free(&fields);
}

void report_refresh(struct report *r, const struct answers *now)
{
    struct buf text;
    bool news = make(r, now, &text) && !slice_equal(buf_slice(&text), buf_slice(&r->last));
    buf_free(&text);
    if (news)
        report_send(r, now, "");
}
