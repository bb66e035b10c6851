/* Writes the run log. */
#include "cli/run/run_log.h"

#include "cli/run/history.h"
#include "common/jsonl.h"
#include "common/paths.h"
#include "usage/sums_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_MAX (256u << 10) /* bytes */

static void add_time(struct container in, const char *key, int64_t time_ms)
{
    time_t second = (time_t)(time_ms / 1000);
    char text[40] = "1970-01-01T00:00:00";
    struct tm utc;
    size_t len = strlen(text);
    if (gmtime_r(&second, &utc))
        len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(text + len, sizeof text - len, ".%03dZ", (int)(time_ms % 1000));
    document_add_text(in, key, text);
}

static void add_number(struct container in, const char *key, double value)
{
    document_add_number(in, key, value, RUN_LOG_DIGITS);
}

static void add_choice(const struct run_record *r, struct container in)
{
    const struct run_plan *p = r->plan;
    const struct run_step *step = r->served;
    struct buf decision;
    buf_init(&decision, LINE_MAX);
    (void)markov_write(r->decision, &decision);
    document_add_text(in, "model", p->alias);
    document_add_text(in, "task", task_class_name(r->task->class));
    document_add_text(in, "provider", run_provider_name(p->provider));
    document_add_text(in, "provider_reason", p->provider_reason);
    document_add_text(in, "codex_provider", step ? step->name : NULL);
    document_add_text(in, "requested_codex_provider", codex_provider_name(r->settings->codex_provider));
    document_add_text(in, "codex_provider_reason", p->codex_reason);
    document_add_text(in, "codex_profile", step ? step->profile : NULL);
    document_add_text(in, "codex_model", step && *step->model ? step->model : NULL);
    struct container order = document_add_array(in, "fallback_order");
    for (unsigned i = 0; i < p->count; i++)
        document_add_text(order, NULL, p->steps[i].name);
    document_add_json(in, "adaptive_router", &decision);
    document_add_text(in, "routing_reason", p->routing_reason);
    buf_free(&decision);
}

static void add_estimate(const struct run_record *r, struct container in)
{
    const struct run_plan *p = r->plan;
    double cost = r->served ? r->served->cost_usd : NAN;
    document_add_count(in, "original_input_tokens", (int64_t)r->original_tokens);
    document_add_count(in, "estimated_input_tokens", (int64_t)r->input_tokens);
    document_add_count(in, "estimated_output_tokens", r->settings->max_output_tokens);
    add_number(in, "compression_ratio", r->original_tokens ? (double)r->input_tokens / (double)r->original_tokens : 1);
    add_number(in, "estimated_cost_usd", cost);
    add_number(in, "estimated_savings_usd", history_round_usd(p->baseline_usd - cost, p->baseline_usd));
    add_number(in, "policy_max_cost_usd", r->settings->max_cost_usd);
}

static void add_attempt(const struct run_attempt *a, struct container in)
{
    document_add_text(in, "provider", a->provider);
    document_add_text(in, "outcome", a->outcome);
    if (a->exit_code >= 0)
        document_add_count(in, "exit_code", a->exit_code);
    else
        document_add_null(in, "exit_code");
    document_add_count(in, "ms", a->ms);
    if (*a->why)
        document_add_text(in, "why", a->why);
}

static void add_outcome(const struct run_record *r, struct container in)
{
    const struct run_requests *q = &r->requests;
    bool proxied = q->calls > 0, ollama = r->served && r->served->ollama;
    document_add_text(in, "execution_mode", ollama ? "ollama" : r->served ? "codex-exec" : "none");
    struct container attempts = document_add_array(in, "attempts");
    for (unsigned i = 0; i < r->attempt_count; i++)
        add_attempt(&r->attempts[i], document_add_object(attempts, NULL));
    document_add_count(in, "exit_code", r->exit_code);
    document_add_bool(in, "success", r->exit_code == 0);
    document_add_count(in, "total_ms", r->total_ms);
    document_add_count(in, "calls", q->calls);
    add_number(in, "ttft_ms", q->ttft_count ? (double)q->ttft_ms / (double)q->ttft_count : NAN);
    add_number(in, "input_tokens", proxied || ollama ? (double)q->input_tokens : NAN);
    add_number(in, "output_tokens", proxied || ollama ? (double)q->output_tokens : NAN);
    add_number(in, "actual_cost_usd", ollama ? 0 : proxied && !q->unpriced ? q->cost_usd : NAN);
}

static void add_plan(const struct run_record *r, struct container in)
{
    add_time(in, "timestamp", r->time_ms);
    document_add_text(in, "run_id", r->run_id);
    document_add_text(in, "command", r->optimized ? "run" : "exec");
    add_choice(r, in);
    add_estimate(r, in);
}

void run_log_describe_plan(const struct run_record *r, struct container in)
{
    add_plan(r, in);
    document_add_text(in, "execution_mode", "dry-run");
}

void run_log_describe(const struct run_record *r, struct container in)
{
    add_plan(r, in);
    add_outcome(r, in);
}

bool run_log_append(const struct run_record *r, const struct config *config, struct buf *error)
{
    struct log_limits limits = LOG_LIMITS_DEFAULT;
    limits.retire = sums_file_add;
    if (config) {
        limits.total = (uint64_t)config->log_total_bytes;
        limits.files = (unsigned)config->log_files;
        memcpy(limits.session, config->session_file, sizeof limits.session);
    }
    char *folder = paths_log_dir(error);
    char *path = folder ? paths_join(folder, RUN_LOG_FILE) : NULL;
    struct jsonl *file = path ? jsonl_open(path, &limits, LINE_MAX, error) : NULL;
    bool written = false;
    if (file) {
        struct document d;
        run_log_describe(r, document_object(&d));
        struct buf *line = jsonl_line(file);
        written = document_print(&d, line) && BUF_ADD(line, "\n");
        errno = ENOMEM;
        written = written && jsonl_flush(file);
        if (!written)
            buf_add_format(error, "%s: can't log the run: %s", path, strerror(errno));
    }
    jsonl_close(file);
    free(path);
    free(folder);
    return written;
}
