/* Runs the steps of a plan in order until one succeeds, and writes the run log. */
#include "cli/run/job.h"

#include "cli/codex_catalog.h"
#include "cli/foreground.h"
#include "cli/local_http.h"
#include "cli/profile.h"
#include "cli/routed.h"
#include "cli/run/codex_arguments.h"
#include "cli/run/run_log.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/paths.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ANSWER_MAX (16u << 20) /* bytes */
#define WATCH_MS 500           /* interval of the cost check */

/* A run in progress. */
struct execution {
    struct job *job;
    struct run_record record;
    struct buf answer; /* --json: the answer */
    char *codex;       /* path of Codex; NULL: not found */
    char *requests;    /* path of the request log; NULL: unknown */
    int exit_code;
    bool over_cost;
};

static struct run_attempt *attempt_of(struct execution *x, const struct run_step *step, const char *outcome)
{
    struct run_attempt *a = &x->record.attempts[x->record.attempt_count++];
    *a = (struct run_attempt){.provider = step->name, .outcome = outcome, .exit_code = -1};
    return a;
}

/* Returns true if the step can't run now, with the reason in `why`. */
static bool not_ready(const struct execution *x, const struct run_step *step, struct buf *why)
{
    const struct job *job = x->job;
    struct alias_view view;
    if (step->ollama)
        return !ollama_ready(&job->ollama, WATCH_MS, why);
    if (!x->codex) {
        BUF_ADD(why, "Codex not found: npm install -g @openai/codex, or set CODEX_CLI_PATH");
        return true;
    }
    if (step->codex != CODEX_LITELLM)
        return false;
    if (!job->base_url || (job->own_session && !job->proxy_up)) {
        BUF_ADD(why, "the proxy is not running: run pointsman start");
        return true;
    }
    if (!job->proxy_up) {
        buf_add_format(why, "the proxy at %s does not answer or rejects the key in LITELLM_API_KEY", job->base_url);
        return true;
    }
    models_view(&job->models, step->model, 0, &view);
    if (view.known && job->models.asked && !view.reachable)
        buf_add_format(why, "no deployment of %s is ready: run pointsman status", step->model);
    return why->len > 0;
}

static bool on_text(struct slice text, void *ctx)
{
    struct execution *x = ctx;
    if (x->job->arguments->values[JOB_JSON])
        (void)buf_add_slice(&x->answer, text);
    else
        (void)fwrite(text.ptr, 1, text.len, stdout);
    return fflush(stdout) == 0;
}

static void run_ollama(struct execution *x, struct run_attempt *a)
{
    const struct job *job = x->job;
    struct ollama_result result;
    struct buf error;
    buf_init(&error, 4096);
    const struct ollama_call call = {
        .prompt = buf_slice(&job->prompt), .max_tokens = job->settings.max_output_tokens, .on_text = on_text, .ctx = x};
    bool done = ollama_ask(&job->ollama, &call, &result, &error);
    if (done && !job->arguments->values[JOB_JSON])
        puts("");
    if (!done)
        snprintf(a->why, sizeof a->why, "%s", buf_message(&error));
    a->outcome = done ? "ok" : "failed";
    a->exit_code = done ? 0 : EXIT_OLLAMA;
    a->ms = result.total_ms;
    x->record.requests.input_tokens = result.input_tokens > 0 ? result.input_tokens : 0;
    x->record.requests.output_tokens = result.output_tokens > 0 ? result.output_tokens : 0;
    if (result.ttft_ms >= 0) {
        x->record.requests.ttft_ms = result.ttft_ms;
        x->record.requests.ttft_count = 1;
    }
    buf_free(&error);
}

/* Whether the run exceeds max_cost_usd or has an unknown cost. */
static bool is_over_cost(void *ctx)
{
    struct execution *x = ctx;
    struct run_requests r;
    if (!x->requests || !request_log_of_run(x->requests, x->job->run_id, x->job->began_ms, &r))
        return false;
    x->over_cost = r.unpriced || r.cost_usd > x->job->settings.max_cost_usd;
    return x->over_cost;
}

/* Waits until the request log is complete: the proxy answers only after it has logged earlier requests. */
static void wait_for_request_log(const struct job *job)
{
    struct local_http_reply reply = {0};
    struct buf error;
    buf_init(&error, 1024);
    char *root = strndup(job->base_url, strlen(job->base_url) - strlen("/v1"));
    if (root && !local_http(&(struct local_http_request){.base = root,
                                                         .method = "GET",
                                                         .path = "/health/liveliness",
                                                         .timeout_ms = 4 * WATCH_MS},
                            &reply, &error))
        buf_clear(&error); /* the run log then contains what is known so far */
    local_http_free(&reply);
    buf_free(&error);
    free(root);
}

/* Returns a memory file with the prompt, for Codex's standard input: other users can see arguments, and a pipe may
 * block. -1: error. */
