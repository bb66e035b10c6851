/* pointsman run: one routed run of Codex, the prompt made shorter. */
#include "cli/run/job.h"

static int run(const struct arguments *arguments)
{
    return job_command(arguments, true);
}

const struct command command_run = {
    .name = "run",
    .summary = "Run Codex once on a prompt, by the cheapest way that is likely to work",
    .operands = "[PROMPT]",
    .most = COMMAND_ANY_OPERANDS,
    .about =
        "Reads the task (simple, medium, complex), cleans the prompt, compresses logs in it, chooses an alias of the\n"
        "proxy, prints the plan on standard error, and runs codex exec; what is not ready or fails gives way to the\n"
        "next of the policy's fallback_order. The prompt comes on standard input where none is given. Flags win over\n"
        "CODEX_ROUTER_* variables, these over codex-routing-policy.yaml. The exit code is Codex's.",
    .examples = "pointsman run \"Refactor this Python API and add tests\"\n"
                "pointsman run --dry-run \"Document this API\"          # the plan, and what decided each setting\n"
                "pointsman run --provider no-openai <task.md\n"
                "pointsman run --force-model codex-deep --max-cost-usd 0.50 \"Review this migration\"\n"
                "make 2>&1 | pointsman run --json >result.json         # the answer is in it\n",
    .options = job_options,
    .run = run,
};
