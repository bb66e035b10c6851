/* terminal: messages, styles and width. Data goes to standard output, messages to standard error. Colors only on a
 * terminal. */
#ifndef POINTSMAN_CLI_TERMINAL_H
#define POINTSMAN_CLI_TERMINAL_H

#include "common/document.h"

#include <stdio.h>

enum terminal_style { STYLE_PLAIN, STYLE_BOLD, STYLE_FAINT, STYLE_GOOD, STYLE_BAD };

bool terminal_is(FILE *stream);
/* Whether the stream is a terminal, without NO_COLOR (no-color.org) and TERM=dumb. */
bool terminal_has_color(FILE *stream);
/* Width in columns; 80 if unknown. */
unsigned terminal_width(FILE *stream);
/* The escape sequence that starts the style; STYLE_PLAIN: the one that ends it. "" if the stream has no color. */
const char *terminal_style(FILE *stream, enum terminal_style style);
/* Number of characters in UTF-8 text; each counts as one column. */
unsigned terminal_columns(struct slice text);

/* Prints the document with a newline and frees it. false: out of memory; an error is printed. */
bool print_document(struct document *d, FILE *out);

/* Prints an error; main() then exits with EXIT_FAULT, unless the command has another code. For output that is missing
 * where no caller can do anything. */
void terminal_fail(const char *message);
/* Whether terminal_fail() was called. */
bool terminal_has_failed(void);

/* Prints a message on standard error. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);
/* Prints "pointsman: …" on standard error and returns `code`, as in `return complain(EXIT_X, …);`. No final period. */
int complain(int code, const char *format, ...) PRINTF_LIKE(2, 3);
/* Prints "pointsman: warning: …" on standard error. */
void warn(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