static int prompt_file(const struct job *job)
{
    int fd = memfd_create("prompt", MFD_CLOEXEC);
    size_t done = 0;
    while (fd >= 0 && done < job->prompt.len) {
        ssize_t written = write(fd, job->prompt.data + done, job->prompt.len - done);
        if (written < 0 && errno != EINTR)
            break;
        done += written > 0 ? (size_t)written : 0;
    }
    if (fd >= 0 && (done < job->prompt.len || lseek(fd, 0, SEEK_SET) != 0)) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

static bool write_arguments(const struct execution *x, const struct run_step *step, struct codex_arguments *argv)
{
    const struct arguments *given = x->job->arguments;
    char self[4096];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len > 0 ? len : 0] = '\0';
    struct buf why;
    buf_init(&why, 4096);
    bool enabled = profile_look(&why).state == PROFILE_COST_ROUTING;
    buf_free(&why);
    const struct codex_way way = {.codex = x->codex,
                                  .step = step,
                                  .profile = enabled,
                                  .base_url = x->job->base_url,
                                  .key_command = x->job->own_session && len > 0 ? self : NULL};
    bool added = codex_arguments_begin(argv, &way);
    unsigned at = 0;
    for (const char *more; added && (more = arguments_each(given, JOB_CODEX_ARG, &at));)
        added = codex_arguments_add(argv, more);
    return added && codex_arguments_end(argv);
}

/* Sets the attempt's outcome from Codex's exit and from what ended it. */
static void settle_codex(struct execution *x, struct run_attempt *a, const struct foreground_end *end)
{
    a->exit_code = end->code;
    a->outcome = end->code == 0 ? "ok" : "failed";
    if (end->signal || end->code == 128 + SIGINT) {
        a->outcome = "cancelled";
    } else if (end->ticked || x->over_cost) {
        a->outcome = "over_cost";
        snprintf(a->why, sizeof a->why, "the run cost %s $%.4f (max_cost_usd)",
                 x->record.requests.unpriced ? "an unknown amount; the limit is" : "more than",
                 x->job->settings.max_cost_usd);
    }
}

static void run_codex(struct execution *x, const struct run_step *step, struct run_attempt *a)
{
    struct job *job = x->job;
    struct codex_arguments argv = {0};
    struct foreground_end end = {.code = -1};
    struct buf error;
    buf_init(&error, 4096);
    bool limited = job->settings.max_cost_usd > 0 && step->codex == CODEX_LITELLM;
    int64_t start = (int64_t)clock_monotonic_ms();
    int input = prompt_file(job);
    x->over_cost = false;
    if (input >= 0 && write_arguments(x, step, &argv) && setenv(PROFILE_RUN_ID_ENV, job->run_id, 1) == 0) {
        const struct foreground run = {
            .argv = argv.argv,
            .input = input,
            .output = job->arguments->values[JOB_JSON] ? &x->answer : NULL,
            .tick = limited ? is_over_cost : NULL,
            .ctx = x,
            .tick_ms = WATCH_MS,
        };
        buf_clear(&x->answer);
        if (!foreground_run(&run, &end, &error))
            end.code = -1;
        if (step->codex == CODEX_LITELLM)
            wait_for_request_log(job);
        if (limited && !end.ticked && is_over_cost(x))
            warn("the run's last request exceeded max_cost_usd");
        if (!x->requests || !request_log_of_run(x->requests, job->run_id, job->began_ms, &x->record.requests))
            x->record.requests = (struct run_requests){0};
    } else {
        buf_add_format(&error, "can't start Codex: %s", strerror(errno));
    }
    x->over_cost = end.ticked;
    settle_codex(x, a, &end);
    if (end.code < 0)
        snprintf(a->why, sizeof a->why, "%s", buf_message(&error));
    a->ms = (int64_t)clock_monotonic_ms() - start;
    if (input >= 0)
        (void)close(input);
    codex_arguments_free(&argv);
    buf_free(&error);
}

/* Passes the step's outcome to the adaptive router. Ignores a run that the user or the cost limit ended. */
static void observe(struct execution *x, const struct run_step *step, const struct run_attempt *a)
{
    const struct run_requests *r = &x->record.requests;
    bool ready = strcmp(a->outcome, "not_ready") != 0, proxied = step->codex == CODEX_LITELLM && r->calls;
    struct buf error;
    if (step->ollama || strcmp(a->outcome, "cancelled") == 0 || strcmp(a->outcome, "over_cost") == 0)
        return;
    struct markov_observation o = markov_observation(a->exit_code == 0       ? MARKOV_SUCCESS
                                                     : proxied && r->limited ? MARKOV_LIMITED
                                                                             : MARKOV_FAILED);
    o.total_ms = ready ? (double)a->ms : NAN;
    o.ttft_ms = proxied && r->ttft_count ? (double)r->ttft_ms / (double)r->ttft_count : NAN;
    o.cost_usd = proxied && !r->unpriced ? r->cost_usd : step->cost_usd;
    o.error_rate = proxied ? (double)r->failed / (double)r->calls : NAN;
    buf_init(&error, 4096);
    if (!run_adaptive_observe(&x->job->adaptive, &x->job->settings.adaptive, step->codex, &o, clock_unix_ms(), &error))
        warn("%s", buf_message(&error));
    buf_free(&error);
}

