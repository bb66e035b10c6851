/* pure: the body of an attempt, in the wire that its upstream speaks. */
#include "proxy/bridge/outgoing.h"

#include "proxy/bridge/chatgpt.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/relay.h"
#include "proxy/terms/failure.h"

#define NAME_MAX 8192        /* bytes of a model's name */
#define BODY_MAX (96u << 20) /* bytes of a request as we send it */

void outgoing_free(struct outgoing *o)
{
    buf_free(&o->own);
    buf_free(&o->name);
    o->body = (struct pieces){.of = {{NULL, 0}}};
    ceiling_release(&o->held);
}

static bool translate(struct outgoing *o, const struct model_request *request, const char *model,
                      const struct outgoing_options *options)
{
    const struct deployment *d = options->deployment;
    struct turn_options turn_options = {
        .upstream_model = model,
        .stream = request->stream,
        .without = options->without,
        .ignores = d->provider->ignores,
        .carrier_key = options->carrier_key,
        .deployment_id = slice_of(d->id),
        .thought_signatures = d->provider->thought_signatures,
    };
    if (d->provider->kind == PROVIDER_ECHO)
        return echo_reply(request->turn, request->stream, &o->own);
    return turn_encode(request->turn, o->wire, &turn_options, &o->own);
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

bool outgoing_make(struct outgoing *o, struct model_request *request, struct slice client_body,
                   const struct outgoing_options *options, struct failure *failure)
{
    const struct deployment *d = options->deployment;
    bool same = (d->wires & (unsigned)request->wire) != 0 && d->provider->kind == PROVIDER_HTTP;
    bool made;
    *o = (struct outgoing){.wire = request->wire, .held.of = request->held.of};
    buf_init(&o->own, BODY_MAX);
    buf_init(&o->name, NAME_MAX);
    const char *model = config_upstream_model(d, request->star, &o->name);
    if (!model) {
        made = false;
    } else if (same) {
        made = pass_request(&request->top, model, d->provider->ignores, &o->own, &o->body);
        if (made && (options->apart || d->provider->chatgpt_fields))
            made = copy_together(o);
    } else {
        o->wire = dialect_translated(d->wires);
        if (!model_request_decode(request, client_body, failure))
            return false;
        made = translate(o, request, model, options);
        o->body = pieces_of(buf_slice(&o->own));
    }
    const char *refusal = NULL;
    if (made && d->provider->chatgpt_fields)
        made = mend_for_chatgpt(o, d, &refusal);
    if (refusal)
        failure_set(failure, FAILURE_UNSUPPORTED, "%s", refusal);
    else if (!made)
        failure_set(failure, FAILURE_INTERNAL, "no memory for the request to %s", d->id);
    else if (!(made = ceiling_hold(&o->held, o->own.cap)))
        failure_set_no_room(failure);
    return made;
}
