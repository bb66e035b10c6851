/* failure: pure. The consequences of each kind of failure: one table with the next step, the cooldown, and the client's
 * error. */
#ifndef POINTSMAN_FAILURE_H
#define POINTSMAN_FAILURE_H

#include "proxy/terms/wire.h"

struct failure_rule {
    const char *name;        /* in the request log: "rate_limit" */
    bool next;               /* try the next deployment */
    int cooldown_s;          /* cooldown of the deployment; 0: none; -1: the configuration's cooldown_time */
    int status;              /* the client's HTTP status if no attempt is left */
    const char *type;        /* error.type */
    const char *code;        /* error.code; NULL: the upstream's, if any */
    const char *stream_code; /* error.code in response.failed, as Codex interprets it (codex-rs: codes that it knows
                                are final, "server_error" is retried) */
    bool forgiven;           /* no cooldown for the first allowed_fails of these in a row */
    bool again; /* may be transient: the same deployment is called again if the provider's row has retries. Not a
                   timeout: its time is used up, and the upstream may still process the call */
};

/* The source of an error, for the user's error_rules. */
struct failure_source {
    const struct failure_pattern *own; /* router_settings.error_rules; NULL: none */
    unsigned own_count;
    const char *provider, *deployment; /* the provider's prefix, the deployment's id */
};

/* Returns the row of the kind. */
const struct failure_rule *failure_rule(enum failure_kind kind);
/* Return whether the next deployment is tried, and the cooldown in seconds (-1: the configuration's cooldown_time):
 * those of the kind, unless an error rule sets others. */
bool failure_goes_on(const struct failure *f);
int failure_cooldown_s(const struct failure *f);
/* Returns whether an error rule sets the cooldown: then it begins at once, without allowed_fails. */
bool failure_cooldown_given(const struct failure *f);
/* Return whether an error rule requests one more call of the same deployment, or no other deployment. */
bool failure_retries(const struct failure *f);
bool failure_stops(const struct failure *f);
/* Sets the failure of an upstream's HTTP reply, from its status (400 or more, or below 200), Retry-After (seconds; -1:
 * none) and body. The message is redacted and truncated. See failure_patterns.h. `source` NULL: no error_rules. */
void failure_from_reply(struct failure *f, const struct failure_source *source, int status, int retry_after_s,
                        struct slice body);
/* Sets the failure of an error in a 200 reply or a stream: an object with any of "message", "code", "type" and
 * "status", or plain text. */
void failure_from_error(struct failure *f, const struct failure_source *source, struct slice error);
/* Prepends the deployment's id to the message, to show whose key or quota it is about. Call once per failure. */
void failure_name(struct failure *f, const char *deployment_id);
/* Merges a later attempt's failure into the client's. The first kind is kept, because it is of the alias's first
 * deployment; the later message is appended. A failure after which no deployment is tried replaces it. */
void failure_join(struct failure *client, const struct failure *later);
/* Sets a failure of the proxy's own; `format` is the message. */
void failure_set(struct failure *f, enum failure_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* Sets the failure for requests above the memory limit (common/ceiling.h): a 503 with Retry-After. */
void failure_set_no_room(struct failure *f);
/* Appends OpenAI's error object: {"error":{"message","type","param","code"}}; code "" and param NULL: null. false:
 * `out` has failed. */
bool failure_write(struct slice message, const char *type, const char *code, const char *param, struct buf *out);
/* Appends the client's error object of a failure. false: `out` has failed. */
bool failure_body(const struct failure *f, struct buf *out);
/* Returns the client's Retry-After in seconds: the provider's, limited to 1 to 60. A rate limit without one gets a
 * short wait, because Codex gives up on a 429 without it. -1: send none. */
int failure_retry_after(const struct failure *f);

#endif
