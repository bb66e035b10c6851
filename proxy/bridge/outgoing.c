/* pure: the body of an attempt, in the wire that its upstream speaks. */
#include "proxy/bridge/outgoing.h"

#include "proxy/bridge/chatgpt.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/relay.h"
#include "proxy/terms/failure.h"

#include <string.h>

#define BODY_MAX (96u << 20) /* bytes of a request as we send it */

void outgoing_init(struct outgoing *o, const unsigned char carrier_key[32])
{
    *o = (struct outgoing){.turn = NULL};
    buf_init(&o->own, BODY_MAX);
    memcpy(o->carrier_key, carrier_key, sizeof o->carrier_key);
}

void outgoing_free(struct outgoing *o)
{
    turn_free(o->turn);
    json_free(&o->document);
    buf_free(&o->own);
}

/* The client's request as a turn, decoded once however many attempts there are. */
static bool decode(struct outgoing *o, enum wire client_wire, struct slice client_body, struct failure *failure)
{
    struct turn_error error = {"the request could not be read", "", false};
    if (!o->turn && json_parse(&o->document, client_body.ptr, client_body.len))
        o->turn = turn_decode(&o->document, client_wire, &error);
    if (o->turn)
        return true;
    if (error.no_memory || o->document.no_memory)
        failure_set(failure, FAILURE_INTERNAL, "no memory to read the request");
    else
        failure_set(failure, FAILURE_BAD_REQUEST, "%s%s%s", error.param, *error.param ? ": " : "", error.message);
    return false;
}

static bool translate(struct outgoing *o, const struct model_request *request, const struct deployment *d)
{
    struct turn_options options = {
        .upstream_model = d->upstream_model,
        .stream = request->stream,
        .without = o->without,
        .carrier_key = o->carrier_key,
        .deployment_id = slice_of(d->id),
        .thought_signatures = d->provider->thought_signatures,
    };
    if (d->provider->kind == PROVIDER_ECHO)
        return echo_reply(o->turn, request->stream, &o->own);
    return turn_encode(o->turn, o->wire, &options, &o->own);
}

/* Puts `made` in the place of what was written before. */
static void replace(struct outgoing *o, struct buf *made)
{
    buf_free(&o->own);
    o->own = *made;
    o->body = pieces_of(buf_slice(&o->own));
}

static bool copy_together(struct outgoing *o)
{
    struct buf whole;
    buf_init(&whole, BODY_MAX);
    bool made = buf_add_pieces(&whole, &o->body);
    replace(o, &whole);
    return made;
}

static bool mend_for_chatgpt(struct outgoing *o, const struct deployment *d, const char **refusal)
{
    struct buf mended;
    buf_init(&mended, BODY_MAX);
    bool made = chatgpt_request(buf_slice(&o->own), d->instructions, &mended, refusal);
    replace(o, &mended);
    return made;
}

bool outgoing_make(struct outgoing *o, const struct model_request *request, struct slice client_body,
                   const struct deployment *d, struct failure *failure)
{
    bool same = (d->wires & (unsigned)request->wire) != 0 && d->provider->kind == PROVIDER_HTTP;
    bool made;
    bool signs_in = d->provider->sign_in == SIGN_IN_CHATGPT;
    buf_clear(&o->own);
    if (same) {
        o->wire = request->wire;
        made = pass_request(&request->top, d->upstream_model, &o->own, &o->body);
        if (made && (o->apart || signs_in))
            made = copy_together(o);
    } else {
        o->wire = (d->wires & WIRE_CHAT) ? WIRE_CHAT : WIRE_RESPONSES;
        if (!decode(o, request->wire, client_body, failure))
            return false;
        made = translate(o, request, d);
        o->body = pieces_of(buf_slice(&o->own));
    }
    const char *refusal = NULL;
    if (made && signs_in)
        made = mend_for_chatgpt(o, d, &refusal);
    if (refusal)
        failure_set(failure, FAILURE_BAD_REQUEST, "%s", refusal);
    else if (!made)
        failure_set(failure, FAILURE_INTERNAL, "no memory for the request to %s", d->id);
    return made;
}
