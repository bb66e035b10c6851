/* failure_private: what failure.c, failure_read.c and failure_reply.c share. */
#ifndef POINTSMAN_FAILURE_PRIVATE_H
#define POINTSMAN_FAILURE_PRIVATE_H

#include "proxy/terms/failure_words.h"

#define FAILURE_MESSAGE_MAX (64u << 10) /* bytes of a provider's message; more is not looked at */

/* What an error says, wherever it says it. Of several codes and messages the innermost counts: it is the words of the
 * provider, which gateways wrap into theirs. */
struct failure_report {
    char code[64], type[64], status[64]; /* as written, cut; "" when absent */
    char param[128];                     /* the field at fault, as the error has it; "" when absent */
    struct buf message;                  /* the caller frees it */
    int http;                            /* a status from 400 to 599 in the body, else 0 */
    int retry_after_s;                   /* rounded up; -1: none */
    bool bare;                           /* it has no message: what describes it is ours */
    struct slice body;
};

/* Reads the body of an error reply, or an error object. */
void failure_read(struct failure_report *r, struct slice body);
/* Finds the field of a request that an error names: its param, else a name behind or before the words, such as the one
 * in "unsupported parameter: 'x'". Returns its part_of_field() and writes the name as the request has it; 0: it names
 * none. */
unsigned failure_field(const struct failure_report *r, const char *words, char name[PART_FIELD_NAME]);
/* Whether the message or the code matches the compiled expression (regex_t). */
bool failure_matches(const struct failure_report *r, const void *expression);
/* What follows the first place where the text holds these words; ptr NULL: nowhere. */
struct slice failure_after(struct slice text, const char *lower_case);
/* The table of refusals, for failure_words(). */
const struct failure_word *refusal_words(size_t *count);
/* Sets code and message from a provider's words: redacted, then cut where a character begins. */
void failure_fill(struct failure *f, struct slice code, struct slice message);

#endif
