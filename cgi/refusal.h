/* refusal: why a request was refused, as the API's error object reports it. */
#ifndef POINTSMAN_CGI_REFUSAL_H
#define POINTSMAN_CGI_REFUSAL_H

#include "common/buf.h"

struct refusal {
    int status;         /* HTTP status */
    const char *code;   /* stable, for programs; static */
    const char *field;  /* the form field at fault, or NULL; static */
    char message[2048]; /* for people; never holds a key */
};

/* Fills `why`, truncated to its size, and returns false, so that a check can end in `return refuse(...)`. */
bool refuse(struct refusal *why, int status, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);
/* The same, naming the field at fault. */
bool refuse_field(struct refusal *why, const char *field, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);

#endif
