/* failure_words: pure. The words by which a provider's failure is known: one table of facts from the providers'
 * documentation and from public reports, each with an example.
 *
 *   HTTP status ──▶ kind ──(code words)──▶ kind ──(text words)──▶ kind ──(words of refusals)──▶ kind, parts
 *
 * The words of refusals (refusal_words.c) say which part of the request the server does not take. A row speaks only
 * where the kind so far is one of its `among`; within each step the first row that speaks decides. Rows of the user's
 * come before all of these. */
#ifndef POINTSMAN_FAILURE_WORDS_H
#define POINTSMAN_FAILURE_WORDS_H

#include "proxy/terms/failure.h"

/* What is compared with the words: the whole value of the error's code, type or status; any part of its message, its
 * param or the field that it names; or the whole message. */
enum failure_match { FAILURE_IN_CODE, FAILURE_IN_TEXT, FAILURE_IS_TEXT };

/* What follows from a failure, where a row of the user's says so. */
enum failure_then {
    FAILURE_THEN_USUAL, /* as its kind has it */
    FAILURE_THEN_RETRY, /* the same deployment once more, then the usual */
    FAILURE_THEN_NEXT,  /* the next deployment, whatever the kind */
    FAILURE_THEN_STOP,  /* no other deployment */
};

struct failure_word {
    enum failure_match match;
    const char *words;      /* in lower case for FAILURE_IN_TEXT. ASCII letters match in either case; "": no message */
    unsigned among;         /* set of FAILURE_BIT(): the kinds that these words make more exact */
    enum failure_kind kind; /* what they mean */
    const char *provider;   /* who sends them; NULL: several. A condition in a row of the user's alone: gateways pass
                               errors on */
    int status;             /* the HTTP status of the example; 0: an error inside a reply of status 200. A condition in
                               a row of the user's, and with FAILURE_IS_TEXT */
    const char *example;    /* the message of an error that this row decides */
    unsigned parts;         /* what of the request is refused: a set of enum request_part, PART_API too. PART_FIELD: the
                               field that the error names, or `field` */

    /* The rest is of rows of the user's (router_settings.error_rules). */
    const char *name;       /* "error_rules[0]"; NULL: a row of ours */
    const char *deployment; /* its id; NULL: any */
    const void *expression; /* a compiled regex_t in place of the words; NULL: none */
    const char *field;      /* PART_FIELD: its name */
    bool kind_given;        /* `kind` counts */
    bool parts_given;       /* `parts` count, 0 too */
    enum failure_then then;
    int cooldown_s; /* FAILURE_COOLDOWN_USUAL: as its kind has it; 0: none */
};

#define FAILURE_COOLDOWN_USUAL (-2)

/* What the configuration calls enum failure_then, and the kinds of failures that a row of the user's may give; by
 * number, NULL-terminated. The first of each is "usual". */
extern const char *const failure_then_words[];
extern const char *const failure_names[];

/* FAILURE_NONE's bit stands for an error without a status. */
#define FAILURE_BIT(kind) (1u << (kind))

/* The row that decides what an error reply means, as failure_from_reply() reads it (status 0: as failure_from_error()
 * does); NULL: the status alone. */
const struct failure_word *failure_word_of(int status, struct slice body);
/* One of the tables of rows, from 0, in the order in which they are asked; the number of its rows goes into *count.
 * NULL: there are no more. */
const struct failure_word *failure_words(unsigned table, size_t *count);
/* Compiles a POSIX extended regular expression that matches in either case, for failure_word.expression. It may have no
 * counts ("{3}") and no back-references, whose cost has no bound. NULL: `why` says why not. */
void *failure_expression(const char *text, char *why, size_t size);
/* NULL is allowed. */
void failure_expression_free(const void *expression);
/* What people know a row by: its words, or the name of the user's. */
const char *failure_word_name(const struct failure_word *w);

#endif
