/* job: one routed run: the command line, the prompt, the plan and its execution. */
#ifndef POINTSMAN_CLI_RUN_JOB_H
#define POINTSMAN_CLI_RUN_JOB_H

#include "cli/command.h"
#include "cli/ollama.h"
#include "cli/run/adaptive.h"
#include "cli/run/clean.h"
#include "cli/run/plan.h"

#include <stdio.h>

#define RUN_PROMPT_MAX (16u << 20) /* bytes */
#define RUN_ID_SIZE 24             /* "run_", 16 digits, NUL; rounded up */

/* The options of `run` and `exec`. With `exec`, JOB_NO_CLEAN has no effect and JOB_MAX_INPUT is a limit. */
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
    bool optimize; /* run; false: exec */
    char run_id[RUN_ID_SIZE];
    int64_t began_ms;         /* Unix time */
    struct buf given, prompt; /* the user's prompt; the prompt to send */
    size_t given_tokens, prompt_tokens, cut_tokens;
    struct cleaned cleaned;
    struct yaml_node *policy;
    char *policy_path; /* NULL: none found */
    struct run_settings settings;
    struct classified task;
    struct config *config; /* the proxy's; NULL: could not be loaded */
    struct models models;
    struct ollama ollama;
    bool ollama_up, proxy_up;
    char *base_url;   /* the proxy's, with /v1; NULL: unknown */
    bool own_session; /* this user's session runs the proxy; false: LITELLM_BASE_URL names it */
    struct run_plan plan;
    struct run_adaptive adaptive;
    struct markov_decision decision;
};

/* Reads all input and makes the plan. Returns 0, or an exit code after printing an error. Free with job_free() in any
 * case. */
int job_prepare(struct job *job, const struct arguments *arguments, bool optimize);
void job_free(struct job *job);

/* Prints the plan; `dry`: also the settings and their sources. */
void job_show(const struct job *job, bool dry, FILE *out);
/* Prints the plan as one JSON object. false: out of memory; an error is printed. */
bool job_show_json(const struct job *job, FILE *out);

/* Runs the plan, writes the run log, and returns the exit code. */
int job_run(struct job *job);

/* The commands `run` (optimize) and `exec`. Returns the exit code. */
int job_command(const struct arguments *arguments, bool optimize);

#endif
