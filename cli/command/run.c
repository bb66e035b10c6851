/* pointsman run: one routed run of Codex with a shortened prompt. */
#include "cli/run/job.h"

static int run(const struct arguments *arguments)
{
    return job_command(arguments, true);
}

const struct command command_run = {
    .name = "run",
    .summary = "Run Codex once, with the cheapest model likely to succeed",
    .operands = "[PROMPT]",
    .most = COMMAND_ANY_OPERANDS,
    .about =
        "Classifies the task (simple, medium, complex), cleans the prompt and shortens logs in it, selects an alias of\n"
        "the proxy, prints the plan to standard error, and runs codex exec. If a provider is not ready or fails, the\n"
        "next one in the policy's fallback_order is tried. Without PROMPT, reads standard input. Options override\n"
        "CODEX_ROUTER_* variables, which override codex-routing-policy.yaml. The exit code is Codex's.",
    .examples = "pointsman run \"Refactor this Python API and add tests\"\n"
                "pointsman run --dry-run \"Document this API\"          # the plan, and the source of each setting\n"
                "pointsman run --provider no-openai <task.md\n"
                "pointsman run --force-model codex-deep --max-cost-usd 0.50 \"Review this migration\"\n"
                "make 2>&1 | pointsman run --json >result.json         # includes the answer\n",
    .options = job_options,
    .run = run,
};
