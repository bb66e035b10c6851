/* loop. The debug log. See doc/observability.md. */
#include "proxy/record/debug_log.h"

#include "proxy/record/journal_line.h"
#include "proxy/terms/failure.h"

static struct buf *begin(struct journal *j, int64_t time_ms, const char *event, const char *request_id)
{
    struct buf *out = journal_debug(j, time_ms, event);
    if (out) {
        BUF_ADD(out, ",\"request_id\":");
        journal_line_word(out, request_id);
    }
    return out;
}

static void add_deployment(struct buf *out, const struct deployment *d)
{
    BUF_ADD(out, ",\"deployment\":");
    journal_line_string(out, d->id);
    BUF_ADD(out, ",\"provider\":");
    journal_line_word(out, d->provider->prefix);
    BUF_ADD(out, ",\"model\":");
    journal_line_string(out, d->model);
    BUF_ADD(out, ",\"api_base\":");
    journal_line_string(out, d->api_base);
}

void debug_log_config(struct journal *j, const struct config *config, int64_t time_ms)
{
    struct buf *out = journal_debug(j, time_ms, "configuration");
    if (!out)
        return;
    BUF_ADD(out, ",\"version\":\"" PACKAGE_VERSION "\",\"path\":");
    journal_line_string(out, config->path);
    BUF_ADD(out, ",\"strategy\":");
    journal_line_word(out, strategy_name(config->strategy));
    JOURNAL_LINE_COUNT(out, ",\"warnings\"", config->warnings);
    BUF_ADD(out, "}\n");
    for (unsigned i = 0; i < config->deployment_count; i++) {
        const struct deployment *d = &config->deployments[i];
        if (!(out = journal_debug(j, time_ms, "deployment")))
            break;
        BUF_ADD(out, ",\"alias\":");
        journal_line_string(out, d->alias);
        add_deployment(out, d);
        BUF_ADD(out, ",\"not_ready\":");
        journal_line_string(out, d->not_ready);
        BUF_ADD(out, "}\n");
    }
    journal_flush(j);
}

void debug_log_plan(struct journal *j, int64_t time_ms, const char *request_id, const char *alias,
                    const struct plan *plan, const char *why)
{
    struct buf *out = begin(j, time_ms, "decision", request_id);
    if (!out)
        return;
    BUF_ADD(out, ",\"alias\":");
    journal_line_string(out, alias);
    journal_line_decision(out, plan);
    BUF_ADD(out, ",\"plan\":[");
    for (unsigned i = 0; i < plan->count; i++) {
        if (i)
            buf_add_char(out, ',');
        journal_line_string(out, plan->attempts[i]->id);
    }
    BUF_ADD(out, "],\"unavailable\":");
    journal_line_string(out, plan->count ? NULL : why);
    BUF_ADD(out, "}\n");
}

void debug_log_call(struct journal *j, int64_t time_ms, const struct debug_call *call)
{
    struct buf *out = begin(j, time_ms, "call", call->request_id);
    if (!out)
        return;
    add_deployment(out, call->deployment);
    BUF_ADD(out, ",\"api\":");
    journal_line_word(out, wire_name(call->wire));
    JOURNAL_LINE_COUNT(out, ",\"repeated\"", call->repeated);
    BUF_ADD(out, "}\n");
}

void debug_log_result(struct journal *j, int64_t time_ms, const char *request_id, const struct journal_attempt *ended,
                      int64_t ttft_ms, const char *how)
{
    struct buf *out = begin(j, time_ms, "result", request_id);
    if (!out)
        return;
    BUF_ADD(out, ",\"deployment\":");
    journal_line_string(out, ended->deployment->id);
    BUF_ADD(out, ",\"how\":");
    journal_line_word(out, how);
    BUF_ADD(out, ",\"outcome\":");
    journal_line_word(out, failure_rule(ended->outcome)->name);
    JOURNAL_LINE_COUNT(out, ",\"status\"", ended->status ? ended->status : -1);
    JOURNAL_LINE_COUNT(out, ",\"ttft_ms\"", ttft_ms);
    JOURNAL_LINE_COUNT(out, ",\"ms\"", ended->ms);
    BUF_ADD(out, "}\n");
}
