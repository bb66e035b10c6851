/* The session's state, as GET /api/status returns it. */
#include "cgi/status.h"

#include "cgi/keyfile.h"

#include <stdio.h>

int64_t status_uptime(const struct session *session)
{
    return supervisor_has_child(&session->supervisor) ? (session->now_ms - session->supervisor.started_ms) / 1000 : 0;
}

/* Returns a member of the proxy's last report as its JSON text (child_report_take() checked it); empty without one. */
static struct slice reported(const struct child_report *report, const char *name)
{
    uint32_t value = report->json.count ? json_get(&report->json, 0, name) : JSON_NONE;
    return value != JSON_NONE ? json_raw(&report->json, value) : (struct slice){NULL, 0};
}

void status_describe(const struct session *session, struct container in)
{
    const struct supervisor *s = &session->supervisor;
    const struct settings *settings = &session->settings;
    struct slice aliases = reported(&s->report, "aliases");
    char risk_url[64];
    (void)snprintf(risk_url, sizeof risk_url, "http://127.0.0.1:%u/v1", settings->risk_port);
    document_add_text(in, "state", supervisor_state_name(s->state));
    document_add_text(in, "reason", s->reason);
    if (supervisor_has_child(s))
        document_add_count(in, "pid", s->pid);
    else
        document_add_null(in, "pid");
    document_add_count(in, "uptime_s", status_uptime(session));
    document_add_text(in, "base_url", settings->base_url);
    document_add_text(in, "key_file", keyfile_exists(settings->runtime_fd, KEYFILE_MASTER) ? settings->key_file : NULL);
    document_add_text(in, "risk_url", supervisor_has_risk_router(s) ? risk_url : NULL);
    document_add_text(in, "config", settings->config);
    document_add_text(in, "config_from", settings_config_from(settings));
    document_add_text(in, "version", PACKAGE_VERSION);
    document_add_raw(in, "aliases", aliases.len ? aliases : SLICE("[]"));
    started_describe(&session->started, supervisor_has_child(s), in);
    struct container hardening = document_add_object(in, "hardening");
    harden_describe(&session->harden, document_add_object(hardening, "session"));
    document_add_raw(hardening, "proxy", reported(&s->report, "hardening"));
    struct slice dropped = reported(&s->report, "log_dropped");
    if (dropped.len)
        document_add_raw(in, "log_dropped", dropped);
}
