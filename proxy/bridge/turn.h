/* turn: pure. A request in the form that is common to the Responses API and Chat Completions.
 *
 *   Responses request ──decode──▶ turn ──encode──▶ Chat request        (and the reverse way)
 *
 * Strings are slices of the client's document, still escaped as JSON, so that text is copied only once, into the
 * upstream's body. The table in doc/internals/bridge.md, "Requests", has the mapping. */
#ifndef POINTSMAN_TURN_H
#define POINTSMAN_TURN_H

#include "common/json.h"
#include "proxy/bridge/carrier.h"
#include "proxy/terms/provider.h"

struct turn;
struct cache_hint;

/* Why a request can't be decoded: the client's 400. */
struct turn_error {
    char message[256];
    char param[64];   /* the invalid field: "input[3].content"; "": none */
    bool no_memory;   /* out of memory, not an error of the client */
    bool unsupported; /* the request can't be translated, but a deployment with the client's API may accept it */
};

struct turn_options {
    const char *upstream_model;   /* the value of "model" */
    bool stream;                  /* request a stream, with usage */
    const struct omissions *omit; /* what the upstream refuses; NULL: nothing */
    unsigned ignores;             /* set of enum provider_ignores */
    /* The provider's state in carriers (carrier.h) is sent only if it was sealed with this key for this deployment. */
    const struct carrier_keys *carrier_keys; /* NULL: no state is sent */
    struct slice deployment_id;
    const struct cache_hint *hint; /* names the conversation to the provider's prompt cache; NULL: none */
    bool thought_signatures;       /* Gemini: calls of other models need a placeholder */
    bool returns_reasoning;        /* DeepSeek, Moonshot: calls must be sent with their reasoning */
};

/* Returns whether the upstream refuses the part (PART_…, one bit). */
static inline bool turn_leaves_out(const struct turn_options *options, unsigned part)
{
    return options->omit && (options->omit->parts & part);
}

/* Decodes a parsed request of this API; free the turn with turn_free(). `doc` and its text must outlive it. NULL with
 * `error` set. */
struct turn *turn_decode(const struct json *doc, enum wire wire, struct turn_error *error);
/* NULL is allowed. */
void turn_free(struct turn *t);
/* Appends the request in the form of this API. May be called again for another attempt. false: `out` has failed. */
MUST_CHECK bool turn_encode(const struct turn *t, enum wire wire, const struct turn_options *options, struct buf *out);

enum tool_kind { TOOL_FUNCTION, TOOL_CUSTOM, TOOL_SEARCH };

struct tool_name {
    enum tool_kind kind;
    struct slice namespace; /* escaped; empty: none */
    struct slice name;      /* escaped, without the namespace */
};

/* Finds the client's tool for the flat name in an upstream's call, also with a prefix such as "functions.". false: the
 * client has no such tool, and *tool is a function with this name. */
bool turn_tool(const struct turn *t, struct slice flat_name, struct tool_name *tool);
/* Returns the bytes of text and tool definitions, to estimate tokens. */
size_t turn_prompt_bytes(const struct turn *t);
/* Returns the bytes of memory of the turn, without the document. */
size_t turn_memory(const struct turn *t);
/* Returns how many things the translation left out (unknown item types, hosted tools, …), for the request log. */
unsigned turn_dropped(const struct turn *t);

#endif
