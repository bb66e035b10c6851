/* The section COMMANDS of the manual page, as mdoc(7). */
#include "cli/completion.h"

#include "cli/commands.h"

#include <string.h>

/* The text, escaped for roff. \& keeps a leading dot or quote from starting a request. */
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
