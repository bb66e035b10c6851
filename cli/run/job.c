/* Prepares a routed run: reads the prompt, the policy and the proxy's configuration, checks what is running, and plans.
 */
#include "cli/run/job.h"

#include "cli/gateway.h"
#include "cli/own_config.h"
#include "cli/locate.h"
#include "cli/routed.h"
#include "cli/terminal.h"
#include "common/clock.h"
#include "common/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define CHECK_MS 500 /* wait for Ollama; four times that for the proxy */

const struct command_option job_options[] = {
    [JOB_DRY_RUN] = {.name = "dry-run", .summary = "print the plan and the source of each setting; run nothing"},
    [JOB_PROVIDER] = {.name = "provider",
                      .value = "NAME",
                      .choices = RUN_PROVIDER_WORDS,
                      .summary = "whose models to use"},
    [JOB_CODEX_PROVIDER] = {.name = "codex-provider",
                            .value = "NAME",
                            .choices = CODEX_PROVIDER_WORDS,
                            .summary = "what Codex uses first: the proxy, its own login, or Hugging Face"},
    [JOB_FORCE_MODEL] = {.name = "force-model",
                         .value = "ALIAS",
                         .hint = HINT_ALIAS,
                         .summary = "use this alias of the proxy"},
    [JOB_POLICY] = {.name = "policy", .value = "FILE", .hint = HINT_FILE, .summary = "use this policy file"},
    [JOB_MAX_INPUT] = {.name = "max-input-tokens",
                       .value = "N",
                       .summary = "cut the middle of a longer prompt (12000)"},
    [JOB_MAX_OUTPUT] = {.name = "max-output-tokens",
                        .value = "N",
                        .summary = "expected output, for the cost estimate (2000)"},
    [JOB_MAX_COST] = {.name = "max-cost-usd",
                      .value = "USD",
                      .summary = "refuse or stop a run that costs more; 0: no limit (0)"},
    [JOB_CODEX_ARG] = {.name = "codex-arg", .value = "ARG", .summary = "pass ARG to codex exec; repeatable"},
    [JOB_SHOW_PROMPT] = {.name = "show-prompt", .summary = "print the prompt that is sent"},
    [JOB_NO_CLEAN] = {.name = "no-clean", .summary = "don't clean the prompt; --max-input-tokens still applies"},
    [JOB_JSON] = {.name = "json", .summary = "print one JSON object, including Codex's answer"},
    {0},
};

static const char *environment(const char *name, void *ctx)
{
    (void)ctx;
    return getenv(name);
}

static void make_run_id(char id[RUN_ID_SIZE])
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char bytes[8];
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        uint64_t now = (uint64_t)clock_read_ms(CLOCK_REALTIME) * 1000003u ^ (uint64_t)getpid();
        memcpy(bytes, &now, sizeof bytes);
    }
    memcpy(id, "run_", 4);
    for (size_t i = 0; i < sizeof bytes; i++) {
        id[4 + 2 * i] = DIGITS[bytes[i] >> 4];
        id[5 + 2 * i] = DIGITS[bytes[i] & 15];
    }
    id[4 + 2 * sizeof bytes] = '\0';
}

