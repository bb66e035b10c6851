/* tester: the page's "Test": one small labelled call to one model, made by `pointsman test --call` as a child process,
 * so that the page and the command test in the same way, and the session app uses no network. One at a time. */
#ifndef POINTSMAN_CGI_TESTER_H
#define POINTSMAN_CGI_TESTER_H

#include "cgi/fields.h"
#include "cgi/settings.h"

#include <sys/types.h>

#define TESTER_MS 60000        /* then the child is killed */
#define TESTER_MAX (64 * 1024) /* bytes of its answer */

struct tester {
    pid_t pid;           /* 0: none runs */
    int fd;              /* its standard output; -1 without one */
    int64_t deadline_ms; /* when tester_on_deadline() is due; 0: never */
    struct buf answer;   /* what it printed: one JSON object, or nothing if it could make no call */
};

void tester_init(struct tester *t);
/* Starts a test of the model. Refused: one runs already (409), an unknown field or no name (400), no process (500). */
MUST_CHECK bool tester_start(struct tester *t, const struct settings *settings, const struct fields *fields,
                             int64_t now_ms, struct refusal *why);
/* Call when its output is readable. At the end of it, `pid` is 0 and the answer is complete. */
void tester_on_output(struct tester *t);
/* Kills it, which ends its output. */
void tester_on_deadline(struct tester *t);
/* Appends the result for people: "codex-light: OK after 812 ms". false: the test failed, and the text says why. */
bool tester_words(const struct tester *t, struct buf *out);

#endif
