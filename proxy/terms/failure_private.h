/* failure_private: pure. What the files of failures share. */
#ifndef POINTSMAN_FAILURE_PRIVATE_H
#define POINTSMAN_FAILURE_PRIVATE_H

#include "proxy/terms/failure_patterns.h"

#define FAILURE_MESSAGE_MAX (64u << 10) /* bytes of a provider's message */

/* The contents of an error, whatever its format. Of several codes and messages the innermost counts: it is the
 * provider's, and gateways wrap it. */
struct failure_report {
    char code[64], type[64], status[64]; /* truncated; "": absent */
    char param[128];                     /* the field, as the error names it; "": none */
    struct buf message;                  /* the caller frees it */
    int http;                            /* HTTP status in the body, 400 to 599; 0: none */
    int retry_after_s;                   /* s, rounded up; -1: none */
    bool bare;                           /* the error has no message: `message` is the proxy's */
    struct slice body;
};

/* Reads the body of an error reply, or an error object. The caller frees r->message. */
void failure_read(struct failure_report *r, struct slice body);
/* Finds the field of a request that an error names: its param, else a name after or before `text`, such as that of
 * "unsupported parameter: 'x'". Returns its part_of_field() and writes its name; 0: none. */
unsigned failure_field(const struct failure_report *r, const char *text, char name[PART_FIELD_NAME]);
/* Returns whether the message or the code matches the compiled expression (regex_t). */
bool failure_matches(const struct failure_report *r, const void *expression);
/* Returns what follows the first match of `lower_case` in the text, in any case; ptr NULL: no match. */
struct slice failure_after(struct slice text, const char *lower_case);
/* Returns the table of refusals, for failure_patterns(). */
const struct failure_pattern *refusal_patterns(size_t *count);
/* Sets code and message, redacted, then truncated between characters. */
void failure_fill(struct failure *f, struct slice code, struct slice message);

#endif
