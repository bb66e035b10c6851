/* classify: pure. What a prompt asks for, told by its words: how hard it is, and what speaks for a certain kind of
 * model. Only prose counts; code and logs that a prompt quotes don't. */
#ifndef POINTSMAN_CLI_RUN_CLASSIFY_H
#define POINTSMAN_CLI_RUN_CLASSIFY_H

#include "common/buf.h"

enum task_class { TASK_SIMPLE, TASK_MEDIUM, TASK_COMPLEX, TASK_CLASSES };

/* What a term speaks for. */
enum signal {
    SIGNAL_SIMPLE,
    SIGNAL_MEDIUM,
    SIGNAL_COMPLEX,
    SIGNAL_LONG,        /* a long context: logs, syntheses, whole repositories */
    SIGNAL_LONG_IF_BIG, /* the same, where the prompt itself is long */
    SIGNAL_OPEN,        /* open models: Hugging Face */
    SIGNAL_LOCAL,       /* the model on this machine, by name */
    SIGNAL_SNIPPET,     /* a small job on code that the prompt holds */
    SIGNAL_COUNT,
};

struct term {
    enum signal signal;
    const char *words; /* as words_have() takes them; several with "|" between */
};

/* The table; ends at a row without words. */
extern const struct term classify_terms[];

/* Tokens above which a simple task counts as medium, and a log or a summary as long. */
#define CLASSIFY_BIG_TOKENS 1500u
/* Tokens up to which a job on a snippet is one for the model on this machine. */
#define CLASSIFY_SNIPPET_TOKENS 400u

struct classified {
    enum task_class class;
    bool is_long, is_open, is_local;
    char because[SIGNAL_COUNT][64]; /* the first term found for each signal; "" none */
};

/* Classifies a prompt of that many tokens. complex > medium > simple; nothing found: medium. */
void classify(struct slice prompt, size_t tokens, struct classified *out);
const char *task_class_name(enum task_class class);

#endif
