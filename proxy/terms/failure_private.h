/* failure_private: what failure.c, failure_read.c and failure_reply.c share. */
#ifndef POINTSMAN_FAILURE_PRIVATE_H
#define POINTSMAN_FAILURE_PRIVATE_H

#include "proxy/terms/failure_words.h"

#define FAILURE_MESSAGE_MAX (64u << 10) /* bytes of a provider's message; more is not looked at */

/* What an error says, wherever it says it. Of several codes and messages the innermost counts: it is the words of the
 * provider, which gateways wrap into theirs. */
struct failure_report {
    char code[64], type[64], status[64]; /* as written, cut; "" when absent */
    struct buf message;                  /* the caller frees it */
    int http;                            /* a status from 400 to 599 in the body, else 0 */
    int retry_after_s;                   /* rounded up; -1: none */
    struct slice body;
};

/* Reads the body of an error reply, or an error object. */
void failure_read(struct failure_report *r, struct slice body);
/* Sets code and message from a provider's words: redacted, then cut where a character begins. */
void failure_fill(struct failure *f, struct slice code, struct slice message);

#endif
