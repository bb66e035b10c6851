/* reply: the reply that the bridge puts together for the client, item by item, from an upstream's events. What a wire
 * writes at each step is its reply_writer's matter.
 *
 *   events ──▶ reply_take() ──▶ outputs: reasoning | message | call | other ──▶ writer ──▶ bytes
 *
 * Order and ends: reasoning ends when anything else begins, a message when reasoning begins. Otherwise messages and
 * calls stay open until the upstream has finished, and end in their order: what has ended, a client such as Codex keeps
 * and acts on, even when the reply then fails; what is open it forgets. */
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
    bool dropped;          /* a call that was cut off */
    bool wrapped;          /* OUTPUT_CALL: a custom tool's input comes as {"input": …} */
    struct tool_name tool; /* OUTPUT_CALL */
    struct arguments arguments;
    struct buf text;  /* escaped: text, summary, arguments, input; raw: OUTPUT_OTHER, a search's arguments */
    struct buf state; /* OUTPUT_REASONING: encrypted_content, escaped */
    struct buf raw;   /* the whole item as its upstream wrote it, where the client speaks the same wire */
    struct buf names; /* the memory of tool's names, where the turn has none */
    char held[8];     /* the first half of a surrogate pair whose second half was not seen yet */
};

struct dialect;
struct reply;

/* Appends to r->out. Only whole() is called for a reply that does not stream, and only the others for one that does. */
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
    const struct dialect *client, *upstream; /* what each side speaks */
    const struct reply_writer *writer;       /* the client's */
    struct output *outputs;
    uint32_t count, cap;
    uint32_t text_at; /* the open message or reasoning; NO_OUTPUT */
    struct buf *out;
    struct buf scratch;
    struct buf echo; /* Responses: what each response object repeats of the request */
    struct json json;
    char id[128];      /* Responses: "resp_<response id>"; in pass-through the upstream's own */
    uint64_t sequence; /* Responses: events written */
    bool begun;
    bool answered;   /* text or a call came */
    bool incomplete; /* it ended by a limit of tokens */
    bool too_many;   /* it has more items than OUTPUTS_MAX */
    struct usage usage;
    size_t bytes; /* of content, for an estimate */
};

void reply_init(struct reply *r, const struct relay_options *options, struct buf *out);
void reply_free(struct reply *r);
/* Sets r->id; what is too long is cut. */
void reply_set_id(struct reply *r, const char *prefix, struct slice id);
/* Takes content: text, reasoning, calls, arguments, state, other. */
void reply_take(struct reply *r, const struct reply_event *event);
/* The upstream has finished: ends what is open and writes the end. */
void reply_complete(struct reply *r, bool incomplete);
/* Whether every call's arguments are whole. */
bool reply_calls_complete(const struct reply *r);
/* Appends "call_<response id>_<number>". */
void reply_call_id(const struct reply *r, const struct output *o, struct buf *out);
/* Appends a JSON value with its line breaks as spaces: in an event each would end a line. They stand between tokens
 * only. */
void reply_add_raw(struct buf *out, struct slice raw);

#endif
