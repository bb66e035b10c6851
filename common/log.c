/* Log lines on standard error, redacted. */
#include "common/log.h"

#include "common/secret.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LINE_MAX_BYTES 2048 /* of a message */

static const char *program_name = "pointsman";
static enum log_level max_level = LOG_LEVEL_INFO;
static bool under_journal;
static struct buf line = {.max = LINE_MAX_BYTES * 2}; /* allocated once, so that "out of memory" can be logged */

void log_open(const char *program, enum log_level max)
{
    program_name = program;
    max_level = max;
    under_journal = getenv("JOURNAL_STREAM") != NULL;
    (void)buf_reserve(&line, line.max);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR: return "error: ";
    case LOG_LEVEL_WARNING: return "warning: ";
    case LOG_LEVEL_DEBUG: return "debug: ";
    case LOG_LEVEL_INFO: break;
    }
    return "";
}

static void write_line(enum log_level level, const char *format, va_list args)
{
    if (level > max_level)
        return;
    char message[LINE_MAX_BYTES];
    (void)vsnprintf(message, sizeof message, format, args);
    buf_clear(&line);
    if (under_journal)
        buf_add_format(&line, "<%d>", (int)level);
    buf_add_format(&line, "%s: %s", program_name, level_name(level));
    secret_redact(&line, slice_of(message));
    /* Text of an upstream must not start a line of its own or control a terminal. */
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.data[i] < 0x20 || line.data[i] == 0x7F)
            line.data[i] = ' ';
    buf_add_char(&line, '\n');
    while (write(STDERR_FILENO, line.data, line.len) < 0 && errno == EINTR)
        ; /* any other error: nowhere to report it */
}

#define DEFINE_LEVEL(name, level)        \
    void name(const char *format, ...)   \
    {                                    \
        va_list args;                    \
        va_start(args, format);          \
        write_line(level, format, args); \
        va_end(args);                    \
    }

DEFINE_LEVEL(log_error, LOG_LEVEL_ERROR)
DEFINE_LEVEL(log_warning, LOG_LEVEL_WARNING)
DEFINE_LEVEL(log_info, LOG_LEVEL_INFO)
DEFINE_LEVEL(log_debug, LOG_LEVEL_DEBUG)
