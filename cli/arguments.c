/* Parses a command line according to its subcommand's row. */
#include "cli/command.h"

#include "cli/terminal.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_VALUE 256 /* getopt's value for row 0; above every letter */

bool command_lists(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; *at; at += strspn(at, " ")) {
        size_t span = strcspn(at, " ");
        if (span == len && memcmp(at, word, len) == 0)
            return true;
        at += span;
    }
    return false;
}

static unsigned option_count(const struct command *command)
{
    unsigned count = 0;
    while (command->options && command->options[count].name)
        count++;
    return count;
}

/* getopt's two tables, generated from the rows. */
struct lists {
    struct option names[COMMAND_OPTIONS_MAX + 1];
    char letters[2 * COMMAND_OPTIONS_MAX + 4];
};

static void make_lists(const struct command *command, unsigned count, struct lists *lists)
{
    *lists = (struct lists){0};
    /* "+" ends the options at the first operand; ":" distinguishes a missing value from an unknown option. */
    const char *mode = command->passes_on ? "+:" : ":";
    char *letter = lists->letters + strlen(mode);
    memcpy(lists->letters, mode, strlen(mode));
    for (unsigned row = 0; row < count; row++) {
        const struct command_option *option = &command->options[row];
        lists->names[row] = (struct option){option->name, option->value ? required_argument : no_argument, NULL,
                                            FIRST_VALUE + (int)row};
        if (!option->letter)
            continue;
        *letter++ = option->letter;
        if (option->value)
            *letter++ = ':';
    }
}

static bool find_row(const struct command *command, unsigned count, int found, unsigned *row)
{
    if (found >= FIRST_VALUE) {
        *row = (unsigned)(found - FIRST_VALUE);
        return true;
    }
    for (*row = 0; *row < count; ++*row)
        if (command->options[*row].letter == found)
            return true;
    return false;
}

static bool take_option(struct arguments *a, unsigned row, struct buf *error)
{
    const struct command_option *option = &a->command->options[row];
    const char *value = option->value ? optarg : "";
    if (option->choices && !command_lists(option->choices, value)) {
        buf_add_format(error, "--%s: expected one of: %s, found '%s'", option->name, option->choices, value);
        return false;
    }
    a->values[row] = value;
    a->rows[a->all_count] = row;
    a->all[a->all_count++] = value;
    return true;
}

static bool check_operands(const struct arguments *a, struct buf *error)
{
    const struct command *command = a->command;
    if (a->operand_count < command->least)
        buf_add_format(error, "%s is missing", command->operands);
    else if (a->operand_count > command->most)
        buf_add_format(error, "unexpected argument '%s'", a->operands[command->most]);
    else if (a->operand_count && command->operand_choices && !command_lists(command->operand_choices, a->operands[0]))
        buf_add_format(error, "expected one of: %s, found '%s'", command->operand_choices, a->operands[0]);
    return error->len == 0;
}

bool arguments_read(struct arguments *a, const struct command *command, int argc, char **argv, struct buf *error)
{
    struct lists lists;
    unsigned count = option_count(command), row;
    *a = (struct arguments){.command = command, .argv = argv};
    a->rows = calloc((size_t)argc + 1, sizeof *a->rows);
    a->all = calloc((size_t)argc + 1, sizeof *a->all);
    if (!a->rows || !a->all) {
        BUF_ADD(error, "out of memory");
        return false;
    }
    make_lists(command, count, &lists);
    opterr = 0;
    optind = 0; /* glibc: restart the scan */
    for (int found; (found = getopt_long(argc, argv, lists.letters, lists.names, NULL)) != -1;) {
        /* getopt reports an unknown letter in optopt, but an unknown long option only through optind. */
        if (found == ':')
            buf_add_format(error, "%s requires a value", argv[optind - 1]);
        else if (found == '?' && optopt > 0 && optopt < FIRST_VALUE)
            buf_add_format(error, "unknown option '-%c'", optopt);
        else if (found == '?')
            buf_add_format(error, "unknown option '%s'", argv[optind - 1]);
        else if (find_row(command, count, found, &row) && take_option(a, row, error))
            continue;
        return false;
    }
    a->operands = argv + optind;
    a->operand_count = (unsigned)(argc - optind);
    return check_operands(a, error);
}

void arguments_free(struct arguments *a)
{
    free(a->rows);
    free(a->all);
    *a = (struct arguments){0};
}

const char *arguments_each(const struct arguments *a, unsigned row, unsigned *at)
{
    while (*at < a->all_count)
        if (a->rows[(*at)++] == row)
            return a->all[*at - 1];
    return NULL;
}

bool arguments_number(const struct arguments *a, unsigned row, long least, long most, long otherwise, long *value)
{
    const char *text = a->values[row];
    char *end;
    *value = otherwise;
    if (!text)
        return true;
    errno = 0;
    *value = strtol(text, &end, 10);
    if (end != text && *end == '\0' && errno == 0 && *value >= least && *value <= most)
        return true;
    (void)complain(EXIT_USAGE, "--%s: expected a whole number from %ld to %ld, found '%s'",
                   a->command->options[row].name, least, most, text);
    return false;
}
