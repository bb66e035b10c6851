/* exit: the command's exit codes, one meaning each. cli/help.c and doc/man/pointsman.1.in list them too.
 *
 * A command that ran another program (codex, run, exec) exits with that program's code. */
#ifndef POINTSMAN_CLI_EXIT_H
#define POINTSMAN_CLI_EXIT_H

#define EXIT_OK 0
#define EXIT_FAULT 1       /* failed; the reason is on standard error */
#define EXIT_USAGE 2       /* invalid command line */
#define EXIT_ABSENT 3      /* missing requirement: a running proxy, or Codex */
#define EXIT_NOT_READY 4   /* the proxy can't start: no usable key, port in use, or crashed */
#define EXIT_NO_TOKEN 5    /* HF_TOKEN is required but not set */
#define EXIT_NOTHING_RAN 6 /* no provider in the fallback order could run */
#define EXIT_OLLAMA 7      /* Ollama does not answer, or lacks the model */

#endif
