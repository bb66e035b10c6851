/* tester: the page's Test button: one small request to one alias. `pointsman test --call` sends it as a child process,
 * so that the page and the command test in the same way, and the session app uses no network. One test at a time. */
#ifndef POINTSMAN_CGI_TESTER_H
#define POINTSMAN_CGI_TESTER_H

#include "cgi/fields.h"
#include "cgi/settings.h"

#include <sys/types.h>

#define TESTER_MS 60000        /* ms; a child that runs longer is killed */
#define TESTER_MAX (64 * 1024) /* bytes of its output */

struct tester {
    pid_t pid;           /* 0: no test runs */
    int fd;              /* the child's standard output; -1: no test runs */
    int64_t deadline_ms; /* ms, monotonic: when tester_on_deadline() is due; 0: never */
    struct buf answer;   /* its output: one JSON object; empty if it could send no request */
};

void tester_init(struct tester *t);
/* Starts a test of the field "model". Refused: a test runs already (409), no valid name (400), no process (500). */
MUST_CHECK bool tester_start(struct tester *t, const struct settings *settings, const struct fields *fields,
                             int64_t now_ms, struct refusal *why);
/* Call when its output is readable. At its end, `pid` is 0 and the answer is complete. */
void tester_on_output(struct tester *t);
/* Kills the child, which ends its output. */
void tester_on_deadline(struct tester *t);
/* Appends the result as a sentence: "codex-light: OK after 812 ms". false: the test failed, and the sentence has the
 * cause. */
bool tester_result(const struct tester *t, struct buf *out);

#endif
