/* Messages, styles and width. */
#include "cli/terminal.h"

#include "cli/exit.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DOCUMENT_MAX (128u << 20) /* bytes; `history --json` prints the largest */

#define LINE_MAX_BYTES 8192 /* one message; longer ones are truncated */

bool terminal_is(FILE *stream)
{
    return isatty(fileno(stream)) == 1;
}

bool terminal_has_color(FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *kind = getenv("TERM");
    return terminal_is(stream) && !(no && *no) && kind && *kind && strcmp(kind, "dumb") != 0;
}

unsigned terminal_width(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col)
        return size.ws_col;
    return 80;
}

const char *terminal_style(FILE *stream, enum terminal_style style)
{
    static const char *const sequences[] = {
        [STYLE_PLAIN] = "\033[0m", [STYLE_BOLD] = "\033[1m", [STYLE_FAINT] = "\033[2m",
        [STYLE_GOOD] = "\033[32m", [STYLE_BAD] = "\033[31m",
    };
    return terminal_has_color(stream) ? sequences[style] : "";
}

unsigned terminal_columns(struct slice text)
{
    unsigned count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* Prints one line with a single write(), so that lines of two processes don't mix. Control characters become "?", so
 * that foreign text can't control the terminal. */
static void print_line(const char *prefix, const char *format, va_list arguments)
{
    char line[LINE_MAX_BYTES];
    int start = snprintf(line, sizeof line, "%s", prefix);
    int len = vsnprintf(line + start, sizeof line - (size_t)start - 1, format, arguments);
    size_t used = len < 0 ? (size_t)start : strlen(line);
    for (size_t i = 0; i < used; i++)
        if (((unsigned char)line[i] < ' ' && line[i] != '\n' && line[i] != '\t') || line[i] == 0x7f)
            line[i] = '?';
    line[used++] = '\n';
    fflush(stdout);
    ssize_t ignored = write(STDERR_FILENO, line, used);
    (void)ignored;
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("", format, arguments);
    va_end(arguments);
}

bool print_document(struct document *d, FILE *out)
{
    struct buf text;
    buf_init(&text, DOCUMENT_MAX);
    bool printed = document_print(d, &text) && BUF_ADD(&text, "\n");
    if (printed)
        (void)fwrite(text.data, 1, text.len, out); /* main() reports what standard output refuses */
    else
        (void)complain(EXIT_FAULT, text.full ? "the result is too large to print as JSON" : "out of memory");
    buf_free(&text);
    return printed;
}

static bool has_failed;

void terminal_fail(const char *message)
{
    has_failed = true;
    (void)complain(EXIT_FAULT, "%s", message);
}

bool terminal_has_failed(void)
{
    return has_failed;
}

int complain(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("pointsman: ", format, arguments);
    va_end(arguments);
    return code;
}

void warn(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_line("pointsman: warning: ", format, arguments);
    va_end(arguments);
}
