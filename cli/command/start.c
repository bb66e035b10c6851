/* pointsman start: the page and the proxy. */
#include "cli/start_arguments.h"

static int run(const struct arguments *arguments)
{
    struct start_options options;
    return start_arguments_read(arguments, &options) ? start_and_tell(&options) : EXIT_USAGE;
}

const struct command command_start = {
    .name = "start",
    .summary = "Start the page and the proxy, with keys from the environment or asked for",
    .about =
        "The proxy gets exactly the variables that its configuration names and that are set: their names are printed.\n"
        "At least an OpenAI key, a Gemini key or local Qwen is needed, or a configuration whose deployments are\n"
        "ready. With nothing of that, and a terminal, each key is asked for, and not shown. Keys lie in the proxy's\n"
        "memory alone, until `pointsman stop`.",
    .examples = "OPENAI_API_KEY=sk-… pointsman start\n"
                "pointsman start --keys-fd 3 3<keys.env   # lines NAME=value\n"
                "pointsman start --local-qwen             # no key at all\n"
                "pointsman start --demo                   # see the whole way first\n",
    .options = start_arguments,
    .run = run,
};
