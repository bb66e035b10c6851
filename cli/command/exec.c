/* pointsman exec: one routed run of Codex, the prompt as it is. */
#include "cli/run/job.h"

static int run(const struct arguments *arguments)
{
    return job_command(arguments, false);
}

const struct command command_exec = {
    .name = "exec",
    .summary = "As run, but the prompt goes out as it is",
    .operands = "[PROMPT]",
    .most = COMMAND_ANY_OPERANDS,
    .about = "Routes like `pointsman run` and changes nothing in the prompt; over --max-input-tokens, where that is\n"
             "given, it is refused.",
    .examples = "pointsman exec \"Explain src/main.c\"\n"
                "pointsman exec --codex-arg --sandbox --codex-arg read-only <task.md\n",
    .options = job_options,
    .run = run,
};
