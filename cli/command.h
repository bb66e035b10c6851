/* command: a subcommand is a row of data and one function. Usage, help, completion and argument checks are generated
 * from the row, so they always agree.
 *
 * To add a subcommand, write cli/command/NAME.c with `const struct command command_NAME`, and add a line to
 * cli/commands.c. */
#ifndef POINTSMAN_CLI_COMMAND_H
#define POINTSMAN_CLI_COMMAND_H

#include "cli/exit.h"
#include "common/buf.h"

#define COMMAND_OPTIONS_MAX 24
#define COMMAND_ANY_OPERANDS 1000000u

/* How shells complete a value. */
enum command_hint { HINT_NONE, HINT_FILE, HINT_ALIAS, HINT_COMMAND };

struct command_option {
    const char *name;    /* "json" for --json */
    char letter;         /* 'j' for -j; 0: none */
    const char *value;   /* placeholder of its value in the help: "N", "FILE"; NULL: takes no value */
    const char *choices; /* allowed values, space-separated; NULL: any */
    enum command_hint hint;
    const char *summary; /* an imperative phrase, with the default in parentheses */
};

struct arguments;

struct command {
    const char *name;
    const char *summary;         /* an imperative phrase without a period, for the list of commands */
    const char *operands;        /* as in the usage: "PROMPT", "[last|ID]"; NULL: takes none */
    const char *operand_choices; /* allowed values of the first operand, space-separated; NULL: any */
    enum command_hint operand_hint;
    unsigned least, most;                 /* number of operands */
    bool passes_on;                       /* options end at the first operand; the rest belongs to another program */
    const char *about;                    /* text of the help, lines of at most 110 columns; NULL: none */
    const char *examples;                 /* lines "command   # comment" */
    const struct command_option *options; /* at most COMMAND_OPTIONS_MAX; ends at a row without name; NULL: none */
    int (*run)(const struct arguments *arguments); /* returns the exit code (exit.h) */
};

/* A checked command line. Its strings point into argv. */
struct arguments {
    const struct command *command;
    const char *values[COMMAND_OPTIONS_MAX]; /* by option row: the last value ("" if it takes none); NULL: not given */
    char **operands;                         /* NULL-terminated */
    unsigned operand_count;
    char **argv;
    unsigned *rows;   /* owned: rows[i] is the option of all[i] */
    const char **all; /* owned: every option value in order; see arguments_each() */
    unsigned all_count;
};

/* Checks argv (argv[0] is the subcommand's name) against the row, and reorders argv. false: one line in `error`. Free
 * with arguments_free() in any case. */
MUST_CHECK bool arguments_read(struct arguments *arguments, const struct command *command, int argc, char **argv,
                               struct buf *error);
void arguments_free(struct arguments *arguments);
/* The next value of a repeatable option. Set *at to 0 before the first call. NULL: no more. */
const char *arguments_each(const struct arguments *arguments, unsigned row, unsigned *at);
/* Gets an integer option from `least` to `most`; `otherwise` if it is not given. false: an error is printed, exit with
 * EXIT_USAGE. */
MUST_CHECK bool arguments_number(const struct arguments *arguments, unsigned row, long least, long most, long otherwise,
                                 long *value);

/* Whether the space-separated list `words` contains `word`. */
bool command_lists(const char *words, const char *word);

#endif
