/* The errors and warnings of reading a file by a table of keys. */
#include "common/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct schema_warning {
    struct schema_warning *next;
    unsigned line, more; /* the first line, and the number of further lines with the same warning */
    char text[];
};

static void report(const struct schema_reader *r, struct buf *out, unsigned line, const char *what)
{
    if (r->file && line)
        buf_add_format(out, "%s:%u: %s", r->file, line, what);
    else
        buf_add_format(out, "%s%s%s", r->file ? r->file : "", r->file ? ": " : "", what);
}

void schema_error(struct schema_reader *r, unsigned line, const char *format, ...)
{
    char what[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    r->error_count++;
    if (r->errors->len)
        buf_add_char(r->errors, '\n');
    report(r, r->errors, line, what);
}

static void pass_warning(const struct schema_reader *r, unsigned line, const char *what, unsigned more)
{
    struct buf message;
    if (!r->warn)
        return;
    buf_init(&message, 8192);
    report(r, &message, line, what);
    if (more)
        buf_add_format(&message, " (%u more like this)", more);
    r->warn(buf_message(&message), r->warn_ctx);
    buf_free(&message);
}

void schema_warn(struct schema_reader *r, unsigned line, const char *format, ...)
{
    char what[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    for (struct schema_warning *w = r->warnings; w; w = w->next)
        if (strcmp(w->text, what) == 0) {
            w->more++;
            return;
        }
    size_t size = strlen(what) + 1;
    struct schema_warning *w = malloc(sizeof *w + size);
    r->warning_count++;
    if (!w) { /* out of order is better than not at all */
        pass_warning(r, line, what, 0);
        return;
    }
    *w = (struct schema_warning){.next = r->warnings, .line = line};
    memcpy(w->text, what, size);
    r->warnings = w;
}

void schema_report(struct schema_reader *r)
{
    struct schema_warning *first = NULL;
    while (r->warnings) {
        struct schema_warning *w = r->warnings;
        r->warnings = w->next;
        w->next = first;
        first = w;
    }
    while (first) {
        struct schema_warning *w = first;
        first = w->next;
        pass_warning(r, w->line, w->text, w->more);
        free(w);
    }
}
