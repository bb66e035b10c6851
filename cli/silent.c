/* Asks the kernel, and the proxy itself, where the session app is of no help. */
#include "cli/silent.h"

#include "cli/local_http.h"
#include "common/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MS 2000

bool silent_proxy_answers(unsigned port)
{
    char base[64];
    struct local_http_reply reply;
    struct buf unheard;
    (void)snprintf(base, sizeof base, "http://127.0.0.1:%u", port);
    buf_init(&unheard, 4096);
    bool answers = local_http(&(struct local_http_request){.base = base,
                                                           .method = "GET",
                                                           .path = "/health/liveliness",
                                                           .timeout_ms = ANSWER_MS},
                              &reply, &unheard) &&
                   reply.status == 200;
    local_http_free(&reply);
    buf_free(&unheard);
    return answers;
}

/* Of lighttpd and the session app the first that can't answer, if it shows. */
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
        buf_add_format(reason, "the runtime folder %s is gone", runtime);
    else if (!processes_first(found, PROCESS_SERVER))
        BUF_ADD(reason, "lighttpd has ended, and what it started has not");
    else
        BUF_ADD(reason, "the page does not answer");
}

void silent_look(struct silent *silent)
{
    struct buf unheard;
    *silent = (struct silent){0};
    buf_init(&unheard, 1024);
    buf_init(&silent->reason, 8192);
    char *runtime = paths_runtime_name(&unheard);
    if (runtime)
        processes_find(&silent->found, runtime);
    silent->proxy = processes_first(&silent->found, PROCESS_PROXY);
    silent->port = silent->proxy ? process_port(silent->proxy) : 0;
    silent->serves = silent->port && silent_proxy_answers(silent->port);
    if (silent->found.count)
        explain(&silent->found, runtime, &silent->reason);
    free(runtime);
    buf_free(&unheard);
}

void silent_free(struct silent *silent)
{
    processes_close(&silent->found);
    buf_free(&silent->reason);
}
