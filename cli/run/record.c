/* Writes the record of routed runs. */
#include "cli/run/record.h"

#include "common/jsonl.h"
#include "common/paths.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FILE_MAX (8u << 20)
#define LINE_MAX (256u << 10)

void record_add_time(int64_t time_ms, struct buf *out)
{
    time_t second = (time_t)(time_ms / 1000);
    char text[32] = "1970-01-01T00:00:00";
    struct tm utc;
    if (gmtime_r(&second, &utc))
        (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_add_format(out, "\"%s.%03dZ\"", text, (int)(time_ms % 1000));
}

void record_add_number(double value, struct buf *out)
{
    if (isfinite(value))
        buf_add_format(out, "%.9g", value);
    else
        BUF_ADD(out, "null");
}

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_add_format(out, ",\"%s\":", key);
    if (text)
        json_add_string(out, slice_of(text));
    else
        BUF_ADD(out, "null");
}

static void add_number(struct buf *out, const char *key, double value)
{
    buf_add_format(out, ",\"%s\":", key);
    record_add_number(value, out);
}

static void add_count(struct buf *out, const char *key, int64_t value)
{
    buf_add_format(out, ",\"%s\":%lld", key, (long long)value);
}

static void add_choice(const struct run_record *r, struct buf *out)
{
    const struct run_plan *p = r->plan;
    const struct run_step *step = r->served;
    add_text(out, "model", p->alias);
    add_text(out, "task", task_class_name(r->task->class));
    add_text(out, "provider", run_provider_name(p->provider));
    add_text(out, "provider_reason", p->provider_reason);
    add_text(out, "codex_provider", step ? step->name : NULL);
    add_text(out, "requested_codex_provider", codex_provider_name(r->settings->codex_provider));
    add_text(out, "codex_provider_reason", p->codex_reason);
    add_text(out, "codex_profile", step ? step->profile : NULL);
    add_text(out, "codex_model", step && *step->model ? step->model : NULL);
    BUF_ADD(out, ",\"fallback_order\":[");
    for (unsigned i = 0; i < p->count; i++)
        buf_add_format(out, "%s\"%s\"", i ? "," : "", p->steps[i].name);
    BUF_ADD(out, "],\"adaptive_router\":");
    (void)markov_write(r->decision, out);
    add_text(out, "routing_reason", p->routing_reason);
}

static void add_estimate(const struct run_record *r, struct buf *out)
{
    const struct run_plan *p = r->plan;
    double cost = r->served ? r->served->cost_usd : NAN;
    add_count(out, "original_input_tokens", (int64_t)r->original_tokens);
    add_count(out, "estimated_input_tokens", (int64_t)r->input_tokens);
    add_count(out, "estimated_output_tokens", r->settings->max_output_tokens);
    add_number(out, "compression_ratio", r->original_tokens ? (double)r->input_tokens / (double)r->original_tokens : 1);
    add_number(out, "estimated_cost_usd", cost);
    add_number(out, "estimated_savings_usd", p->baseline_usd - cost);
    add_number(out, "policy_max_cost_usd", r->settings->max_cost_usd);
}

static void add_outcome(const struct run_record *r, struct buf *out)
{
    const struct run_requests *q = &r->requests;
    bool proxied = q->calls > 0, ollama = r->served && r->served->ollama;
    add_text(out, "execution_mode", ollama ? "ollama" : r->served ? "codex-exec" : "none");
    BUF_ADD(out, ",\"attempts\":[");
    for (unsigned i = 0; i < r->attempt_count; i++) {
        const struct run_attempt *a = &r->attempts[i];
        buf_add_format(out, "%s{\"provider\":\"%s\",\"outcome\":\"%s\"", i ? "," : "", a->provider, a->outcome);
        if (a->exit_code >= 0)
            add_count(out, "exit_code", a->exit_code);
        else
            BUF_ADD(out, ",\"exit_code\":null");
        add_count(out, "ms", a->ms);
        if (*a->why)
            add_text(out, "why", a->why);
        buf_add_char(out, '}');
    }
    buf_add_char(out, ']');
    add_count(out, "exit_code", r->exit_code);
    buf_add_format(out, ",\"success\":%s", r->exit_code == 0 ? "true" : "false");
    add_count(out, "total_ms", r->total_ms);
    add_count(out, "calls", q->calls);
    add_number(out, "ttft_ms", q->ttft_count ? (double)q->ttft_ms / (double)q->ttft_count : NAN);
    add_number(out, "input_tokens", proxied || ollama ? (double)q->input_tokens : NAN);
    add_number(out, "output_tokens", proxied || ollama ? (double)q->output_tokens : NAN);
    add_number(out, "actual_cost_usd", ollama ? 0 : proxied && !q->unpriced ? q->cost_usd : NAN);
}

static void add_plan(const struct run_record *r, struct buf *out)
{
    BUF_ADD(out, "{\"timestamp\":");
    record_add_time(r->time_ms, out);
    add_text(out, "run_id", r->run_id);
    add_text(out, "command", r->optimized ? "run" : "exec");
    add_choice(r, out);
    add_estimate(r, out);
}

void record_write_plan(const struct run_record *r, struct buf *out)
{
    add_plan(r, out);
    add_text(out, "execution_mode", "dry-run");
    buf_add_char(out, '}');
}

void record_write(const struct run_record *r, struct buf *out)
{
    add_plan(r, out);
    add_outcome(r, out);
    buf_add_char(out, '}');
}

bool record_append(const struct run_record *r, struct buf *error)
{
    char *folder = paths_log_dir(error);
    char *path = folder ? paths_join(folder, RECORD_FILE) : NULL;
    struct jsonl *file = path ? jsonl_open(path, FILE_MAX, LINE_MAX, error) : NULL;
    bool written = false;
    if (file) {
        record_write(r, jsonl_lines(file));
        buf_add_char(jsonl_lines(file), '\n');
        written = jsonl_flush(file);
        if (!written)
            buf_add_format(error, "%s: the run is not recorded: %s", path, strerror(errno));
    }
    jsonl_close(file);
    free(path);
    free(folder);
    return written;
}
