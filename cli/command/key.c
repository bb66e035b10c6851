/* pointsman key: the session's master key, for `[model_providers.x.auth] command` of Codex's configuration. */
#include "cli/command.h"
#include "cli/session.h"
#include "cli/terminal.h"

static int run(const struct arguments *arguments)
{
    (void)arguments;
    struct session session;
    struct session_status status = {0};
    struct buf error, key;
    int code = EXIT_STOPPED;
    buf_init(&error, 4096);
    buf_init(&key, 4096);
    if (!session_find(&session, &error) || !session_status(&session, &status, &error))
        say("%s", buf_text(&error));
    else if (!status.running || !session_key(&session, &key))
        say("%s", SESSION_NOT_RUNNING);
    else
        code = puts(buf_text(&key)) < 0 ? EXIT_FAULT : EXIT_OK;
    session_status_free(&status);
    session_close(&session);
    buf_wipe(&key);
    buf_free(&error);
    return code;
}

const struct command command_key = {
    .name = "key",
    .summary = "Print the session's master key, which clients of the proxy send",
    .about = "The key is made at every start and void after the stop. Codex runs this command by itself where a provider's\n"
             "[model_providers.ID.auth] names it, so that no key lies in the shell or in a file of Codex.",
    .examples = "export LITELLM_API_KEY=\"$(pointsman key)\"   # for other OpenAI clients\n",
    .run = run,
};