static int read_stdin(struct job *job)
{
    char bytes[64u << 10];
    ssize_t got;
    if (terminal_is(stdin))
        return complain(EXIT_USAGE, "missing PROMPT: pass it as an argument or on standard input");
    while ((got = read(STDIN_FILENO, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && !buf_add(&job->given, bytes, (size_t)got))
            return complain(EXIT_USAGE, "the prompt is longer than %u MB", RUN_PROMPT_MAX >> 20);
    return got < 0 ? complain(EXIT_FAULT, "standard input: %s", strerror(errno)) : 0;
}

/* Reads the operands, or standard input if there are none or "-". */
static int read_prompt(struct job *job)
{
    const struct arguments *a = job->arguments;
    if (!a->operand_count || (a->operand_count == 1 && strcmp(a->operands[0], "-") == 0)) {
        int code = read_stdin(job);
        if (code)
            return code;
    } else {
        for (unsigned i = 0; i < a->operand_count; i++)
            if (!buf_add_text(&job->given, i ? " " : "") || !buf_add_text(&job->given, a->operands[i]))
                return complain(EXIT_USAGE, "the prompt is longer than %u MB", RUN_PROMPT_MAX >> 20);
    }
    for (size_t i = 0; i < job->given.len; i++)
        if (!strchr(" \t\r\n", job->given.data[i]))
            return 0;
    return complain(EXIT_USAGE, "the prompt is empty");
}

static int read_settings(struct job *job)
{
    const char *const *v = job->arguments->values;
    const struct run_flags flags = {.provider = v[JOB_PROVIDER],
                                    .codex_provider = v[JOB_CODEX_PROVIDER],
                                    .max_cost = v[JOB_MAX_COST],
                                    .max_input = v[JOB_MAX_INPUT],
                                    .max_output = v[JOB_MAX_OUTPUT]};
    struct buf errors;
    int code = 0;
    buf_init(&errors, 64u << 10);
    job->policy_path = v[JOB_POLICY] ? strdup(v[JOB_POLICY]) : locate_policy();
    if (job->policy_path)
        job->policy = yaml_load(job->policy_path, &errors);
    bool read = !job->policy_path || job->policy;
    if (!read || !run_settings_read(&job->settings, job->policy_path, job->policy, environment, NULL, &flags, &errors))
        code = complain(EXIT_USAGE, "%s", buf_message(&errors));
    buf_free(&errors);
    return code;
}

static void read_config(struct job *job)
{
    struct buf error;
    buf_init(&error, 64u << 10);
    job->config = own_config_load(&error);
    if (!job->config)
        warn("prices and fallbacks are unknown: %s", buf_message(&error));
    buf_free(&error);
}

/* Finds the proxy and checks that it answers. A proxy on another machine is assumed to run. */
static void find_proxy(struct job *job)
{
    struct gateway gateway;
    struct local_http_reply reply = {0};
    struct url url;
    struct buf error;
    buf_init(&error, 4096);
    if (gateway_find(&gateway, &error) && url_split(slice_of(gateway.base_url), &url)) {
        const char *const fields[] = {buf_text(&gateway.bearer), NULL};
        char *root = strndup(gateway.base_url, strlen(gateway.base_url) - strlen("/v1"));
        job->own_session = gateway.own;
        job->proxy_up = !url_is_loopback(&url) || (root &&
                                                   local_http(&(struct local_http_request){.base = root,
                                                                                           .method = "GET",
                                                                                           .path = "/health",
                                                                                           .fields = fields,
                                                                                           .timeout_ms = 4 * CHECK_MS},
                                                              &reply, &error) &&
                                                   reply.status == 200);
        if (job->proxy_up && reply.status == 200)
            (void)models_take_health(&job->models, buf_slice(&reply.body));
        free(root);
    }
    if (gateway.base_url)
        job->base_url = strdup(gateway.base_url);
    local_http_free(&reply);
    gateway_free(&gateway);
    buf_free(&error);
}

/* Makes the prompt to send. */
static int make_prompt(struct job *job)
{
    bool clean_it = job->optimize && !job->arguments->values[JOB_NO_CLEAN];
    size_t most = (size_t)job->settings.max_input_tokens;
    struct buf cleaned, text_only;
    bool made = true;
    buf_init(&cleaned, 4 * RUN_PROMPT_MAX);
    buf_init(&text_only, 4 * RUN_PROMPT_MAX);
    job->given_tokens = estimate_tokens(buf_slice(&job->given));
    size_t wrong = clean_utf8(buf_slice(&job->given), &text_only);
    if (wrong)
        warn("prompt: %zu byte%s invalid UTF-8, replaced by U+FFFD", wrong, wrong == 1 ? " was" : "s were");
    struct slice text = buf_slice(&text_only);
    if (clean_it) {
        made = clean(text, &cleaned, &job->cleaned);
        text = buf_slice(&cleaned);
    }
    if (job->optimize)
        made = made && truncate_prompt(text, most, &job->prompt, &job->cut_tokens);
    else
        made = buf_add_slice(&job->prompt, text);
    made = made && !text_only.failed;
    buf_free(&cleaned);
    buf_free(&text_only);
    if (!made)
        return complain(EXIT_FAULT, "out of memory: the prompt is too long");
    job->prompt_tokens = estimate_tokens(buf_slice(&job->prompt));
    if (!job->optimize && job->arguments->values[JOB_MAX_INPUT] && job->prompt_tokens > most)
        return complain(EXIT_USAGE,
                        "the prompt has about %zu tokens, limit --max-input-tokens %zu: pointsman run shortens it",
                        job->prompt_tokens, most);
    return 0;
}

int job_prepare(struct job *job, const struct arguments *arguments, bool optimize)
{
    struct buf error;
    *job = (struct job){.arguments = arguments, .optimize = optimize, .began_ms = clock_unix_ms()};
    buf_init(&job->given, RUN_PROMPT_MAX);
    buf_init(&job->prompt, 4 * RUN_PROMPT_MAX);
    make_run_id(job->run_id);
    int code = read_settings(job);
    if (!code)
        code = read_prompt(job);
    if (!code)
        code = make_prompt(job);
    if (code)
        return code;
    classify(buf_slice(&job->given), job->prompt_tokens, &job->task);
    read_config(job);
    if (!models_init(&job->models, job->config))
        return complain(EXIT_FAULT, "out of memory");
    find_proxy(job);
    job->ollama = ollama_of(job->config);
    buf_init(&error, 64u << 10);
    job->ollama_up = ollama_ready(&job->ollama, CHECK_MS, &error);
    buf_clear(&error);
    const char *token = getenv("HF_TOKEN");
    code = run_plan_make(&(struct run_facts){.settings = &job->settings,
                                             .task = &job->task,
                                             .models = &job->models,
                                             .input_tokens = job->prompt_tokens,
                                             .hf_token = token && *token,
                                             .force_model = arguments->values[JOB_FORCE_MODEL],
                                             .ollama_up = job->ollama_up},
                         &job->plan, &error);
    if (code)
        (void)complain(code, "%s", buf_message(&error));
    buf_free(&error);
    if (code)
        return code;
    run_adaptive_load(&job->adaptive, &job->settings.adaptive);
    run_adaptive_decide(&job->adaptive, &job->settings.adaptive, job->run_id, job->began_ms, &job->plan,
                        &job->decision);
    return 0;
}

void job_free(struct job *job)
{
    run_adaptive_free(&job->adaptive);
    models_free(&job->models);
    config_free(job->config);
    yaml_tree_free(job->policy);
    free(job->policy_path);
    free(job->base_url);
    buf_free(&job->given);
    buf_free(&job->prompt);
}

int job_command(const struct arguments *arguments, bool optimize)
{
    struct job job;
    if (!arguments->values[JOB_DRY_RUN])
        routed_recover();
    int code = job_prepare(&job, arguments, optimize);
    bool json = arguments->values[JOB_JSON];
    if (!code && arguments->values[JOB_DRY_RUN]) {
        if (!json)
            job_show(&job, true, stdout);
        else if (!job_show_json(&job, stdout))
            code = EXIT_FAULT;
    } else if (!code) {
        job_show(&job, false, stderr);
        code = job_run(&job);
    }
    job_free(&job);
    return code;
}