/* Tries one step. Returns true if no further step may follow. */
static bool take_step(struct execution *x, const struct run_step *step)
{
    struct buf why;
    struct run_attempt *a = attempt_of(x, step, "barred");
    bool last = false;
    buf_init(&why, 4096);
    if (*step->blocked) {
        snprintf(a->why, sizeof a->why, "%s", step->blocked);
    } else if (not_ready(x, step, &why)) {
        a->outcome = "not_ready";
        snprintf(a->why, sizeof a->why, "%s", buf_text(&why));
        observe(x, step, a);
    } else {
        x->record.served = step;
        if (step->ollama)
            run_ollama(x, a);
        else
            run_codex(x, step, a);
        observe(x, step, a);
        x->exit_code = a->exit_code;
        last = a->exit_code == 0 || strcmp(a->outcome, "cancelled") == 0 || strcmp(a->outcome, "over_cost") == 0;
    }
    if (*a->why)
        say("%s: %s", step->name, a->why);
    else if (a->exit_code > 0)
        say("%s: exit code %d", step->name, a->exit_code);
    buf_free(&why);
    return last;
}

/* The exit code if no step ran: the problem to fix first. */
static int code_if_none_ran(const struct execution *x)
{
    const struct run_plan *p = &x->job->plan;
    unsigned first = run_plan_first(p), allowed = 0;
    bool token = false;
    for (unsigned i = 0; i < p->count; i++) {
        allowed += !*p->steps[i].blocked;
        token = token || strcmp(p->steps[i].blocked, "HF_TOKEN is not set") == 0;
    }
    if (!allowed)
        return token ? EXIT_NO_TOKEN : EXIT_NOTHING_RAN;
    if (p->steps[first].ollama)
        return EXIT_OLLAMA;
    if (!x->codex)
        return EXIT_ABSENT;
    return allowed == 1 && p->steps[first].codex == CODEX_LITELLM ? EXIT_NOT_READY : EXIT_NOTHING_RAN;
}

static void print_result(const struct execution *x)
{
    const struct run_requests *r = &x->record.requests;
    if (r->calls)
        say("%u proxy request%s, %lld tokens in (%lld cached), %lld out, %s$%.6f%s", r->calls, r->calls == 1 ? "" : "s",
            (long long)r->input_tokens, (long long)r->cached_tokens, (long long)r->output_tokens,
            r->unpriced ? "over " : "", r->cost_usd, r->unpriced ? " (some prices are unknown)" : "");
}

static bool print_json(const struct execution *x)
{
    struct document d;
    struct container root = document_object(&d);
    run_log_describe(&x->record, root);
    document_add_buf(root, "answer", &x->answer);
    return print_document(&d, stdout);
}

static char *requests_path(void)
{
    char *home = paths_codex_home(), *logs = home ? paths_join(home, "logs") : NULL;
    char *path = logs ? paths_join(logs, REQUEST_LOG_FILE) : NULL;
    free(home);
    free(logs);
    return path;
}

int job_run(struct job *job)
{
    struct execution x = {.job = job, .codex = codex_find(), .requests = requests_path()};
    struct buf error;
    uint64_t start = clock_monotonic_ms();
    bool last = false;
    struct routed routed;
    buf_init(&x.answer, ANSWER_MAX);
    buf_init(&error, 4096);
    x.record = (struct run_record){
        .time_ms = job->began_ms,
        .run_id = job->run_id,
        .optimized = job->optimize,
        .settings = &job->settings,
        .task = &job->task,
        .plan = &job->plan,
        .decision = &job->decision,
        .original_tokens = job->given_tokens,
        .input_tokens = job->prompt_tokens,
    };
    routed_join(&routed);
    for (unsigned i = 0; !last && i < job->plan.count; i++)
        last = take_step(&x, &job->plan.steps[i]);
    (void)routed_leave(&routed);
    if (!x.record.served)
        x.exit_code = code_if_none_ran(&x);
    else if (x.exit_code < 0)
        x.exit_code = EXIT_NOTHING_RAN;
    if (!x.record.served)
        (void)complain(x.exit_code, "no step could run: see the reasons above");
    x.record.exit_code = x.exit_code;
    x.record.total_ms = (int64_t)(clock_monotonic_ms() - start);
    print_result(&x);
    if (job->arguments->values[JOB_JSON] && !print_json(&x) && !x.exit_code)
        x.exit_code = EXIT_FAULT;
    if (!run_log_append(&x.record, job->config, &error))
        warn("%s", buf_message(&error));
    buf_free(&error);
    buf_free(&x.answer);
    free(x.codex);
    free(x.requests);
    return x.exit_code;
}
