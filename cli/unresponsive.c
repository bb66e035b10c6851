/* Inspects a session whose key-page server does not answer. */
#include "cli/unresponsive.h"

#include "cli/local_http.h"
#include "common/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MS 2000 /* wait for the proxy */

bool proxy_answers(unsigned port)
{
    char base[64];
    struct local_http_reply reply;
    struct buf ignored;
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%u", port);
    buf_init(&ignored, 4096);
    bool answers = local_http(&(struct local_http_request){.base = base,
                                                           .method = "GET",
                                                           .path = "/health/liveliness",
                                                           .timeout_ms = ANSWER_MS},
                              &reply, &ignored) &&
                   reply.status == 200;
    local_http_free(&reply);
    buf_free(&ignored);
    return answers;
}

/* The first of lighttpd and the key-page server that is stopped; NULL: none. */
static const struct process *find_culprit(const struct processes *found)
{
    for (unsigned i = 0; i < found->count; i++)
        if (found->list[i].kind <= PROCESS_SESSION && process_is_held(&found->list[i]))
            return &found->list[i];
    return NULL;
}

static void explain(const struct processes *found, const char *runtime, struct buf *reason)
{
    const struct process *culprit = find_culprit(found);
    if (culprit)
        process_describe(culprit, reason);
    else if (access(runtime, F_OK) != 0)
        buf_add_format(reason, "the runtime folder %s was removed", runtime);
    else if (!processes_first(found, PROCESS_LIGHTTPD))
        BUF_ADD(reason, "lighttpd has exited, but its child processes still run");
    else
        BUF_ADD(reason, "the key page does not answer");
}

void unresponsive_inspect(struct unresponsive *silent)
{
    struct buf ignored;
    *silent = (struct unresponsive){0};
    buf_init(&ignored, 1024);
    buf_init(&silent->reason, 8192);
    char *runtime = paths_runtime_name(&ignored);
    if (runtime)
        processes_find(&silent->found, runtime);
    silent->proxy = processes_first(&silent->found, PROCESS_PROXY);
    silent->port = silent->proxy ? process_port(silent->proxy) : 0;
    silent->serves = silent->port && proxy_answers(silent->port);
    if (silent->found.count)
        explain(&silent->found, runtime, &silent->reason);
    free(runtime);
    buf_free(&ignored);
}

void unresponsive_free(struct unresponsive *silent)
{
    processes_close(&silent->found);
    buf_free(&silent->reason);
}
