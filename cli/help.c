/* Usage and help, generated from the commands' rows. */
#include "cli/help.h"

#include "cli/commands.h"

#include <string.h>

#define WRAP_AT 100 /* columns */

static const struct {
    int code;
    const char *meaning;
} codes[] = {
    {EXIT_OK, "success"},
    {EXIT_FAULT, "failed; the reason is on standard error"},
    {EXIT_USAGE, "invalid command line"},
    {EXIT_ABSENT, "missing requirement: a running proxy (status, key, test, web) or Codex (codex, run, exec)"},
    {EXIT_NOT_READY, "proxy can't start: no usable key, port in use, or crashed"},
    {EXIT_NO_TOKEN, "HF_TOKEN is required but not set"},
    {EXIT_NOTHING_RAN, "no provider in the fallback order could run"},
    {EXIT_OLLAMA, "Ollama does not answer, or lacks the model"},
};

/* A line that wraps at WRAP_AT; continuation lines are indented. */
struct wrapped {
    struct buf *out;
    size_t column, indent;
};

static void wrap_add(struct wrapped *f, struct slice word)
{
    if (f->column + 1 + word.len > WRAP_AT) {
        buf_add_format(f->out, "\n%*s", (int)f->indent, "");
        f->column = f->indent;
    } else {
        buf_add_char(f->out, ' ');
        f->column++;
    }
    buf_add_slice(f->out, word);
    f->column += word.len;
}

void help_usage(const struct command *command, struct buf *out)
{
    struct buf word;
    buf_init(&word, 512);
    size_t start = out->len;
    buf_add_format(out, "usage: pointsman %s", command->name);
    struct wrapped line = {out, out->len - start, out->len - start + 1};
    for (const struct command_option *option = command->options; option && option->name; option++) {
        buf_clear(&word);
        buf_add_format(&word, "[--%s%s%s]", option->name, option->value ? " " : "", option->value ? option->value : "");
        wrap_add(&line, buf_slice(&word));
    }
    if (command->operands)
        wrap_add(&line, slice_of(command->operands));
    BUF_ADD(out, "\n");
    buf_free(&word);
}

static void add_options(const struct command *command, struct buf *out)
{
    struct buf left;
    buf_init(&left, 512);
    BUF_ADD(out, "\n");
    for (const struct command_option *option = command->options; option && option->name; option++) {
        buf_clear(&left);
        if (option->letter)
            buf_add_format(&left, "-%c, ", option->letter);
        buf_add_format(&left, "--%s%s%s", option->name, option->value ? " " : "", option->value ? option->value : "");
        buf_add_format(out, "  %-26.*s  %s", SLICE_ARGS(buf_slice(&left)), option->summary);
        if (option->choices)
            buf_add_format(out, "\n%30sone of: %s", "", option->choices);
        BUF_ADD(out, "\n");
    }
    buf_add_format(out, "  %-26s  %s\n", "-h, --help", "show this help");
    buf_free(&left);
}

/* The text with each line indented by two columns. */
static void add_indented(struct buf *out, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        buf_add_format(out, "%s%.*s\n", len ? "  " : "", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

void help_command(const struct command *command, struct buf *out)
{
    help_usage(command, out);
    buf_add_format(out, "\n%s.\n", command->summary);
    if (command->about)
        buf_add_format(out, "\n%s\n", command->about);
    add_options(command, out);
    if (command->examples) {
        BUF_ADD(out, "\nExamples:\n");
        add_indented(out, command->examples);
    }
}

void help_all(struct buf *out)
{
    BUF_ADD(out, "usage: pointsman COMMAND [OPTIONS]\n       pointsman COMMAND --help\n"
                 "\nRoutes Codex CLI to the cheapest model likely to succeed.\n\n");
    for (unsigned i = 0; commands[i]; i++)
        buf_add_format(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    BUF_ADD(out, "\n  -h, --help     show this help\n  -V, --version  show the version\n\nExit codes:\n");
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        buf_add_format(out, "  %d  %s\n", codes[i].code, codes[i].meaning);
    BUF_ADD(out, "  A command that runs another program exits with that program's code.\n"
                 "\nExamples:\n"
                 "  pointsman start          # start the proxy; keys from the environment or a prompt\n"
                 "  pointsman status         # what is ready, and why the rest is not\n"
                 "  pointsman start --help   # help on one command\n");
}
