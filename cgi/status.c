/* The state of the session as GET /api/status shows it. */
#include "cgi/status.h"

#include "cgi/keyfile.h"
#include "common/json.h"

#include <inttypes.h>

int64_t status_uptime(const struct session *session)
{
    return supervisor_has_child(&session->supervisor) ? (session->now_ms - session->supervisor.started_ms) / 1000 : 0;
}

/* One member of the proxy's last report, as it was written (it was checked when it came); `otherwise` without one. */
static void add_reported(const struct report *report, const char *name, const char *otherwise, struct buf *out)
{
    uint32_t value = report->json.count ? json_get(&report->json, 0, name) : JSON_NONE;
    buf_add_slice(out, value != JSON_NONE ? json_raw(&report->json, value) : slice_of(otherwise));
}

void status_write(const struct session *session, struct buf *out)
{
    const struct supervisor *s = &session->supervisor;
    buf_add_format(out, "{\"state\":\"%s\",\"reason\":", supervisor_state_name(s->state));
    json_add_string(out, slice_of(s->reason));
    if (supervisor_has_child(s))
        buf_add_format(out, ",\"pid\":%d", (int)s->pid);
    else
        BUF_ADD(out, ",\"pid\":null");
    buf_add_format(out, ",\"uptime_s\":%" PRId64 ",\"base_url\":\"%s\",\"key_file\":", status_uptime(session),
                   session->settings.base_url);
    if (keyfile_exists(session->settings.runtime_fd, KEYFILE_MASTER))
        json_add_string(out, slice_of(session->settings.key_file));
    else
        BUF_ADD(out, "null");
    if (supervisor_has_risk_router(s))
        buf_add_format(out, ",\"risk_url\":\"http://127.0.0.1:%u/v1\"", session->settings.risk_port);
    else
        BUF_ADD(out, ",\"risk_url\":null");
    BUF_ADD(out, ",\"config\":");
    json_add_string(out, slice_of(session->settings.config));
    BUF_ADD(out, ",\"version\":\"" PACKAGE_VERSION "\",\"aliases\":");
    add_reported(&s->report, "aliases", "[]", out);
    BUF_ADD(out, ",\"hardening\":{\"session\":");
    harden_json(&session->harden, out);
    BUF_ADD(out, ",\"proxy\":");
    add_reported(&s->report, "hardening", "null", out);
    BUF_ADD(out, "}}\n");
}
