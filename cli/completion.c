/* What bash and fish offer after "pointsman". */
#include "cli/completion.h"

#include "cli/commands.h"

#include <string.h>

#define ALIASES "pointsman completion aliases 2>/dev/null"

/* The text within single quotes of a shell. `quote` is what a single quote becomes there. */
static void add_quoted(struct buf *out, const char *text, const char *quote)
{
    BUF_ADD(out, "'");
    for (; *text; text++) {
        if (*text == '\'')
            buf_add_text(out, quote);
        else
            buf_add_char(out, *text);
    }
    BUF_ADD(out, "'");
}

static void add_command_names(struct buf *out)
{
    for (unsigned i = 0; commands[i]; i++)
        buf_add_format(out, "%s%s", i ? " " : "", commands[i]->name);
}

/* A case for the value of one option. */
static void bash_value(const struct command *command, const struct command_option *option, struct buf *out)
{
    buf_add_format(out, "    '%s --%s'", command->name, option->name);
    if (option->letter)
        buf_add_format(out, " | '%s -%c'", command->name, option->letter);
    if (option->choices)
        buf_add_format(out, ") words='%s' ;;\n", option->choices);
    else if (option->hint == HINT_FILE)
        BUF_ADD(out, ") mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return ;;\n");
    else if (option->hint == HINT_ALIAS)
        BUF_ADD(out, ") words=$(" ALIASES ") ;;\n");
    else
        BUF_ADD(out, ") return ;;\n");
}

static void bash_words(const struct command *command, struct buf *out)
{
    buf_add_format(out, "        %s) words='", command->name);
    for (const struct command_option *option = command->options; option && option->name; option++)
        buf_add_format(out, "--%s ", option->name);
    buf_add_format(out, "--help%s%s' ;;\n", command->operand_choices ? " " : "",
                   command->operand_choices ? command->operand_choices : "");
}

bool completion_bash(struct buf *out)
{
    BUF_ADD(out, "# bash completion for pointsman; made by: pointsman completion bash\n"
                 "_pointsman()\n{\n"
                 "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
                 "    COMPREPLY=()\n"
                 "    # --option=value comes as three words.\n"
                 "    if [ \"$cur\" = = ]; then cur=\n"
                 "    elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                 "    fi\n"
                 "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words='");
    add_command_names(out);
    BUF_ADD(out, " help --help --version'\n    else\n    case \"${COMP_WORDS[1]} $prev\" in\n    'help help') words='");
    add_command_names(out);
    BUF_ADD(out, "' ;;\n");
    for (unsigned i = 0; commands[i]; i++)
        for (const struct command_option *option = commands[i]->options; option && option->name; option++)
            if (option->value)
                bash_value(commands[i], option, out);
    BUF_ADD(out, "    *)\n        case ${COMP_WORDS[1]} in\n");
    for (unsigned i = 0; commands[i]; i++)
        bash_words(commands[i], out);
    return BUF_ADD(out, "        esac ;;\n    esac\n    fi\n"
                        "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
                        "}\ncomplete -F _pointsman pointsman\n") &&
           !out->failed;
}

static void fish_option(const struct command *command, const struct command_option *option, struct buf *out)
{
    buf_add_format(out, "complete -c pointsman -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
    if (option->letter)
        buf_add_format(out, " -s %c", option->letter);
    if (option->choices)
        buf_add_format(out, " -x -a '%s'", option->choices);
    else if (option->value && option->hint == HINT_FILE)
        BUF_ADD(out, " -r -F");
    else if (option->value && option->hint == HINT_ALIAS)
        BUF_ADD(out, " -x -a '(" ALIASES ")'");
    else if (option->value)
        BUF_ADD(out, " -x");
    BUF_ADD(out, " -d ");
    add_quoted(out, option->summary, "\\'");
    BUF_ADD(out, "\n");
}

bool completion_fish(struct buf *out)
{
    BUF_ADD(out, "# fish completion for pointsman; made by: pointsman completion fish\n"
                 "complete -c pointsman -f\n"
                 "complete -c pointsman -s h -l help -d 'help'\n"
                 "complete -c pointsman -n __fish_use_subcommand -s V -l version -d 'the version'\n"
                 "complete -c pointsman -n __fish_use_subcommand -a help -d 'help on a command'\n"
                 "complete -c pointsman -n '__fish_seen_subcommand_from help' -a '");
    add_command_names(out);
    BUF_ADD(out, "'\n");
    for (unsigned i = 0; commands[i]; i++) {
        const struct command *command = commands[i];
        buf_add_format(out, "complete -c pointsman -n __fish_use_subcommand -a %s -d ", command->name);
        add_quoted(out, command->summary, "\\'");
        BUF_ADD(out, "\n");
        if (command->operand_choices)
            buf_add_format(out, "complete -c pointsman -n '__fish_seen_subcommand_from %s' -a '%s'\n", command->name,
                           command->operand_choices);
        for (const struct command_option *option = command->options; option && option->name; option++)
            fish_option(command, option, out);
    }
    return !out->failed;
}
