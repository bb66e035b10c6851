/* refusal: why a request was refused; the API's error object. */
#ifndef POINTSMAN_CGI_REFUSAL_H
#define POINTSMAN_CGI_REFUSAL_H

#include "common/buf.h"

struct refusal {
    int status;         /* HTTP status */
    const char *code;   /* stable, for programs; static */
    const char *field;  /* the invalid form field, or NULL; static, or a name in the configuration's variables */
    char message[2048]; /* for people: sentences, without any key */
};

/* Fills `why`, truncated to its size, and returns false, so that a check can end in `return refuse(...)`. */
bool refuse(struct refusal *why, int status, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);
/* The same with status 400 and the invalid field. */
bool refuse_field(struct refusal *why, const char *field, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);

#endif
