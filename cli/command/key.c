/* pointsman key: prints the master key, for `[model_providers.x.auth] command` in Codex's configuration. */
#include "cli/command.h"
#include "cli/gateway.h"
#include "cli/session_client.h"
#include "cli/terminal.h"

#define CHECK_MS 2000 /* wait for the proxy's answer */

/* A key in the environment may be from an earlier session, so it is printed only if the proxy accepts it. A proxy on
 * another machine can't be asked from here (local_http.h); its key is printed unchecked. */
static bool is_usable(const struct gateway *gateway)
{
    struct local_http_reply reply;
    struct buf error;
    buf_init(&error, 4096);
    bool asked = gateway_call(gateway, "/models", (struct slice){"", 0}, CHECK_MS, &reply, &error);
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
    else if (!gateway.own && !is_usable(&gateway))
        say("%s", SESSION_NOT_RUNNING);
    else
        code = printf("%.*s\n", SLICE_ARGS(gateway_key(&gateway))) < 0 ? EXIT_FAULT : EXIT_OK;
    gateway_free(&gateway);
    buf_free(&error);
    return code;
}

const struct command command_key = {
    .name = "key",
    .summary = "Print the master key, which clients send to the proxy",
    .about =
        "Each start creates a new key; stop invalidates it. Codex runs this command itself if a provider's\n"
        "[model_providers.ID.auth] names it, so the key is not in the shell or in Codex's files. If pointsman is not\n"
        "running, prints LITELLM_API_KEY if the proxy at LITELLM_BASE_URL (" GATEWAY_BASE ") accepts it.",
    .examples = "export LITELLM_API_KEY=\"$(pointsman key)\"   # for other OpenAI clients\n",
    .run = run,
};
