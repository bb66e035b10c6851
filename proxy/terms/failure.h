/* failure: pure. What each kind of failure means: one table from the kind to what is tried next, how long the
 * deployment rests, and what the client is told. */
#ifndef POINTSMAN_FAILURE_H
#define POINTSMAN_FAILURE_H

#include "proxy/terms/wire.h"

struct failure_rule {
    const char *name;        /* in the journal: "rate_limit" */
    bool next;               /* try the next deployment */
    int cooldown_s;          /* rest of the deployment; 0: none; -1: the configuration's cooldown_time */
    int status;              /* what the client gets when nothing else is left */
    const char *type;        /* error.type */
    const char *code;        /* error.code; NULL: the upstream's own, else none */
    const char *stream_code; /* error.code inside response.failed, as Codex understands it (codex-rs: codes it knows
                                are final, "server_error" is retried) */
    bool forgiven;           /* no rest for as many in a row as the configuration's allowed_fails */
    bool again; /* may be gone a moment later: where the provider's row says so, the same deployment is called
                   again. Not a timeout: its time is used up, and what the upstream began may still go on */
};

/* Whose error it is, for the rows of the user's that are about it. */
struct failure_source {
    const struct failure_word *own; /* router_settings.error_rules; NULL: none */
    unsigned own_count;
    const char *provider, *deployment; /* the prefix of the one, the id of the other */
};

const struct failure_rule *failure_rule(enum failure_kind kind);
/* Whether the next deployment is tried, and how long the deployment rests: as its kind has it (failure_rule), unless
 * the row by which it was known says otherwise. */
bool failure_goes_on(const struct failure *f);
int failure_cooldown_s(const struct failure *f);
/* Whether a row of the user's gives the rest: it then begins at once, and its time is the row's. */
bool failure_cooldown_given(const struct failure *f);
/* Whether a row of the user's wants the same deployment called once more, or no other one. */
bool failure_retries(const struct failure *f);
bool failure_stops(const struct failure *f);
/* The failure that an HTTP reply of an upstream means: from its status, Retry-After (seconds, or -1) and the body,
 * whose error message is taken over, redacted and cut. `status` is 400 or more, or below 200. The words that make the
 * status more exact are a table (failure_words.h); `source` NULL: without rows of the user's. */
void failure_from_reply(struct failure *f, const struct failure_source *source, int status, int retry_after_s,
                        struct slice body);
/* The failure that an error inside a 200 reply or stream means: an object ({"message","code","type","status"} in any
 * mix), or plain text. */
void failure_from_error(struct failure *f, const struct failure_source *source, struct slice error);
/* Puts the deployment's name in front of the message: whose key, whose quota. Once per failure. */
void failure_name(struct failure *f, const char *deployment_id);
/* Adds the failure of a later attempt to what the client will be told. The first one counts, because the first
 * deployment is what the alias is about, and the others' words follow; but one that no other deployment would mend
 * takes its place. */
void failure_join(struct failure *told, const struct failure *later);
/* A failure of our own making; `format` gives the message. */
void failure_set(struct failure *f, enum failure_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* Requests take all the memory that they may (common/ceiling.h): a 503 with a Retry-After. */
void failure_set_no_room(struct failure *f);
/* Appends OpenAI's error object: {"error":{"message","type","param":null,"code"}}; code "": null. */
bool failure_write(struct slice message, const char *type, const char *code, struct buf *out);
/* The same of a failure, for the client. */
bool failure_body(const struct failure *f, struct buf *out);
/* Whole seconds for the client's Retry-After header: the provider's, between 1 and 60; a short wait where a rate limit
 * came without one, because Codex gives up on a 429 that lacks it; -1 when none is to be sent. */
int failure_retry_after(const struct failure *f);

#endif
