/* command: what a subcommand is: a row of data and one function. Usage, help, completion and the check of the command
 * line are made from the row, so that they can't disagree with it.
 *
 * A new subcommand is a file cli/command/NAME.c with its `const struct command command_NAME`, and a line in
 * cli/commands.c. */
#ifndef POINTSMAN_CLI_COMMAND_H
#define POINTSMAN_CLI_COMMAND_H

#include "cli/exit.h"
#include "common/buf.h"

#define COMMAND_OPTIONS_MAX 24
#define COMMAND_ANY_OPERANDS 1000000u

/* What a shell offers for a value. */
enum command_hint { HINT_NONE, HINT_FILE, HINT_ALIAS, HINT_COMMAND };

struct command_option {
    const char *name;    /* "json": given as --json */
    char letter;         /* 'j': also given as -j; 0: has none */
    const char *value;   /* what stands for its value in the help: "N", "FILE"; NULL: it takes none */
    const char *choices; /* the words that it takes, blanks between; NULL: anything */
    enum command_hint hint;
    const char *summary; /* half a sentence */
};

struct arguments;

struct command {
    const char *name;
    const char *summary;         /* half a sentence, for the list of commands */
    const char *operands;        /* as the usage shows them: "PROMPT", "[last|ID]"; NULL: takes none */
    const char *operand_choices; /* the words that the first one may be, blanks between; NULL: anything */
    enum command_hint operand_hint;
    unsigned least, most; /* how many operands */
    bool passes_on;       /* the first operand ends the options: what follows is another program's */
    const char *about;    /* paragraphs of the help, each line at most 100 columns; NULL: the summary says it all */
    const char *examples; /* lines "command   # what it does" */
    const struct command_option *options; /* at most COMMAND_OPTIONS_MAX; ends at a row without a name; NULL: none */
    int (*run)(const struct arguments *arguments); /* returns the exit code (exit.h) */
};

/* A checked command line. The strings are argv's own. */
struct arguments {
    const struct command *command;
    const char
        *values[COMMAND_OPTIONS_MAX]; /* by the option's row: the last value given ("" where it takes none), or NULL */
    char **operands;                  /* NULL-terminated */
    unsigned operand_count;
    char **argv;      /* all of it, for options that may be repeated: see arguments_each() */
    unsigned *rows;   /* owned: rows[i] is the option that all[i] was given for */
    const char **all; /* owned: every value given, in order */
    unsigned all_count;
};

/* Checks argv (argv[0] is the subcommand's name) against the row; argv is reordered. false with one line in `error`.
 * Free with arguments_free() in any case. */
MUST_CHECK bool arguments_read(struct arguments *arguments, const struct command *command, int argc, char **argv,
                               struct buf *error);
void arguments_free(struct arguments *arguments);
/* The values of an option that may be repeated: start with *at 0; NULL at the end. */
const char *arguments_each(const struct arguments *arguments, unsigned row, unsigned *at);
/* A whole number from `least` to `most`; `otherwise` when the option was not given. false, said on standard error:
 * EXIT_USAGE. */
MUST_CHECK bool arguments_number(const struct arguments *arguments, unsigned row, long least, long most, long otherwise,
                                 long *value);

/* Whether the blank-separated words hold `word`. */
bool command_lists(const char *words, const char *word);

#endif
