/* tester: the page's Test button: one small request to one alias. `pointsman test --call` sends it as a child process,
 * so that the page and the command test in the same way. One test at a time. */
#ifndef POINTSMAN_CGI_TESTER_H
#define POINTSMAN_CGI_TESTER_H

#include "cgi/fields.h"
#include "cgi/runner.h"

#define TESTER_MS 60000        /* ms; a child that runs longer is killed */
#define TESTER_MAX (64 * 1024) /* bytes of its output */

/* Starts a test of the field "model". Refused: a test runs already (409), no valid name (400), no process (500). */
MUST_CHECK bool tester_start(struct runner *t, const struct settings *settings, const struct fields *fields,
                             int64_t now_ms, struct refusal *why);
/* Appends the result as a sentence: "codex-light: OK after 812 ms". false: the test failed, and the sentence has the
 * cause. */
bool tester_result(const struct runner *t, struct buf *out);

#endif
