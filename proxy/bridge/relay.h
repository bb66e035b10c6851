/* relay: pure. Converts an upstream's reply to the client's API and form (stream or whole).
 *
 *   upstream bytes ──▶ decode ──▶ events ──▶ encode ──▶ client bytes
 *
 * If both sides have the same API and form, the bytes pass through unchanged and are only watched. Until the first
 * content the relay holds everything back (RELAY_HOLD), so that another deployment can still be tried. After it
 * (RELAY_OPEN) the reply can only continue, complete, or fail visibly. A reply is complete only with its API's end: a
 * stream that ends without it is FAILURE_CUT. (A chat stream with content that ends in [DONE] is complete even without
 * a finish_reason, which some servers never send.) */
#ifndef POINTSMAN_RELAY_H
#define POINTSMAN_RELAY_H

#include "proxy/bridge/relay_options.h"

enum relay_state {
    RELAY_HOLD,   /* nothing to send yet */
    RELAY_OPEN,   /* send *send to the client; it may be empty */
    RELAY_DONE,   /* complete; *send is the last part. Further bytes of the upstream are ignored */
    RELAY_FAILED, /* see relay_failure(). *send is empty; if the reply was open, relay_fail() ends it */
};

struct relay;

/* Free with relay_free(). NULL: out of memory. */
struct relay *relay_new(const struct relay_options *options);
/* NULL is allowed. */
void relay_free(struct relay *r);
/* Returns the Content-Type for the client. */
const char *relay_content_type(const struct relay *r);
/* Processes the next bytes of the upstream's body. *send is valid until the next call, and may point into `bytes`. */
enum relay_state relay_feed(struct relay *r, struct slice bytes, struct slice *send);
/* relay_feed()'s *send is no longer needed: frees large buffers, because the stream may be idle for long. */
void relay_sent(struct relay *r);
/* The upstream's body has ended: correctly as to HTTP, or after relay_finished() in any way. Drops an incomplete event.
 * Returns RELAY_DONE or RELAY_FAILED. */
enum relay_state relay_end(struct relay *r, struct slice *send);
/* Returns whether the upstream's reply is a stream: by its Content-Type, or once some bytes have arrived, by these. */
bool relay_streams(const struct relay *r);
/* Returns whether a finish reason was received, but not yet the API's end mark. A body that ends then has lost at most
 * its usage. */
bool relay_finished(const struct relay *r);
/* Returns the number of complete events of the upstream. Other bytes, such as comments, are not progress. */
uint64_t relay_events(const struct relay *r);
/* Returns whether content was received, sent or not. */
bool relay_has_content(const struct relay *r);
/* Ends an open reply with response.failed or a chat error event, so that the client cannot take it for complete. Also
 * for failures outside the relay (connection, timeout). false: out of memory for the event; close the connection. */
MUST_CHECK bool relay_fail(struct relay *r, const struct failure *f, struct slice *send);
/* For an open stream that was silent: sets *send to a response.in_progress event, because comments do not reset Codex's
 * idle timer, or for chat to a comment. */
void relay_keep_alive(struct relay *r, struct slice *send);
/* Returns why the relay failed. Valid until relay_free(). */
const struct failure *relay_failure(const struct relay *r);
/* Returns the usage so far; once the reply has ended, with estimates (marked) for counts that the upstream omitted. */
struct usage relay_usage(const struct relay *r);
/* Returns whether the token limit ended the reply: response.incomplete, finish_reason "length". */
bool relay_incomplete(const struct relay *r);

/* The contents of a translated reply; all false for one that is passed through. */
struct relay_content {
    bool text, calls;
    bool other;   /* an item of a type that the bridge does not translate */
    bool refusal; /* the text of a refusal */
};
struct relay_content relay_content(const struct relay *r);

/* The built-in model "codex-echo": appends a Chat Completions reply, streamed or whole, that repeats the last user
 * message after a label. false: `out` has failed. */
bool echo_reply(const struct turn *t, bool stream, struct buf *out);

#endif
