/* pointsman codex: runs Codex; starts what it needs before, and restores everything after. */
#include "cli/codex_catalog.h"
#include "cli/command.h"
#include "cli/foreground.h"
#include "cli/locate.h"
#include "cli/routed.h"
#include "cli/session_client.h"
#include "cli/start_keys.h"
#include "cli/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PROVIDER, CONFIG, WEB_PORT, PROXY_PORT };

static const struct command_option options[] = {
    [PROVIDER] = {.name = "provider",
                  .value = "WHICH",
                  .choices = "standard proxy litellm huggingface auto",
                  .summary = "where Codex sends requests (standard: plain Codex)"},
    [CONFIG] = {.name = "config",
                .letter = 'c',
                .value = "FILE",
                .hint = HINT_FILE,
                .summary = "the proxy's configuration, if the proxy is started"},
    [WEB_PORT] = {.name = "web-port", .value = "N", .summary = "the key page's port (8787), if the page is started"},
    [PROXY_PORT] = {.name = "proxy-port", .value = "N", .summary = "the proxy's port (4000), if the proxy is started"},
    {0},
};

/* Whether the configuration has a deployment that is ready with the keys in the environment. */
static bool has_keys(void)
{
    struct start_keys keys;
    struct buf ignored;
    char *config = locate_config();
    buf_init(&ignored, 64u << 10);
    start_keys_init(&keys);
    bool enough = config && start_keys_learn(&keys, config, &ignored) && keys.enough;
    start_keys_free(&keys);
    buf_free(&ignored);
    free(config);
    return enough;
}

static bool proxy_runs(void)
{
    struct session_client session;
    struct session_status status;
    bool runs = session_client_try(&session, &status) && status.running;
    session_status_free(&status);
    session_client_close(&session);
    return runs;
}

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

static const char *choose(const char *provider)
{
    if (!provider)
        return "standard";
    if (strcmp(provider, "litellm") == 0) /* the name that `run` uses */
        return "proxy";
    if (strcmp(provider, "auto") != 0)
        return provider;
    if (is_set("LITELLM_BASE_URL") || proxy_runs() || has_keys())
        return "proxy";
    return is_set(PROFILE_HF_KEY_ENV) ? "huggingface" : "standard";
}

/* Returns Codex's argument vector: its path, the profile if there is one, and the user's arguments. Free with free();
 * the strings are borrowed. */
static char **make_argv(const struct arguments *arguments, const char *path, const char *profile)
{
    char **argv = calloc((size_t)arguments->operand_count + 4, sizeof *argv), **at = argv;
    if (!argv)
        return NULL;
    *at++ = (char *)path;
    if (profile) {
        *at++ = (char *)"--profile";
        *at++ = (char *)profile;
    }
    memcpy(at, arguments->operands, arguments->operand_count * sizeof *at);
    return argv;
}

static int run_plain(const struct arguments *arguments, const char *path)
{
    char **argv = make_argv(arguments, path, NULL);
    if (argv)
        (void)execv(path, argv);
    int code = complain(EXIT_FAULT, "%s: %s", path, strerror(errno));
    free(argv);
    return code;
}

static int run_with(const struct arguments *arguments, const char *path, const char *profile)
{
    struct foreground_end end;
    struct buf error;
    char **argv = make_argv(arguments, path, profile);
    buf_init(&error, 4096);
    int code = EXIT_FAULT;
    if (argv && foreground_run(&(struct foreground){.argv = argv, .input = -1}, &end, &error))
        code = end.code;
    else
        (void)complain(code, "%s", buf_message(&error));
    buf_free(&error);
    free(argv);
    return code;
}

static int run_routed(const struct arguments *arguments, enum routed_by by)
{
    struct codex codex;
    struct routed routed;
    struct start_options start = START_DEFAULTS;
    long web_port, proxy_port;
    if (!arguments_number(arguments, WEB_PORT, 1, 65535, 0, &web_port) ||
        !arguments_number(arguments, PROXY_PORT, 1, 65534, 0, &proxy_port))
        return EXIT_USAGE;
    start.config = arguments->values[CONFIG];
    start.web_port = (unsigned)web_port;
    start.proxy_port = (unsigned)proxy_port;
    codex_ask(&codex);
    int code = routed_enter(by, &codex, &start, &routed);
    if (code == EXIT_OK)
        code = run_with(arguments, codex.path, routed.profile);
    int left = routed_leave(&routed);
    codex_free(&codex);
    return code ? code : left;
}

static int run(const struct arguments *arguments)
{
    char *path = codex_find();
    int code;
    routed_recover();
    const char *provider = choose(arguments->values[PROVIDER]);
    if (!path)
        code = complain(EXIT_ABSENT, "Codex not found: npm install -g @openai/codex, or set CODEX_CLI_PATH");
    else if (strcmp(provider, "standard") == 0)
        code = run_plain(arguments, path);
    else
        code = run_routed(arguments, strcmp(provider, "proxy") == 0 ? ROUTED_BY_PROXY : ROUTED_BY_HF);
    free(path);
    return code;
}

const struct command command_codex = {
    .name = "codex",
    .summary = "Start the proxy if needed, run Codex, restore its settings",
    .operands = "[--] CODEX ARGUMENTS",
    .most = COMMAND_ANY_OPERANDS,
    .passes_on = true,
    .about =
        "With --provider proxy or huggingface, Codex runs under a managed profile (see: pointsman enable). For the\n"
        "proxy, pointsman is started if it is not running. When Codex exits for any reason, everything started for\n"
        "it is stopped, and Codex's files are restored byte for byte. If several commands run, the last one does this.\n"
        "The exit code is Codex's. auto selects the proxy if it runs or has a usable key, else Hugging Face if\n"
        "HF_TOKEN is set, else plain Codex.",
    .examples = "pointsman codex --provider proxy\n"
                "pointsman codex --provider auto -- exec \"Add a --json option to this tool\"\n"
                "pointsman codex --provider huggingface\n",
    .options = options,
    .run = run,
};
