/* Prints a run's plan, as text or JSON. */
#include "cli/run/job.h"
#include "cli/run/run_log.h"
#include "cli/terminal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LABEL "%-18s: "

static void show_order(const struct job *job, FILE *out)
{
    const struct run_plan *p = &job->plan;
    fprintf(out, LABEL, "Fallback order");
    for (unsigned i = 0; i < p->count; i++)
        fprintf(out, "%s%s", i ? ", " : "", p->steps[i].name);
    fputc('\n', out);
    for (unsigned i = 0; i < p->count; i++)
        if (*p->steps[i].blocked)
            fprintf(out, LABEL "%s: %s\n", "Skipped", p->steps[i].name, p->steps[i].blocked);
}

static void show_adaptive(const struct job *job, FILE *out)
{
    const struct markov_decision *d = &job->decision;
    if (!d->enabled || !d->count)
        return;
    fprintf(out, LABEL "%s %s -> %s (delta=%.2f)\n", "Adaptive router", d->applied ? "applied" : "shadow", d->name[0],
            d->name[d->suggested], d->confidence_delta);
    if (d->cost_guard_blocked && isfinite(d->blocked_multiplier))
        fprintf(out, LABEL "blocked expensive switch (x%.2f > x%.2f)\n", "Cost guard", d->blocked_multiplier,
                d->max_cost_multiplier);
    else if (d->cost_guard_blocked)
        fprintf(out, LABEL "blocked a switch to an unknown price\n", "Cost guard");
    if (*job->adaptive.rolled_back)
        fprintf(out, LABEL "rolled back to shadow mode: %s\n", "Canary", job->adaptive.rolled_back);
}

static void show_cost(const struct job *job, const struct run_step *step, FILE *out)
{
    const struct run_plan *p = &job->plan;
    if (!step)
        fprintf(out, LABEL "none: every step is blocked\n", "Estimated cost");
    else if (isnan(step->cost_usd))
        fprintf(out, LABEL "unknown: no price configured\n", "Estimated cost");
    else if (p->unpriced && !step->ollama && step->codex == CODEX_LITELLM)
        fprintf(out, LABEL "$%.8f (%s has no price in the configuration)\n", "Estimated cost", step->cost_usd,
                p->unpriced_model);
    else
        fprintf(out, LABEL "$%.8f\n", "Estimated cost", step->cost_usd);
    if (job->settings.max_cost_usd > 0)
        fprintf(out, LABEL "$%.8f\n", "Policy cost limit", job->settings.max_cost_usd);
}

static void show_settings(const struct job *job, FILE *out)
{
    struct buf value;
    buf_init(&value, 4096);
    fprintf(out, "\nSettings and their sources%s%s:\n", job->policy_path ? "; policy: " : "; no policy file found",
            job->policy_path ? job->policy_path : "");
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        char source[64];
        buf_clear(&value);
        run_settings_value(&job->settings, i, &value);
        run_settings_source(&job->settings, i, source, sizeof source);
        fprintf(out, "  %-23s %-44s %s\n", run_settings_name(i), buf_text(&value), source);
    }
    buf_free(&value);
}

void job_show(const struct job *job, bool dry, FILE *out)
{
    const struct run_plan *p = &job->plan;
    unsigned first = run_plan_first(p);
    const struct run_step *step = first < p->count ? &p->steps[first] : NULL;
    double ratio = job->given_tokens ? (double)job->prompt_tokens / (double)job->given_tokens : 1;
    fprintf(out, LABEL "%s\n", "Model", p->alias);
    fprintf(out, LABEL "%s\n", "Task", task_class_name(job->task.class));
    fprintf(out, LABEL "%s (%s)\n", "Provider", run_provider_name(p->provider), p->provider_reason);
    fprintf(out, LABEL "%s\n", "Codex profile",
            !step           ? "none"
            : step->ollama  ? "none: Ollama runs without Codex"
            : step->profile ? step->profile
                            : "standard");
    fprintf(out, LABEL "%s\n", "Codex model",
            step && *step->model ? step->model
            : step               ? "Codex's own choice"
                                 : "none");
    show_order(job, out);
    show_adaptive(job, out);
    fprintf(out, LABEL "%s\n", "Routing reason", p->routing_reason);
    fprintf(out, LABEL "%zu -> %zu\n", "Input tokens", job->given_tokens, job->prompt_tokens);
    fprintf(out, LABEL "%.2f\n", "Compression ratio", ratio);
    fprintf(out, LABEL "%lld\n", "Output budget", (long long)job->settings.max_output_tokens);
    show_cost(job, step, out);
    fprintf(out, LABEL "%s\n", "Proxy active", job->proxy_up ? "yes" : "no");
    fprintf(out, LABEL "%s\n", "Qwen local", job->ollama_up ? "yes" : "no");
    if (dry)
        show_settings(job, out);
    if (job->arguments->values[JOB_SHOW_PROMPT])
        fprintf(out, "\nOptimized prompt:\n%.*s\n", SLICE_ARGS(buf_slice(&job->prompt)));
}

static void add_settings(const struct job *job, struct container in)
{
    struct buf value;
    buf_init(&value, 4096);
    struct container settings = document_add_object(in, "settings");
    for (enum setting i = 0; i < SETTING_COUNT; i++) {
        char source[64];
        struct container setting = document_add_object(settings, run_settings_name(i));
        buf_clear(&value);
        run_settings_value(&job->settings, i, &value);
        run_settings_source(&job->settings, i, source, sizeof source);
        document_add_buf(setting, "value", &value);
        document_add_text(setting, "from", source);
    }
    document_add_text(in, "policy_file", job->policy_path);
    buf_free(&value);
}

static void add_steps(const struct job *job, struct container in)
{
    struct container steps = document_add_array(in, "steps");
    for (unsigned i = 0; i < job->plan.count; i++) {
        const struct run_step *step = &job->plan.steps[i];
        struct container row = document_add_object(steps, NULL);
        document_add_text(row, "provider", step->name);
        document_add_text(row, "model", step->model);
        document_add_number(row, "estimated_cost_usd", step->cost_usd, RUN_LOG_DIGITS);
        document_add_name(row, "barred", step->blocked);
    }
    document_add_bool(in, "proxy_active", job->proxy_up);
    document_add_bool(in, "qwen_local", job->ollama_up);
}

bool job_show_json(const struct job *job, FILE *out)
{
    const struct run_plan *p = &job->plan;
    unsigned first = run_plan_first(p);
    const struct run_record record = {
        .time_ms = job->began_ms,
        .run_id = job->run_id,
        .optimized = job->optimize,
        .settings = &job->settings,
        .task = &job->task,
        .plan = p,
        .decision = &job->decision,
        .served = first < p->count ? &p->steps[first] : NULL,
        .original_tokens = job->given_tokens,
        .input_tokens = job->prompt_tokens,
    };
    struct document d;
    struct container root = document_object(&d);
    run_log_describe_plan(&record, root);
    add_settings(job, root);
    add_steps(job, root);
    if (job->arguments->values[JOB_SHOW_PROMPT])
        document_add_buf(root, "prompt", &job->prompt);
    return print_document(&d, out);
}
