/* event: a model's reply without its dialect: what Responses and Chat Completions replies have in common, piece by
 * piece.
 *
 *   chat chunk, Responses event, whole reply of either ──decode──▶ events ──▶ reply (reply.h) ──▶ the client's wire
 *
 * Texts are slices of the upstream's bytes, still escaped as JSON; they are valid while the sink runs. */
#ifndef POINTSMAN_BRIDGE_DECODER_H
#define POINTSMAN_BRIDGE_DECODER_H

#include "proxy/bridge/arguments.h"
#include "proxy/bridge/sse.h"
#include "proxy/bridge/turn.h"

enum reply_event_kind {
    EVENT_TEXT,      /* text: more of the answer */
    EVENT_REASONING, /* text: more of the reasoning that may be shown */
    EVENT_CALL,      /* a tool call begins: call, tool, flat */
    EVENT_ARGUMENTS, /* call, and text: more of its arguments; or raw: all of them as a JSON value */
    EVENT_STATE,   /* text: what the provider wants back; with `call` for that call, else (NO_CALL) for the reasoning */
    EVENT_ITEM,    /* raw: the item that was told in pieces, as the upstream wrote it in the end; call, or NO_CALL */
    EVENT_BREAK,   /* an item of text or reasoning ends; more of either would be another */
    EVENT_OTHER,   /* raw: an output item that the bridge has no words for */
    EVENT_USAGE,   /* usage */
    EVENT_FINISH,  /* finish, failure, text: the upstream says that the reply ends, and why, in its own word */
    EVENT_END,     /* the wire's end mark: nothing follows */
    EVENT_LIMIT,   /* the reply has more calls or items than can be told apart: it can't be translated whole */
    EVENT_FAILURE, /* raw: an error object */
};

/* Why a reply ends, in the order of what is lost: FINISH_BROKEN is a failure of the upstream's. */
enum finish { FINISH_NONE, FINISH_STOP, FINISH_LENGTH, FINISH_FILTER, FINISH_BROKEN };

#define NO_CALL UINT32_MAX

struct reply_event {
    enum reply_event_kind kind;
    uint32_t call;         /* from 0, in the order of their beginning */
    struct slice text;     /* escaped */
    struct slice raw;      /* a JSON value */
    struct tool_name tool; /* with `flat`, only its name is set: the name that the upstream was told */
    bool flat;
    enum finish finish;
    enum failure_kind failure; /* of FINISH_BROKEN */
    struct usage usage;
};

struct reply_event_sink {
    void (*take)(void *owner, const struct reply_event *event);
    void *owner;
};

/* A call that an upstream has begun. Chat: by the index and id it gave. Responses: by output_index. */
struct decoded_call {
    int64_t index;      /* -1: it gave none */
    uint32_t id_hash;   /* of the upstream's id; 0: it gave none */
    uint32_t name_hash; /* 0: it has no name yet */
    uint32_t number;    /* in events; NO_CALL until the call has a name */
    bool has_arguments; /* Responses: some were decoded */
    bool stated;        /* chat: what the provider wants back with it was decoded */
    bool placeholder;   /* chat: its arguments are {} so far, which was not given out: some servers begin so */
    struct arguments_seen seen;
};

/* The failure of arguments whose call never got a name (decoder.early). */
#define DECODER_UNNAMED \
    "{\"message\":\"the upstream sent arguments of a tool call without its name\",\"code\":\"tool_use_failed\"}"

#define OUTPUTS_MAX 1024 /* items of a reply, calls among them: more are EVENT_LIMIT */

struct details;

struct decoder {
    struct reply_event_sink sink;
    struct json json;           /* reused for each event */
    struct decoded_call *calls; /* owned */
    uint32_t call_count, call_cap;
    uint32_t started; /* calls that were announced */
    /* Responses, a bit per output item: something of it was decoded, its end need not repeat it. */
    unsigned char seen[OUTPUTS_MAX / 8];
    bool content;            /* anything was decoded */
    bool no_memory;          /* a call, or some of its arguments, got lost */
    struct buf early;        /* chat: arguments of the last call, which has no name yet, escaped */
    struct details *details; /* chat: see details.h; NULL: there are none */
};

/* Adds a call. Returns NULL at OUTPUTS_MAX calls, after EVENT_LIMIT, and out of memory (d->no_memory). */
struct decoded_call *decoder_add_call(struct decoder *d, int64_t index, uint32_t id_hash);
void decoder_init(struct decoder *d, struct reply_event_sink sink);
void decoder_free(struct decoder *d);
/* FNV-1a; 0 for an empty text, and for no other. */
uint32_t decoder_hash(struct slice text);
/* Gives an event to the decoder's sink. */
void decoder_emit(struct decoder *d, const struct reply_event *event);
/* Emits the end that the upstream's word for it means; nothing for a word that is none ("", "null"). `native`: the word
 * of the provider behind a gateway, which counts where it is known to mean more than a plain end. Either may be empty.
 */
void decoder_finish(struct decoder *d, struct slice word, struct slice native);
/* Emits a failure: `error` is a JSON value, or plain text. */
void decoder_fail(struct decoder *d, struct slice error);
/* Emits a failure when this value of an `error` field holds one: not for null, false, "", {} and the like. Whether it
 * did. */
bool decoder_error(struct decoder *d, uint32_t error);
/* For a reply or event that has neither content nor `error`: emits a failure when the object of d->json is an error all
 * the same, such as {"object":"error","message":…}, {"detail":…} or {"base_resp":{"status_code":1008,…}}. Whether it
 * did. */
bool decoder_bare_error(struct decoder *d);

#endif
