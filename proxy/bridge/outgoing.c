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
        .returns_reasoning = d->provider->returns_reasoning,
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

/* The APIs by which the deployment may be asked for this request. */
static unsigned wires_for(const struct model_request *request, const struct outgoing_options *options)
{
    unsigned wires = wires_without(options->deployment->wires, options->without->parts);
    return wires & request->upstream_wires ? wires : options->deployment->wires;
}

/* The client's body, for an upstream of the same wire. */
static bool pass(struct outgoing *o, struct model_request *request, const char *model, struct slice client_body,
                 const struct outgoing_options *options, struct failure *failure)
{
    unsigned ignores = options->deployment->provider->ignores;
    struct pass_options pass_options = {model, ignores, options->without};
    if (!options->without->parts && !options->rewritten)
        return pass_request(&request->top, model, ignores, &o->own, &o->body);
    if (!model_request_parse(request, client_body, failure) ||
        !pass_without(&request->document, request->wire, &pass_options, &o->own))
        return false;
    o->body = pieces_of(buf_slice(&o->own));
    return true;
}

bool outgoing_make(struct outgoing *o, struct model_request *request, struct slice client_body,
                   const struct outgoing_options *options, struct failure *failure)
{
    const struct deployment *d = options->deployment;
    unsigned wires = wires_for(request, options);
    bool same = (wires & (unsigned)request->wire) != 0 && d->provider->kind == PROVIDER_HTTP;
    bool made;
    *o = (struct outgoing){.wire = request->wire, .held.of = request->held.of};
    buf_init(&o->own, BODY_MAX);
    buf_init(&o->name, NAME_MAX);
    const char *model = config_upstream_model(d, request->star, &o->name);
    if (!model) {
        made = false;
    } else if (same) {
        made = pass(o, request, model, client_body, options, failure);
        if (made && (options->apart || d->provider->chatgpt_fields))
            made = copy_together(o);
    } else {
        o->wire = dialect_translated(wires);
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

bool outgoing_differs(struct model_request *request, struct slice client_body, const struct outgoing_options *options,
                      const struct without *less)
{
    struct outgoing_options before = *options, after = *options;
    struct outgoing more, fewer;
    struct failure failure;
    struct buf a, b;
    before.rewritten = after.rewritten = true;
    after.without = less;
    buf_init(&a, BODY_MAX);
    buf_init(&b, BODY_MAX);
    bool made = outgoing_make(&more, request, client_body, &before, &failure);
    made &= outgoing_make(&fewer, request, client_body, &after, &failure);
    made = made && buf_add_pieces(&a, &more.body) && buf_add_pieces(&b, &fewer.body);
    bool differs = made && (more.wire != fewer.wire || !slice_equal(buf_slice(&a), buf_slice(&b)));
    buf_free(&a);
    buf_free(&b);
    outgoing_free(&more);
    outgoing_free(&fewer);
    return differs;
}
