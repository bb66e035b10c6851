/* model_request: pure. What the proxy itself must know of a model call's body: its model, whether it streams, and which
 * conversation it belongs to. */
#ifndef POINTSMAN_MODEL_REQUEST_H
#define POINTSMAN_MODEL_REQUEST_H

#include "common/ceiling.h"
#include "common/json.h"
#include "proxy/config/config.h"
#include "proxy/bridge/turn.h"

#define MODEL_NAME_MAX 256

struct model_request {
    struct json top; /* the body's top level; its text is the client's */
    enum wire wire;
    unsigned upstream_wires;    /* set of enum wire: an upstream needs one of these to serve it */
    const char *needs;          /* the field that narrows them, because it can't be translated; NULL */
    uint32_t stored;            /* node of the field that names a conversation which the upstream keeps; JSON_NONE */
    char model[MODEL_NAME_MAX]; /* as the client named it */
    struct slice star;          /* of `model`: what a wildcard's '*' stands for; set by whoever finds the group */
    bool stream;
    uint32_t content;     /* node of the messages, input or prompt; JSON_NONE: the upstream keeps them */
    size_t prompt_bytes;  /* of the body, less pictures and other data that stand in it: for estimates of tokens */
    struct json document; /* the whole body, parsed by model_request_decode() */
    struct turn *turn;    /* of it; NULL until then */
    /* The memory of both. The caller sets `of`, NULL for none, before model_request_read(). */
    struct ceiling_hold held;
    uint64_t conversation; /* the same for all requests of one conversation, as far as can be told */
};

struct model_request_error {
    const char *param; /* the field at fault, NULL when none */
    const char *code;
    char message[256];
    bool no_memory; /* no fault of the request's: a 503 */
};

/* Reads a body strictly. false with `error` set (a 400, but for no_memory): not JSON, no object, no model or a field of
 * the wrong type, a key of the top level standing twice, or over 256 of them. Free with model_request_free() in either
 * case; `*r` is zeroed before its first use and keeps its memory for the next. `thread_id`: the header Thread-Id, by
 * which Codex names its conversation; empty without one. */
MUST_CHECK bool model_request_read(struct model_request *r, enum wire wire, struct slice thread_id, struct slice body,
                                   struct model_request_error *error);
/* The error (a 400) of a request that no deployment of its model speaks: none has one of its upstream_wires. */
void model_request_unserved(const struct model_request *r, struct model_request_error *error);
/* Parses the whole body (r->document), once, however often it is called. false with `failure` set: no memory, or no
 * room for it. */
MUST_CHECK bool model_request_parse(struct model_request *r, struct slice body, struct failure *failure);
/* Decodes the whole body as a turn (r->turn), once, however often it is called: for attempts that translate it. `body`
 * is that of model_request_read(), and must outlive the turn. false with `failure` set. */
MUST_CHECK bool model_request_decode(struct model_request *r, struct slice body, struct failure *failure);
/* Which of the `asked` capabilities the request makes use of: sets of enum capability. Images are looked for in all of
 * the content, so ask only where it matters. */
unsigned model_request_needs(const struct model_request *r, unsigned asked);
void model_request_free(struct model_request *r);
/* Appends the error in OpenAI's shape. */
bool model_request_error_body(const struct model_request_error *error, struct buf *out);

#endif
