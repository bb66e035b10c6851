/* pointsman: the command line. Finds the subcommand and runs it. */
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/terminal.h"

#include <errno.h>
#include <string.h>

static int print(const struct buf *text)
{
    fwrite(text->data, 1, text->len, stdout);
    return EXIT_OK;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Whether --help is among the command's own options. */
static bool wants_help(const struct command *command, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i]))
            return true;
        if (command->passes_on && argv[i][0] != '-')
            return false;
    }
    return false;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct buf text;
    int code = EXIT_USAGE;
    buf_init(&text, 64u << 10);
    if (wants_help(command, argc, argv)) {
        help_command(command, &text);
        code = print(&text);
    } else if (arguments_read(&arguments, command, argc, argv, &text)) {
        code = command->run(&arguments);
        arguments_free(&arguments);
    } else {
        (void)complain(code, "%s: %s: run pointsman %s --help", command->name, buf_message(&text), command->name);
        arguments_free(&arguments);
    }
    buf_free(&text);
    return code;
}

static int run_global(int argc, char **argv)
{
    struct buf text;
    int code = EXIT_OK;
    buf_init(&text, 64u << 10);
    const struct command *about = argc > 2 ? command_find(argv[2]) : NULL;
    if (argc < 2) {
        code = complain(EXIT_USAGE, "missing command: run pointsman --help");
    } else if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("pointsman " PACKAGE_VERSION);
    } else if (is_help(argv[1]) || (strcmp(argv[1], "help") == 0 && (argc < 3 || about))) {
        if (about)
            help_command(about, &text);
        else
            help_all(&text);
        code = print(&text);
    } else {
        code = complain(EXIT_USAGE, "unknown %s '%s': run pointsman --help", argv[1][0] == '-' ? "option" : "command",
                        argv[strcmp(argv[1], "help") == 0 ? 2 : 1]);
    }
    buf_free(&text);
    return code;
}

int main(int argc, char **argv)
{
    const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
    int code = command ? run(command, argc - 1, argv + 1) : run_global(argc, argv);
    /* Report a full disk as an error. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)complain(EXIT_FAULT, "standard output: %s", strerror(errno));
        return code ? code : EXIT_FAULT;
    }
    return code == EXIT_OK && terminal_has_failed() ? EXIT_FAULT : code;
}
