/* What zsh offers after "pointsman", and the manual's section on the commands. */
#include "cli/completion.h"

#include "cli/commands.h"

#include <string.h>

/* The text within a specification of _arguments or _describe, which stands within single quotes. */
static void add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr(":[]\\", *text))
            buf_add_char(out, '\\');
        if (*text == '\'')
            BUF_ADD(out, "'\\''");
        else
            buf_add_char(out, *text);
    }
}

static void zsh_option(const struct command_option *option, struct buf *out)
{
    const char *equals = option->value ? "=" : "";
    BUF_ADD(out, " \\\n        ");
    if (option->letter)
        buf_add_format(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter,
                       option->value ? "+" : "", option->name, equals);
    else
        buf_add_format(out, "'--%s%s[", option->name, equals);
    add_escaped(out, option->summary);
    BUF_ADD(out, "]");
    if (option->value)
        buf_add_format(out, ":%s:", option->value);
    if (option->choices)
        buf_add_format(out, "(%s)", option->choices);
    else if (option->value && option->hint == HINT_FILE)
        BUF_ADD(out, "_files");
    else if (option->value && option->hint == HINT_ALIAS)
        BUF_ADD(out, "($(pointsman completion aliases 2>/dev/null))");
    BUF_ADD(out, "'");
}

bool completion_zsh(struct buf *out)
{
    BUF_ADD(
        out,
        "#compdef pointsman\n# made by: pointsman completion zsh\n_pointsman() {\n  local -a commands\n  commands=(\n");
    for (unsigned i = 0; commands[i]; i++) {
        buf_add_format(out, "    '%s:", commands[i]->name);
        add_escaped(out, commands[i]->summary);
        BUF_ADD(out, "'\n");
    }
    BUF_ADD(out, "    'help:help on a command'\n  )\n"
                 "  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
                 "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n"
                 "    help) _describe command commands ;;\n");
    for (unsigned i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        buf_add_format(out, "    %s) _arguments '(-h --help)'{-h,--help}'[help]'", command->name);
        for (const struct command_option *option = command->options; option && option->name; option++)
            zsh_option(option, out);
        if (command->operand_choices)
            buf_add_format(out, " \\\n        '1: :(%s)'", command->operand_choices);
        else if (command->most)
            BUF_ADD(out, " \\\n        '*: : '");
        BUF_ADD(out, " ;;\n");
    }
    return BUF_ADD(out, "  esac\n}\n_pointsman \"$@\"\n") && !out->failed;
}

/* The text as roff reads it: what it takes for its own is escaped; a line that begins with a dot or a quote is none. */
static void add_roff(struct buf *out, const char *text)
{
    bool begins = true;
    for (; *text; text++) {
        if (begins && (*text == '.' || *text == '\''))
            BUF_ADD(out, "\\&");
        if (*text == '\\')
            BUF_ADD(out, "\\e");
        else if (*text == '-')
            BUF_ADD(out, "\\-");
        else if (*text == '"')
            BUF_ADD(out, "\\(dq");
        else if (strncmp(text, "…", 3) == 0)
            BUF_ADD(out, "..."), text += 2;
        else
            buf_add_char(out, *text);
        begins = *text == '\n';
    }
}

static void manual_option(const struct command_option *option, struct buf *out)
{
    BUF_ADD(out, ".It");
    if (option->letter)
        buf_add_format(out, " Fl %c ,", option->letter);
    buf_add_format(out, " Fl \\-%s", option->name);
    if (option->value)
        buf_add_format(out, " Ar %s", option->value);
    BUF_ADD(out, "\n");
    add_roff(out, option->summary);
    if (option->choices) {
        BUF_ADD(out, "; one of: ");
        add_roff(out, option->choices);
    }
    BUF_ADD(out, ".\n");
}

bool completion_manual(struct buf *out)
{
    for (unsigned i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        buf_add_format(out, ".Ss pointsman %s", command->name);
        if (command->operands) {
            BUF_ADD(out, " ");
            add_roff(out, command->operands);
        }
        BUF_ADD(out, "\n");
        add_roff(out, command->summary);
        BUF_ADD(out, ".\n");
        if (command->about) {
            BUF_ADD(out, ".Pp\n");
            add_roff(out, command->about);
            BUF_ADD(out, "\n");
        }
        if (command->options)
            BUF_ADD(out, ".Bl -tag -width Ds\n");
        for (const struct command_option *option = command->options; option && option->name; option++)
            manual_option(option, out);
        if (command->options)
            BUF_ADD(out, ".El\n");
        if (command->examples) {
            BUF_ADD(out, ".Bd -literal -offset indent\n");
            add_roff(out, command->examples);
            BUF_ADD(out, ".Ed\n");
        }
    }
    return !out->failed;
}
