/* Why a request was refused. */
#include "cgi/refusal.h"

#include <stdarg.h>
#include <stdio.h>

bool refuse(struct refusal *why, int status, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why->message, sizeof why->message, format, arguments);
    va_end(arguments);
    why->status = status;
    why->code = code;
    why->field = NULL;
    return false;
}

bool refuse_field(struct refusal *why, const char *field, const char *code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(why->message, sizeof why->message, format, arguments);
    va_end(arguments);
    why->status = 400;
    why->code = code;
    why->field = field;
    return false;
}
