/* pointsman exec: one routed run of Codex with the prompt unchanged. */
#include "cli/run/job.h"

static int run(const struct arguments *arguments)
{
    return job_command(arguments, false);
}

const struct command command_exec = {
    .name = "exec",
    .summary = "Like run, but send the prompt unchanged",
    .operands = "[PROMPT]",
    .most = COMMAND_ANY_OPERANDS,
    .about = "Routes like `pointsman run`. If --max-input-tokens is given, a longer prompt is refused.",
    .examples = "pointsman exec \"Explain src/main.c\"\n"
                "pointsman exec --codex-arg --sandbox --codex-arg read-only <task.md\n",
    .options = job_options,
    .run = run,
};
