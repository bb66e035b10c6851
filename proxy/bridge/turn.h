/* turn: pure. A model call without its dialect: what Responses and Chat Completions requests have in common.
 *
 *   Responses request ──decode──▶ turn ──encode──▶ Chat request        (and the reverse way)
 *
 * Strings are slices of the client's document, still escaped as JSON, so that nothing is copied on the way but once,
 * into the upstream's body. doc/internals/bridge.md, "Requests", has the mapping as a table. */
#ifndef POINTSMAN_TURN_H
#define POINTSMAN_TURN_H

#include "common/json.h"
#include "proxy/terms/provider.h"

struct turn;

/* Where a request can't be decoded: what is told to the client, as a 400. */
struct turn_error {
    char message[256];
    char param[64];   /* the field at fault: "input[3].content", or "" */
    bool no_memory;   /* no fault of the request's */
    bool unsupported; /* only the translation can't take it: a deployment of the client's own wire may */
};

struct turn_options {
    const char *upstream_model;   /* goes into "model" */
    bool stream;                  /* ask for a stream (with its usage) */
    const struct omissions *omit; /* what the upstream refuses; NULL: nothing */
    unsigned ignores;             /* set of enum provider_ignores */
    /* State that a provider wants back (see carrier.h) is put back only when sealed with this key for this deployment.
     */
    const unsigned char *carrier_key; /* CARRIER_KEY_SIZE bytes; NULL: none is put back */
    struct slice deployment_id;
    bool thought_signatures; /* the upstream is Gemini: calls that it did not make itself need its placeholder */
    bool returns_reasoning;  /* the upstream wants its reasoning back with its calls (DeepSeek, Moonshot) */
};

/* Whether the part is refused. */
static inline bool turn_leaves_out(const struct turn_options *options, unsigned part)
{
    return options->omit && (options->omit->parts & part);
}

/* Decodes a parsed request of the given wire. `doc` and its text must outlive the turn. NULL with `error` set. */
struct turn *turn_decode(const struct json *doc, enum wire wire, struct turn_error *error);
void turn_free(struct turn *t);
/* Writes the request in the given wire's shape. May be called again for another attempt. false: no memory, or over the
 * buffer's ceiling. */
MUST_CHECK bool turn_encode(const struct turn *t, enum wire wire, const struct turn_options *options, struct buf *out);

/* What a relay needs to map tool calls back; see relay.h. */
enum tool_kind { TOOL_FUNCTION, TOOL_CUSTOM, TOOL_SEARCH };

struct tool_name {
    enum tool_kind kind;
    struct slice namespace; /* escaped; empty for a plain tool */
    struct slice name;      /* escaped; bare */
};

/* The client's tool behind the flat name that an upstream calls, prefixes such as "functions." taken off. false: the
 * client offered no such tool (*tool then is a plain function of that name). */
bool turn_tool(const struct turn *t, struct slice flat_name, struct tool_name *tool);
/* Bytes of text and tool definitions in the turn: what an estimate of its tokens starts from. */
size_t turn_prompt_bytes(const struct turn *t);
/* Bytes that the turn takes, beside the document. */
size_t turn_memory(const struct turn *t);
/* Counts of what the bridge had to leave out (unknown item types, hosted tools …), for the journal. */
unsigned turn_dropped(const struct turn *t);

#endif
