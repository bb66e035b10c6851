/* relay: pure. Converts an upstream's reply to the client's API and form (stream or whole).
 *
 *   upstream bytes ──▶ decode ──▶ events ──▶ encode ──▶ client bytes
 *
 * If both sides have the same API and form, the bytes pass through unchanged and are only watched. Until the first
 * content the relay holds everything back (RELAY_HOLD), so that another deployment can still be tried. From then on
 * (RELAY_OPEN) the reply can only continue, complete, or fail visibly. A reply is complete only after the end mark of
 * its API: a stream that ends without one is FAILURE_CUT. (A chat stream with content that ends in [DONE] is complete
 * even without a finish_reason, which some servers never send.) */
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

/* Creates a relay; `options` is copied, the objects that it points to are not. Free with relay_free(). NULL: out of
 * memory. */
struct relay *relay_new(const struct relay_options *options);
/* NULL is allowed. */
void relay_free(struct relay *r);
/* Returns the Content-Type of the client's reply. */
const char *relay_content_type(const struct relay *r);
/* Processes the next bytes of the upstream's body. *send is valid until the next call, and may point into `bytes`. */
enum relay_state relay_feed(struct relay *r, struct slice bytes, struct slice *send);
/* Call when the bytes of relay_feed() are sent: frees large buffers, because the stream may be idle for long. */
void relay_sent(struct relay *r);
/* Call at the end of the upstream's body: a correct end of the HTTP message, or any end once relay_finished(). Drops an
 * incomplete event. Returns RELAY_DONE or RELAY_FAILED. */
enum relay_state relay_end(struct relay *r, struct slice *send);
/* Returns whether the upstream's reply is a stream: by its Content-Type until bytes have arrived, then by these. */
bool relay_streams(const struct relay *r);
/* Returns whether a finish reason was received, but not yet the API's end mark. If the body ends now, at most its usage
 * is missing. */
bool relay_finished(const struct relay *r);
/* Returns the number of complete events from the upstream, as a measure of progress: comments and partial events do not
 * count. */
uint64_t relay_events(const struct relay *r);
/* Returns whether the upstream has sent content, even if it is still held back. */
bool relay_has_content(const struct relay *r);
/* Ends an open reply with response.failed or a chat error event, so that the client cannot take it for complete. The
 * failure may be the relay's own or another one (connection, timeout). false: out of memory; close the client's
 * connection. */
MUST_CHECK bool relay_fail(struct relay *r, const struct failure *f, struct slice *send);
/* For an open stream that has been silent: sets *send to an event response.in_progress or, for chat, a comment. (For
 * Responses, a comment would not reset Codex's idle timer.) */
void relay_keep_alive(struct relay *r, struct slice *send);
/* Returns why the relay failed. Valid until relay_free(). */
const struct failure *relay_failure(const struct relay *r);
/* Returns the usage so far. Once the reply has ended, missing counts are estimated, and usage.estimated is set. */
struct usage relay_usage(const struct relay *r);
/* Returns whether a token limit ended the reply: response.incomplete, finish_reason "length". */
bool relay_incomplete(const struct relay *r);

/* What a reply contains. For one that is passed through, `calls` and `other` are false, and vectors are text. */
struct relay_content {
    bool text, calls;
    bool other;   /* an item of a type that the bridge does not translate */
    bool refusal; /* a refusal by the model, or a provider's filter ended it */
};
struct relay_content relay_content(const struct relay *r);

/* The built-in model "codex-echo": appends a Chat Completions reply, streamed or whole, that repeats the last user
 * message after a label. false: `out` has failed. */
bool echo_reply(const struct turn *t, bool stream, struct buf *out);

#endif
