/* pointsman stop: the proxy, then the page. */
#include "cli/command.h"
#include "cli/routed.h"
#include "cli/terminal.h"

static int run(const struct arguments *arguments)
{
    (void)arguments;
    bool was_up;
    int code = stop_all(&was_up);
    routed_recover();
    if (code == EXIT_OK)
        say("%s", was_up ? "pointsman is stopped. The keys are forgotten and the master key file is gone."
                         : "pointsman is not running.");
    return code;
}

const struct command command_stop = {
    .name = "stop",
    .summary = "Stop the proxy and the page; what they held is forgotten",
    .about =
        "Requests that are under way get five seconds. A process that hangs is killed; that takes up to 20 seconds.\n"
        "What a killed command has left in Codex's configuration is undone. Harmless when nothing runs.",
    .examples = "pointsman stop\n",
    .run = run,
};
