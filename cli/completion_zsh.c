/* The completion script of zsh. */
#include "cli/completion.h"

#include "cli/commands.h"

#include <string.h>

/* The text, escaped for a specification of _arguments or _describe in single quotes. */
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
