/* pointsman disable: removes the managed profiles and restores Codex's files. */
#include "cli/command.h"
#include "cli/routed.h"
#include "cli/terminal.h"

static int run(const struct arguments *arguments)
{
    (void)arguments;
    struct buf why;
    int code = EXIT_OK;
    routed_recover();
    buf_init(&why, 64u << 10);
    switch (profile_disable(&why)) {
    case PROFILE_DONE: say("Codex's configuration is restored."); break;
    case PROFILE_WAS_OFF: say("The profiles are not enabled."); break;
    case PROFILE_LATER:
        say("The profiles are in use. They are removed when the last Codex that uses them exits.");
        break;
    case PROFILE_FAILED: code = complain(EXIT_FAULT, "%s", buf_message(&why)); break;
    }
    buf_free(&why);
    return code;
}

const struct command command_disable = {
    .name = "disable",
    .summary = "Remove the Codex profiles and restore Codex's files, byte for byte",
    .about = "Changes that Codex made to its files in the meantime are kept. Does nothing if no profile is enabled.",
    .examples = "pointsman disable\n",
    .run = run,
};
