/* pointsman start: starts the key page and the proxy. */
#include "cli/start_arguments.h"

static int run(const struct arguments *arguments)
{
    struct start_options options;
    return start_arguments_read(arguments, &options) ? start_and_report(&options) : EXIT_USAGE;
}

const struct command command_start = {
    .name = "start",
    .summary = "Start the proxy and the key page; keys from the environment or a prompt",
    .about =
        "Only variables that the configuration names reach the proxy; their names are printed. At least one alias\n"
        "must be usable: set a provider key (OPENAI_API_KEY, GEMINI_API_KEY, ...) or use local Qwen. Otherwise start\n"
        "prompts for keys (hidden). Keys stay in the proxy's memory until `pointsman stop`.",
    .examples = "OPENAI_API_KEY=sk-… pointsman start\n"
                "pointsman start --keys-fd 3 3<keys.env   # one NAME=value per line\n"
                "pointsman start --local-qwen             # without a key\n"
                "pointsman start --demo                   # try it without a model\n",
    .options = start_arguments,
    .run = run,
};
