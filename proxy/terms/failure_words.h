/* failure_words: pure. The words by which a provider's failure is known: one table of facts from the providers'
 * documentation and from public reports, each with an example.
 *
 *   HTTP status ──▶ kind ──(code words)──▶ kind ──(text words)──▶ kind
 *
 * A row speaks only where the kind so far is one of its `among`; within a place the first row that speaks decides. */
#ifndef POINTSMAN_FAILURE_WORDS_H
#define POINTSMAN_FAILURE_WORDS_H

#include "proxy/terms/failure.h"

/* Where the words are looked for: the whole value of the error's code, type or status; or any part of its message. */
enum failure_place { FAILURE_IN_CODE, FAILURE_IN_TEXT };

struct failure_word {
    enum failure_place place;
    const char *words;      /* FAILURE_IN_TEXT: in lower case. ASCII letters match in either case */
    unsigned among;         /* set of FAILURE_BIT(): the kinds that these words make more exact */
    enum failure_kind kind; /* what they mean */
    const char *provider;   /* who sends them; NULL: several. Not a condition: gateways pass errors on */
    int status;             /* the HTTP status of the example; 0: an error inside a reply of status 200 */
    const char *example;    /* the message of an error that this row decides */
};

/* FAILURE_NONE's bit stands for an error without a status. */
#define FAILURE_BIT(kind) (1u << (kind))

/* The row that decides what an error reply means, as failure_from_reply() reads it (status 0: as failure_from_error()
 * does); NULL: the status alone. */
const struct failure_word *failure_word_of(int status, struct slice body);
/* The table; the number of its rows goes into *count. */
const struct failure_word *failure_words(size_t *count);

#endif
