/* decoder: pure. Decodes an upstream's reply into events that are the same for all APIs.
 *
 *   chat chunk, Responses event, whole reply of either ──decode──▶ events ──▶ reply (reply.h) ──▶ the client's API
 *
 * Texts are slices of the upstream's bytes, still escaped as JSON; they are valid until the sink returns. */
#ifndef POINTSMAN_BRIDGE_DECODER_H
#define POINTSMAN_BRIDGE_DECODER_H

#include "proxy/bridge/arguments.h"
#include "proxy/bridge/sse.h"
#include "proxy/bridge/turn.h"

enum reply_event_kind {
    EVENT_ID,        /* text: the upstream's id of the item that begins next */
    EVENT_TEXT,      /* text: the next part of the answer */
    EVENT_REASONING, /* text: the next part of the readable reasoning */
    EVENT_CALL,      /* a tool call begins: call, tool, flat; text: its state */
    EVENT_ARGUMENTS, /* call, and text: the next part of its arguments; or raw: all of them as a JSON value */
    EVENT_STATE,     /* text: state that the provider requires back; call: of this call, NO_CALL: of the reasoning */
    EVENT_ITEM,      /* raw: the upstream's whole item, after its parts; call, or NO_CALL */
    EVENT_BREAK,     /* an item of text or reasoning ends; the next part of either begins another */
    EVENT_OTHER,     /* raw: an output item of a type that the bridge does not translate */
    EVENT_USAGE,     /* usage */
    EVENT_FINISH,    /* finish, failure; text: the upstream's finish reason */
    EVENT_END,       /* the API's end mark: nothing follows */
    EVENT_LIMIT,     /* more than OUTPUTS_MAX calls or items: the reply can't be translated completely */
    EVENT_FAILURE,   /* raw: an error object */
};

/* Why a reply ends, in order of severity; FINISH_BROKEN: the upstream failed. */
enum finish { FINISH_NONE, FINISH_STOP, FINISH_LENGTH, FINISH_FILTER, FINISH_BROKEN };

#define NO_CALL UINT32_MAX

struct reply_event {
    enum reply_event_kind kind;
    uint32_t call;     /* number of the call, from 0 in order of their beginning */
    struct slice text; /* escaped */
    struct slice raw;  /* a JSON value */
    struct tool_name tool;
    bool flat; /* of `tool` only the name is set, as the upstream got it; see tools_flat_name() */
    enum finish finish;
    enum failure_kind failure; /* FINISH_BROKEN: its kind */
    struct usage usage;
};

struct reply_event_sink {
    void (*take)(void *owner, const struct reply_event *event);
    void *owner;
};

/* A call of the upstream. Chat: identified by index and id; Responses: by output_index. */
struct decoded_call {
    int64_t index;      /* -1: none */
    uint32_t id_hash;   /* of the upstream's id; 0: none */
    uint32_t name_hash; /* 0: no name yet */
    uint32_t number;    /* reply_event.call; NO_CALL until the call has a name */
    bool has_arguments; /* Responses: some were decoded */
    bool has_state;     /* chat: its state was decoded */
    bool placeholder;   /* chat: the arguments so far are {}, not emitted: some servers begin with it */
    struct arguments_seen seen;
};

/* The error for arguments of a call that never got a name (decoder.early). */
#define DECODER_UNNAMED \
    "{\"message\":\"the upstream sent arguments of a tool call without its name\",\"code\":\"tool_use_failed\"}"

#define OUTPUTS_MAX 1024 /* items of a reply, calls included; more: EVENT_LIMIT */

struct details;

struct decoder {
    struct reply_event_sink sink;
    struct json json;           /* reused for each event */
    struct decoded_call *calls; /* owned */
    uint32_t call_count, call_cap;
    uint32_t started; /* calls emitted; the next one's number */
    /* Responses, a bit per output item: parts of it were decoded, so its end event is not. */
    unsigned char seen[OUTPUTS_MAX / 8];
    bool content;            /* some content was decoded */
    bool refused;            /* the text of a refusal was decoded */
    bool no_memory;          /* a call or some of its arguments is missing */
    struct buf early;        /* chat: arguments of the last call until its name arrives, escaped */
    struct details *details; /* chat: see details.h; NULL: none */
};

/* Adds a call, owned by `d`. NULL: at OUTPUTS_MAX calls (EVENT_LIMIT was emitted), or out of memory (d->no_memory is
 * set). Invalidates earlier pointers to calls. */
struct decoded_call *decoder_add_call(struct decoder *d, int64_t index, uint32_t id_hash);
void decoder_init(struct decoder *d, struct reply_event_sink sink);
/* Frees what `d` owns. */
void decoder_free(struct decoder *d);
/* Returns a hash; 0 only for an empty text. */
uint32_t decoder_hash(struct slice text);
/* Calls the sink. */
void decoder_emit(struct decoder *d, const struct reply_event *event);
/* Emits EVENT_FINISH for an upstream's finish reason (finish.h); nothing for "" or "null". `native`: the reason of the
 * provider behind a gateway; it replaces `reason` if it is known and more severe. Either may be empty. */
void decoder_finish(struct decoder *d, struct slice reason, struct slice native);
/* Emits EVENT_FAILURE. `error` is a JSON value, or plain text. */
void decoder_fail(struct decoder *d, struct slice error);
/* Emits EVENT_FAILURE if the value of an `error` field is an error: not null, false, "" or {}. Returns whether it is.
 */
bool decoder_error(struct decoder *d, uint32_t error);
/* For a reply or event without content and without `error`. Emits EVENT_FAILURE if the object of d->json is an error in
 * another form, such as {"object":"error","message":…}, {"detail":…} or {"base_resp":{"status_code":1008,…}}. Returns
 * whether it is. */
bool decoder_bare_error(struct decoder *d);

#endif
