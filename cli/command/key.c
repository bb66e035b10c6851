/* pointsman key: the session's master key, for `[model_providers.x.auth] command` of Codex's configuration. */
#include "cli/command.h"
#include "cli/gateway.h"
#include "cli/session.h"
#include "cli/terminal.h"

#define PROBE_MS 2000

/* A key from the environment may be an old session's: it is shown only where a proxy takes it. One on another machine
 * can't be asked from here, and is left to the client. */
static bool is_of_use(const struct gateway *gateway)
{
    struct local_http_reply reply;
    struct buf error;
    buf_init(&error, 4096);
    bool asked = gateway_call(gateway, "/models", (struct slice){"", 0}, PROBE_MS, &reply, &error);
    bool good = asked ? reply.status == 200 : reply.fault == LOCAL_HTTP_ELSEWHERE;
    local_http_free(&reply);
    buf_free(&error);
    return good;
}

static int run(const struct arguments *arguments)
{
    (void)arguments;
    struct gateway gateway;
    struct buf error;
    int code = EXIT_ABSENT;
    buf_init(&error, 4096);
    if (!gateway_find(&gateway, &error))
        say("%s", buf_message(&error));
    else if (!gateway.own && !is_of_use(&gateway))
        say("%s", SESSION_NOT_RUNNING);
    else
        code = printf("%.*s\n", SLICE_ARGS(gateway_key(&gateway))) < 0 ? EXIT_FAULT : EXIT_OK;
    gateway_free(&gateway);
    buf_free(&error);
    return code;
}

const struct command command_key = {
    .name = "key",
    .summary = "Print the session's master key, which clients of the proxy send",
    .about =
        "The key is made at every start and void after the stop. Codex runs this command by itself where a provider's\n"
        "[model_providers.ID.auth] names it, so that no key lies in the shell or in a file of Codex. Without a session,\n"
        "LITELLM_API_KEY is printed where the proxy at LITELLM_BASE_URL (" GATEWAY_BASE ") takes it.",
    .examples = "export LITELLM_API_KEY=\"$(pointsman key)\"   # for other OpenAI clients\n",
    .run = run,
};
