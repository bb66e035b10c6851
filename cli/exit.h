/* exit: the command's exit codes, one meaning each. `pointsman --help` and pointsman(1) list them from here.
 *
 * A command that runs another program (codex, run, exec) ends with that program's own code when it ran. */
#ifndef POINTSMAN_CLI_EXIT_H
#define POINTSMAN_CLI_EXIT_H

#define EXIT_OK 0
#define EXIT_FAULT 1       /* it was tried and failed; standard error says why */
#define EXIT_USAGE 2       /* the command line is wrong */
#define EXIT_ABSENT 3      /* what the command needs is not there: a running proxy, or Codex */
#define EXIT_NOT_READY 4   /* the proxy can't serve: nothing to route to, a busy port, it died */
#define EXIT_NO_TOKEN 5    /* HF_TOKEN is needed and not set */
#define EXIT_NOTHING_RAN 6 /* no provider of the fallback order could run */
#define EXIT_OLLAMA 7      /* Ollama does not answer, or lacks the model */

#endif
