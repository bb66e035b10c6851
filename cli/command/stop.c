/* pointsman stop: stops the proxy, then the key page. */
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
        say("%s", was_up ? "pointsman is stopped. The keys are erased and the master key is no longer valid."
                         : "pointsman is not running.");
    return code;
}

const struct command command_stop = {
    .name = "stop",
    .summary = "Stop the proxy and the key page; forget the keys",
    .about =
        "Requests in flight get 5 seconds to finish. A process that hangs is killed within 20 seconds. If a killed\n"
        "command left changes in Codex's configuration, they are undone. Does nothing if pointsman is not running.",
    .examples = "pointsman stop\n",
    .run = run,
};
