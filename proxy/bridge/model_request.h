/* model_request: pure. What the proxy reads in a request's body: the model, whether to stream, the conversation. */
#ifndef POINTSMAN_MODEL_REQUEST_H
#define POINTSMAN_MODEL_REQUEST_H

#include "common/ceiling.h"
#include "common/json.h"
#include "proxy/config/config.h"
#include "proxy/bridge/turn.h"

#define MODEL_NAME_MAX 256

struct model_request {
    struct json top;            /* the body's top level; points into the client's body */
    enum wire wire;             /* the client's API */
    unsigned upstream_wires;    /* set of enum wire: the upstream must support one of them */
    const char *needs;          /* the field that can't be translated and so limits them; NULL: none */
    uint32_t stored;            /* node of the field that refers to a conversation stored upstream; JSON_NONE: none */
    char model[MODEL_NAME_MAX]; /* the alias, as the client sent it */
    struct slice star;          /* the part of `model` that a wildcard's '*' matched; set when the group is found */
    bool stream;
    uint32_t content;     /* node of the messages, input or prompt; JSON_NONE: stored upstream */
    size_t prompt_bytes;  /* body size without images and other data, to estimate tokens */
    struct json document; /* the whole body, parsed when needed */
    struct turn *turn;    /* the decoded body; NULL: not decoded yet */
    /* The memory of both. The caller sets `of` (NULL: no ceiling) before model_request_read(). */
    struct ceiling_hold held;
    uint32_t cache; /* node of LiteLLM's field `cache`, which no upstream gets; JSON_NONE: none */
    bool named;     /* the client names its conversation */
    /* Of the hash of the conversation; crypto_shorthash_KEYBYTES (16) bytes, set before model_request_read(). NULL:
     * zeros, so that everyone can compute the hash of a text. */
    const unsigned char *name_key;
    uint64_t conversation; /* hash; the same for all requests of a conversation, as far as it can be identified */
};

struct model_request_error {
    const char *param; /* the invalid field; NULL: none */
    const char *code;
    char message[256];
    bool no_memory; /* out of memory, not an error of the client: a 503 */
};

/* Reads a body strictly. false with `error` set (a 400, or a 503 if no_memory): not a JSON object, no model, a field of
 * the wrong type, a duplicate key at the top level, or over 256 keys. Free with model_request_free() in either case.
 * Zero `*r` before its first use; the memory is reused. `thread_id`: the header Thread-Id, in which Codex names its
 * conversation; empty: none. */
MUST_CHECK bool model_request_read(struct model_request *r, enum wire wire, struct slice thread_id, struct slice body,
                                   struct model_request_error *error);
/* Sets the error (a 400) for a request whose model has no deployment that supports one of upstream_wires. */
void model_request_unserved(const struct model_request *r, struct model_request_error *error);
/* Parses the whole body into r->document, unless it is. false with `failure` set: out of memory, or above the ceiling.
 */
MUST_CHECK bool model_request_parse(struct model_request *r, struct slice body, struct failure *failure);
/* Decodes the whole body into r->turn, unless it is; for attempts that translate it. `body` is that of
 * model_request_read(), and must outlive the turn. false with `failure` set. */
MUST_CHECK bool model_request_decode(struct model_request *r, struct slice body, struct failure *failure);
/* Returns which of the `candidates` the request requires; both are sets of enum capability. A search for images reads
 * all content, so include that only if needed. */
unsigned model_request_needs(const struct model_request *r, unsigned candidates);
#define EFFORT_NAME_MAX 16 /* bytes of a reasoning effort, with its NUL */
/* Writes the reasoning effort that the request asks for; "": none, or not a word. */
void model_request_effort(const struct model_request *r, char effort[EFFORT_NAME_MAX]);
/* Frees what `r` owns. */
void model_request_free(struct model_request *r);
/* Appends the error in OpenAI's format. false: `out` has failed. */
bool model_request_error_body(const struct model_request_error *error, struct buf *out);

#endif
