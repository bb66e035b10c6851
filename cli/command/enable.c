/* pointsman enable: adds the managed profiles to Codex. */
#include "cli/command.h"
#include "cli/routed.h"
#include "cli/terminal.h"

#include <stdlib.h>

enum { DEFAULT, MODEL };

static const struct command_option options[] = {
    [DEFAULT] = {.name = "default", .summary = "make the proxy Codex's default provider (key: LITELLM_API_KEY)"},
    [MODEL] = {.name = "model",
               .value = "ALIAS",
               .hint = HINT_ALIAS,
               .summary = "the initial model (" PROFILE_MODEL ")"},
    {0},
};

static void print_result(const struct codex *codex, const struct codex_proxy *proxy, const struct arguments *arguments)
{
    bool tables = codex->has_version && !profile_style_of(&codex->version).files,
         is_default = arguments->values[DEFAULT];
    printf("codex --profile %-16s %s\n", PROFILE_PROXY, proxy->base_url);
    printf("codex --profile %-16s %s\n", PROFILE_HF, PROFILE_HF_BASE);
    if (is_default)
        printf("codex%-27s %s\n", "", proxy->base_url);
    if (!codex->path)
        warn("Codex not found: the profiles are written for its current version");
    else if (!codex->models.len)
        warn("%s debug models: no answer: Codex will warn about missing model metadata", codex->path);
    const char *key = getenv(PROFILE_KEY_ENV);
    if ((is_default || tables || proxy->elsewhere) && (!key || !*key))
        warn("%s is not set: Codex reads the proxy's master key from it%s", PROFILE_KEY_ENV,
             proxy->elsewhere ? "" : ": export " PROFILE_KEY_ENV "=\"$(pointsman key)\"");
}

static int run(const struct arguments *arguments)
{
    struct codex codex;
    struct codex_proxy proxy = {0};
    struct buf why;
    int code = EXIT_OK;
    buf_init(&why, 64u << 10);
    routed_recover();
    codex_ask(&codex);
    if (!codex_proxy_find(&proxy, &why))
        code = complain(EXIT_USAGE, "%s", buf_message(&why));
    else if (!codex_enable(&codex, &proxy, arguments->values[DEFAULT] != NULL, arguments->values[MODEL], NULL, &why))
        code = complain(EXIT_FAULT, "%s", buf_message(&why));
    else
        print_result(&codex, &proxy, arguments);
    codex_proxy_free(&proxy);
    codex_free(&codex);
    buf_free(&why);
    return code;
}

const struct command command_enable = {
    .name = "enable",
    .summary = "Add the Codex profiles " PROFILE_PROXY " and " PROFILE_HF,
    .about = PROFILE_PROXY
    " uses the proxy; " PROFILE_HF " uses Hugging Face's router directly (HF_TOKEN). They are\n"
    "files in $CODEX_HOME, or tables in config.toml for Codex before 0.134. No key is written to them: Codex runs\n"
    "`pointsman key`. Codex before 0.134, and Codex with --default, read LITELLM_API_KEY instead. To use another\n"
    "proxy, set LITELLM_BASE_URL. `pointsman disable` restores every file, byte for byte.",
    .examples = "pointsman enable && codex --profile cost-routing\n"
                "LITELLM_BASE_URL=http://litellm:4000 pointsman enable --default   # for agents without a terminal\n",
    .options = options,
    .run = run,
};
