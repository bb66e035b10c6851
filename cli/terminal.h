/* terminal: what people see. Standard output is data, standard error is talk; colour only where a terminal shows it. */
#ifndef POINTSMAN_CLI_TERMINAL_H
#define POINTSMAN_CLI_TERMINAL_H

#include "common/document.h"

#include <stdio.h>

enum terminal_style { STYLE_PLAIN, STYLE_BOLD, STYLE_FAINT, STYLE_GOOD, STYLE_BAD };

bool terminal_is(FILE *stream);
/* A terminal, and neither NO_COLOR (no-color.org) nor TERM=dumb speaks against it. */
bool terminal_has_colour(FILE *stream);
/* Columns; 80 where nobody knows. */
unsigned terminal_width(FILE *stream);
/* The sequence that begins the style on that stream, STYLE_PLAIN the one that ends it; "" where it has no colour. */
const char *terminal_style(FILE *stream, enum terminal_style style);
/* Columns that the UTF-8 text takes, each character counted as one. */
unsigned terminal_columns(struct slice text);

/* Prints the document on a line of its own and frees it. Returns false, after a complaint, if it ran out of memory. */
bool print_document(struct document *d, FILE *out);

/* One line of talk on standard error. */
void say(const char *format, ...) PRINTF_LIKE(1, 2);
/* "pointsman: …" on standard error; returns `code`, for `return complain(EXIT_X, …);`. No full stop at the end. */
int complain(int code, const char *format, ...) PRINTF_LIKE(2, 3);
/* "pointsman: warning: …" on standard error. */
void warn(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
