/* classify: pure. Estimates from a prompt's words how complex its task is and which kind of model fits. Ignores code
 * and logs in the prompt. */
#ifndef POINTSMAN_CLI_RUN_CLASSIFY_H
#define POINTSMAN_CLI_RUN_CLASSIFY_H

#include "common/buf.h"

enum task_class { TASK_SIMPLE, TASK_MEDIUM, TASK_COMPLEX, TASK_CLASSES };

/* What a term indicates. */
enum signal {
    SIGNAL_SIMPLE,
    SIGNAL_MEDIUM,
    SIGNAL_COMPLEX,
    SIGNAL_LONG,        /* a long context: logs, summaries, whole repositories */
    SIGNAL_LONG_IF_BIG, /* same, if the prompt itself is long */
    SIGNAL_OPEN,        /* open models: Hugging Face */
    SIGNAL_LOCAL,       /* local Qwen by name */
    SIGNAL_SNIPPET,     /* a small job on code in the prompt */
    SIGNAL_COUNT,
};

struct term {
    enum signal signal;
    const char *words; /* terms for fold_contains(), separated by "|" */
};

/* The table of terms; ends at a row without words. */
extern const struct term classify_terms[];

/* Above this many tokens, a simple task counts as medium, and a log or a summary as long. */
#define CLASSIFY_BIG_TOKENS 1500u
/* Up to this many tokens, a job on a snippet goes to local Qwen. */
#define CLASSIFY_SNIPPET_TOKENS 400u

struct classified {
    enum task_class class;
    bool is_long, is_open, is_local;
    char because[SIGNAL_COUNT][64]; /* first matching term per signal; "": none */
};

/* Classifies a prompt of `tokens` tokens. The most complex signal wins; no signal: medium. */
void classify(struct slice prompt, size_t tokens, struct classified *out);
const char *task_class_name(enum task_class class);

#endif
