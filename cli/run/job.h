/* job: one routed run, from the command line to the plan. */
#ifndef POINTSMAN_CLI_RUN_JOB_H
#define POINTSMAN_CLI_RUN_JOB_H

#include "cli/command.h"
#include "cli/ollama.h"
#include "cli/run/adaptive.h"
#include "cli/run/clean.h"
#include "cli/run/plan.h"

#include <stdio.h>

#define RUN_PROMPT_MAX (16u << 20)
#define RUN_ID_SIZE 24

/* The options of `run`; `exec` has no JOB_NO_CLEAN, `--max-input-tokens` refuses there. */
enum {
    JOB_DRY_RUN,
    JOB_PROVIDER,
    JOB_CODEX_PROVIDER,
    JOB_FORCE_MODEL,
    JOB_POLICY,
    JOB_MAX_INPUT,
    JOB_MAX_OUTPUT,
    JOB_MAX_COST,
    JOB_CODEX_ARG,
    JOB_SHOW_PROMPT,
    JOB_NO_CLEAN,
    JOB_JSON,
    JOB_OPTIONS,
};

extern const struct command_option job_options[];

struct job {
    const struct arguments *arguments;
    bool optimize; /* run; else exec */
    char run_id[RUN_ID_SIZE];
    int64_t began_ms;         /* Unix time */
    struct buf given, prompt; /* as it came; as it goes out */
    size_t given_tokens, prompt_tokens, cut_tokens;
    struct cleaned cleaned;
    struct yaml_node *policy;
    char *policy_path; /* NULL: none was found */
    struct run_settings settings;
    struct classified task;
    struct config *config; /* the proxy's; NULL: could not be read */
    struct models models;
    struct ollama ollama;
    bool ollama_up, proxy_up;
    char *base_url;   /* the proxy's, with /v1; NULL: none is known */
    bool own_session; /* it is that of pointsman's session here; else LITELLM_BASE_URL names it */
    struct run_plan plan;
    struct run_adaptive adaptive;
    struct markov_decision decision;
};

/* Reads and decides everything. Returns 0, or an exit code after saying on standard error what is wrong. Free in any
 * case. */
int job_prepare(struct job *job, const struct arguments *arguments, bool optimize);
void job_free(struct job *job);

/* Prints the plan; `dry`: with the settings and what decided each. */
void job_show(const struct job *job, bool dry, FILE *out);
/* The same as one JSON object. Returns false, after a complaint, if it can't be printed. */
bool job_show_json(const struct job *job, FILE *out);

/* Runs it, records it, and returns the exit code. */
int job_run(struct job *job);

/* What both commands do. */
int job_command(const struct arguments *arguments, bool optimize);

#endif
