/* relay: pure. Turns an upstream's reply into the client's, whichever wire either speaks, streamed or whole.
 *
 *   upstream bytes ──▶ decode ──▶ neutral events ──▶ encode ──▶ client bytes
 *
 * Where both sides speak the same wire in the same manner the bytes go through as they are, only watched. Until the
 * first content the relay holds everything back (RELAY_HOLD), so that another deployment may still be tried; after it
 * (RELAY_OPEN) the reply can only go on, complete, or fail honestly. A reply is complete only when its wire says so: a
 * stream that merely ends is FAILURE_CUT (a chat stream with content that ends without finish_reason but with [DONE]
 * counts as complete: some servers never send one). */
#ifndef POINTSMAN_RELAY_H
#define POINTSMAN_RELAY_H

#include "proxy/bridge/relay_options.h"

enum relay_state {
    RELAY_HOLD,   /* nothing for the client yet */
    RELAY_OPEN,   /* *send is for the client (it may be empty) */
    RELAY_DONE,   /* complete; *send is the last of it. Further upstream bytes are ignored */
    RELAY_FAILED, /* relay_failure() says why. *send is empty; when the reply was open, relay_fail() ends it */
};

struct relay;

/* NULL: no memory. */
struct relay *relay_new(const struct relay_options *options);
void relay_free(struct relay *r);
/* The client's Content-Type for what the relay sends. */
const char *relay_content_type(const struct relay *r);
/* Takes the next bytes of the upstream's body. *send is valid until the next call; it may point into `bytes`. */
enum relay_state relay_feed(struct relay *r, struct slice bytes, struct slice *send);
/* What relay_feed() gave in *send is no longer needed: large buffers are freed, for the stream may be silent for long.
 */
void relay_sent(struct relay *r);
/* The upstream's body ended, in good order as far as HTTP goes, or in whatever way after relay_finished(). An event
 * that it was in the middle of is left out. RELAY_DONE or RELAY_FAILED. */
enum relay_state relay_end(struct relay *r, struct slice *send);
/* Whether the upstream's reply is a stream, as far as it is known: by its type before its first bytes, then by these.
 */
bool relay_streams(const struct relay *r);
/* Whether the upstream has said that its reply is finished (finish_reason), though its wire's end mark, and maybe its
 * usage, is still to come: a body that ends here in whatever way has lost nothing of the answer. */
bool relay_finished(const struct relay *r);
/* How many of the upstream's events have come: bytes that complete none, and comments, are no progress. */
uint64_t relay_events(const struct relay *r);
/* Whether content has come, given out or held. */
bool relay_has_content(const struct relay *r);
/* Ends a reply that is open: response.failed, or a chat error event, after whatever event was being written; nothing
 * the client could take for a complete reply. Also for failures that the relay did not see (a lost connection, a
 * timeout). false: no memory for the event; the reply can only be cut off. */
MUST_CHECK bool relay_fail(struct relay *r, const struct failure *f, struct slice *send);
/* For an open Responses stream that has been silent: a response.in_progress event (Codex's idle timer is reset by
 * events, not by comments); for chat a comment. Empty when the stream stands in the middle of an event. */
void relay_keep_alive(struct relay *r, struct slice *send);
const struct failure *relay_failure(const struct relay *r);
/* As far as it is known now; estimated (and marked) once the reply is done without a count from the upstream. */
struct usage relay_usage(const struct relay *r);
/* Whether the reply ended early by a limit of tokens: response.incomplete, finish_reason "length". */
bool relay_incomplete(const struct relay *r);

/* The built-in model "codex-echo": appends a reply in Chat Completions' shape to `out`, as an SSE stream or whole, that
 * repeats the last user message and says that no model is behind it. */
bool echo_reply(const struct turn *t, bool stream, struct buf *out);

#endif
