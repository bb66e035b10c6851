/* pointsman disable: Codex's files as they were. */
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
    case PROFILE_DONE: say("Codex's configuration is as it was."); break;
    case PROFILE_WAS_OFF: say("The profiles are not enabled."); break;
    case PROFILE_LATER: say("The profiles are in use: they go when the last Codex that uses them ends."); break;
    case PROFILE_FAILED: code = complain(EXIT_FAULT, "%s", buf_message(&why)); break;
    }
    buf_free(&why);
    return code;
}

const struct command command_disable = {
    .name = "disable",
    .summary = "Take the profiles out again; every file is as it was, byte for byte",
    .about = "What Codex itself has written into a file meanwhile stays there. Harmless when nothing is enabled.",
    .examples = "pointsman disable\n",
    .run = run,
};
