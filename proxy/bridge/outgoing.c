/* pure: the body of an attempt, in the wire that its upstream speaks. */
#include "proxy/bridge/outgoing.h"

#include "proxy/bridge/chatgpt.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/relay.h"
#include "proxy/route/failure.h"

#include <string.h>

#define BODY_MAX (96u << 20)   /* bytes of a request as we send it */

void outgoing_init(struct outgoing *o, const unsigned char carrier_key[32])
{
    *o = (struct outgoing){.turn = NULL};
    buf_init(&o->body, BODY_MAX);
    memcpy(o->carrier_key, carrier_key, sizeof o->carrier_key);
}

void outgoing_free(struct outgoing *o)
{
    turn_free(o->turn);
    json_free(&o->document);
    buf_free(&o->body);
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
        return echo_reply(o->turn, request->stream, &o->body);
    return turn_encode(o->turn, o->wire, &options, &o->body);
}

static bool mend_for_chatgpt(struct outgoing *o, const struct deployment *d)
{
    struct buf mended;
    buf_init(&mended, BODY_MAX);
    bool made = chatgpt_request(buf_slice(&o->body), d->instructions, &mended);
    buf_free(&o->body);
    o->body = mended;
    return made;
}

bool outgoing_make(struct outgoing *o, const struct model_request *request, struct slice client_body,
                   const struct deployment *d, struct failure *failure)
{
    bool same = (d->wires & (unsigned)request->wire) != 0 && d->provider->kind == PROVIDER_HTTP;
    bool made;
    buf_clear(&o->body);
    if (same) {
        o->wire = request->wire;
        made = pass_request(&request->top, d->upstream_model, &o->body);
    } else {
        o->wire = (d->wires & WIRE_CHAT) ? WIRE_CHAT : WIRE_RESPONSES;
        if (!decode(o, request->wire, client_body, failure))
            return false;
        made = translate(o, request, d);
    }
    if (made && d->provider->sign_in == SIGN_IN_CHATGPT)
        made = mend_for_chatgpt(o, d);
    if (!made)
        failure_set(failure, FAILURE_INTERNAL, "no memory for the request to %s", d->id);
    return made;
}
