/* failure_patterns: pure. Codes and messages that identify a provider's failure: one table of facts from the providers'
 * documentation and from public reports, each with an example.
 *
 *   HTTP status ──▶ kind ──(codes)──▶ kind ──(messages)──▶ kind ──(refusals)──▶ kind, parts
 *
 * Refusals (refusal_patterns.c) tell which part of the request the server does not accept. A row applies only if the
 * kind so far is one of its `among`; in each step the first row that applies decides. The user's error_rules override
 * all of these. */
#ifndef POINTSMAN_FAILURE_PATTERNS_H
#define POINTSMAN_FAILURE_PATTERNS_H

#include "proxy/terms/failure.h"

/* What must match: the error's code, type or status; a part of its message or param; or the whole message. */
enum failure_match { FAILURE_IN_CODE, FAILURE_IN_TEXT, FAILURE_IS_TEXT };

/* The next step that an error rule sets. */
enum failure_then {
    FAILURE_THEN_USUAL, /* that of the kind */
    FAILURE_THEN_RETRY, /* call the same deployment once more, then that of the kind */
    FAILURE_THEN_NEXT,  /* the next deployment */
    FAILURE_THEN_STOP,  /* no other deployment */
};

struct failure_pattern {
    enum failure_match match;
    const char *text;       /* matched in any case (ASCII); in lower case for FAILURE_IN_TEXT; "": no message */
    unsigned among;         /* set of FAILURE_BIT(): the row applies if the kind so far is one of these */
    enum failure_kind kind; /* the kind that it sets */
    const char *provider;   /* the provider that sends it; NULL: several. Only a condition in error_rules, because
                               gateways pass errors on */
    int status;             /* HTTP status of the example; 0: an error in a reply with status 200. Only a condition in
                               error_rules and with FAILURE_IS_TEXT */
    const char *example;    /* the message of an error to which this row applies */
    unsigned parts;         /* the refused parts: a set of enum request_part, with PART_API. PART_FIELD: the field that
                               the error names, or `field` */

    /* Only for error_rules. */
    const char *name;       /* "error_rules[0]"; NULL: a row of our tables */
    const char *deployment; /* its id; NULL: any */
    const void *expression; /* compiled regex_t, instead of `text`; NULL: none */
    const char *field;      /* PART_FIELD: its name */
    bool kind_given;        /* `kind` is set */
    bool parts_given;       /* `parts` are set, possibly to 0 */
    enum failure_then then;
    int cooldown_s; /* s; FAILURE_COOLDOWN_USUAL: that of the kind; 0: none */
};

#define FAILURE_COOLDOWN_USUAL (-2)

/* Names in the configuration: of enum failure_then, and of the kinds that an error rule may set. Index: the number;
 * NULL-terminated. The first is "usual". */
extern const char *const failure_then_names[];
extern const char *const failure_names[];

/* The bit of FAILURE_NONE is an error without a status. */
#define FAILURE_BIT(kind) (1u << (kind))

/* Returns the row that decides the kind of an error reply, as in failure_from_reply() or, with status 0,
 * failure_from_error(). NULL: the status decides. */
const struct failure_pattern *failure_pattern_of(int status, struct slice body);
/* Returns a table, from 0, in order of their use, and its number of rows in *count. NULL: no more tables. */
const struct failure_pattern *failure_patterns(unsigned table, size_t *count);
/* Compiles a POSIX extended regular expression, for any case; free it with failure_expression_free(). Counts ("{3}")
 * and back-references are refused, because their cost has no bound. NULL: an error, described in `why`. */
void *failure_expression(const char *text, char *why, size_t size);
/* NULL is allowed. */
void failure_expression_free(const void *expression);
/* Returns the name of a row for people: its text, or that of the error rule. */
const char *failure_pattern_name(const struct failure_pattern *w);

#endif
