/* reply: pure. Builds the client's reply, item by item, from an upstream's events. The reply_writer of the client's API
 * writes each step.
 *
 *   events ──▶ reply_take() ──▶ outputs: reasoning | message | call | other ──▶ writer ──▶ bytes
 *
 * Reasoning ends when anything else begins, a message when reasoning begins. Other messages and calls stay open until
 * the upstream has finished, and end in order of their beginning. The reason: a client such as Codex keeps and executes
 * items that ended, even if the reply then fails, and discards open ones. */
#ifndef POINTSMAN_BRIDGE_REPLY_H
#define POINTSMAN_BRIDGE_REPLY_H

#include "proxy/bridge/arguments.h"
#include "proxy/bridge/decoder.h"
#include "proxy/bridge/relay_options.h"

#define REPLY_MAX (32u << 20) /* bytes of one reply, as text and as written */
#define NO_OUTPUT UINT32_MAX

enum output_kind { OUTPUT_REASONING, OUTPUT_MESSAGE, OUTPUT_CALL, OUTPUT_OTHER };

struct output {
    enum output_kind kind;
    uint32_t index; /* among the outputs */
    uint32_t call;  /* OUTPUT_CALL: its number in events */
    bool open;
    bool dropped;          /* a truncated call: not written */
    bool wrapped;          /* OUTPUT_CALL of a custom tool: the upstream sends its input as {"input": …} */
    struct tool_name tool; /* OUTPUT_CALL */
    struct arguments arguments;
    struct buf text;  /* text, summary, arguments or input, escaped; OUTPUT_OTHER, a search's arguments: JSON */
    struct buf state; /* OUTPUT_REASONING: encrypted_content, escaped */
    struct buf id;    /* the upstream's, if the client uses the same API; empty: none */
    struct buf raw;   /* the upstream's whole item, if the client uses the same API; empty: none */
    struct buf names; /* storage of `tool`'s names, unless they are in the turn */
    char held[8];     /* first half of a surrogate pair, until the second arrives; "": none */
};

struct dialect;
struct reply;

/* An API's output functions; they append to r->out. whole() writes a reply that is not streamed; the others, a stream.
 */
struct reply_writer {
    void (*begin)(struct reply *r);
    void (*item_begin)(struct reply *r, struct output *o);
    void (*item_more)(struct reply *r, struct output *o, struct slice text);
    void (*item_end)(struct reply *r, struct output *o);
    void (*complete)(struct reply *r);
    void (*whole)(struct reply *r);
    void (*fail)(struct reply *r, const struct failure *f);
    void (*keep_alive)(struct reply *r);
};

struct reply {
    const struct relay_options *options;
    const struct dialect *client, *upstream; /* the API of each side */
    const struct reply_writer *writer;       /* of the client's API */
    struct output *outputs;
    uint32_t count, cap;
    uint32_t text_at; /* index of the open message or reasoning; NO_OUTPUT: none */
    struct buf *out;  /* the bytes for the client; the caller's */
    struct buf scratch;
    struct buf id_of_next; /* the upstream's id of the output that begins next; empty: none */
    struct buf echo;       /* Responses: the fields of the request that each response object repeats */
    struct json json;
    char id[128];      /* Responses: "resp_<response id>"; in pass-through the upstream's */
    uint64_t sequence; /* Responses: number of events written */
    bool begun;        /* the beginning was written */
    bool answered;     /* has text or a call */
    bool incomplete;   /* ended by the token limit */
    bool other;        /* an item came that the bridge does not know */
    bool too_many;     /* more than OUTPUTS_MAX items */
    struct usage usage;
    size_t bytes; /* of content, for an estimate of tokens */
};

/* `options` and `out` must outlive the reply. */
void reply_init(struct reply *r, const struct relay_options *options, struct buf *out);
/* Frees what `r` owns. */
void reply_free(struct reply *r);
/* Sets r->id, truncated to its size. */
void reply_set_id(struct reply *r, const char *prefix, struct slice id);
/* Processes a content event: text, reasoning, call, arguments, state or other. Errors: r->out has failed, or
 * r->too_many is set. */
void reply_take(struct reply *r, const struct reply_event *event);
/* The upstream has finished: ends the open outputs and writes the reply's end. */
void reply_complete(struct reply *r, bool incomplete);
/* Returns whether the arguments of every call are complete. */
bool reply_calls_complete(const struct reply *r);
/* Appends "call_<response id>_<number>". */
void reply_call_id(const struct reply *r, const struct output *o, struct buf *out);
/* Appends a JSON value, its line breaks replaced by spaces, because an event's data must be one line. JSON has raw line
 * breaks only between tokens. */
void reply_add_raw(struct buf *out, struct slice raw);

#endif
