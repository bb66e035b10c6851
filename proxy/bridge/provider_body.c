/* pure: makes the request body of an attempt, in the upstream's API. */
#include "proxy/bridge/provider_body.h"

#include "proxy/bridge/breakpoints.h"
#include "proxy/bridge/chatgpt.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/pass.h"
#include "proxy/bridge/relay.h"
#include "proxy/terms/failure.h"

#define NAME_MAX 8192        /* bytes of a model's name */
#define BODY_MAX (96u << 20) /* bytes of a body */

void provider_body_free(struct provider_body *body)
{
    buf_free(&body->own);
    buf_free(&body->name);
    body->pieces = (struct pieces){.of = {{NULL, 0}}};
    ceiling_release(&body->held);
}

static bool translate(struct provider_body *body, const struct model_request *request, const char *model,
                      const struct provider_body_options *options)
{
    const struct deployment *d = options->deployment;
    struct turn_options turn_options = {
        .upstream_model = model,
        .stream = request->stream && !d->whole_replies,
        .omit = options->omit,
        .ignores = d->provider->ignores,
        .carrier_keys = options->carrier_keys,
        .deployment_id = slice_of(d->id),
        .hint = &body->hint,
        .thought_signatures = d->provider->thought_signatures,
        .returns_reasoning = d->provider->returns_reasoning,
    };
    if (d->provider->kind == PROVIDER_ECHO)
        return echo_reply(request->turn, request->stream, &body->own);
    return turn_encode(request->turn, body->wire, &turn_options, &body->own);
}

/* Replaces the body with `made`. */
static void replace(struct provider_body *body, struct buf *made)
{
    buf_free(&body->own);
    body->own = *made;
    body->pieces = pieces_of(buf_slice(&body->own));
}

static bool copy_together(struct provider_body *body)
{
    struct buf whole;
    buf_init(&whole, BODY_MAX);
    bool made = buf_add_pieces(&whole, &body->pieces);
    replace(body, &whole);
    return made;
}

static bool adapt_to_chatgpt(struct provider_body *body, const struct deployment *d, const char **refusal)
{
    struct buf adapted;
    buf_init(&adapted, BODY_MAX);
    bool made = chatgpt_request(buf_slice(&body->own), d->instructions, &adapted, refusal);
    replace(body, &adapted);
    return made;
}

/* Marks the prompt for providers that cache only up to marks. */
static bool add_breakpoints(struct provider_body *body, const struct prompt_cache *row, const struct omissions *omit)
{
    struct buf out;
    bool marked = false;
    if (!row->breakpoints || body->wire != WIRE_CHAT || omits_field(omit, "cache_control"))
        return true;
    buf_init(&out, BODY_MAX);
    if (!copy_together(body) || !breakpoints_add(buf_slice(&body->own), row->min_tokens, &out, &marked))
        body->own.failed = true;
    if (marked)
        replace(body, &out);
    else
        buf_free(&out);
    return !body->own.failed;
}

/* Returns the APIs of the deployment that this request can use. */
static unsigned wires_for(const struct model_request *request, const struct provider_body_options *options)
{
    unsigned wires = wires_without(options->deployment->wires, options->omit->parts);
    return wires & request->upstream_wires ? wires : options->deployment->wires;
}

/* Passes the client's body through. */
static bool pass(struct provider_body *body, struct model_request *request, const char *model, struct slice client_body,
                 const struct provider_body_options *options, struct failure *failure)
{
    const struct deployment *d = options->deployment;
    unsigned ignores = d->provider->ignores | (request->cache ? IGNORES_CACHE : 0u) |
                       (d->whole_replies ? IGNORES_STREAM : 0u);
    struct pass_options pass_options = {model, ignores, options->omit, &body->hint};
    if (!options->omit->parts && !options->rewritten)
        return pass_request(&request->top, &pass_options, &body->own, &body->pieces);
    if (!model_request_parse(request, client_body, failure) ||
        !pass_omit(&request->document, request->wire, &pass_options, &body->own))
        return false;
    body->pieces = pieces_of(buf_slice(&body->own));
    return true;
}

bool provider_body_make(struct provider_body *body, struct model_request *request, struct slice client_body,
                        const struct provider_body_options *options, struct failure *failure)
{
    const struct deployment *d = options->deployment;
    unsigned wires = wires_for(request, options);
    bool same = (wires & (unsigned)request->wire) != 0 && d->provider->kind == PROVIDER_HTTP;
    bool made;
    *body = (struct provider_body){.wire = request->wire, .held.of = request->held.of};
    buf_init(&body->own, BODY_MAX);
    buf_init(&body->name, NAME_MAX);
    const char *model = config_upstream_model(d, request->star, &body->name);
    if (!same)
        body->wire = dialect_translated(wires);
    const struct prompt_cache *row = model ? cache_hint_row(d, model) : NULL;
    if (model)
        body->hint = cache_hint_make(request, row, body->wire, same, options->omit, options->hint_key);
    if (!model) {
        made = false;
    } else if (same) {
        made = pass(body, request, model, client_body, options, failure);
        if (made && (options->detached || d->provider->chatgpt_fields))
            made = copy_together(body);
    } else {
        if (!model_request_decode(request, client_body, failure))
            return false;
        /* about as large: a buffer that grows would copy a large body several times */
        made = buf_reserve(&body->own, client_body.len + client_body.len / 8) &&
               translate(body, request, model, options);
        body->pieces = pieces_of(buf_slice(&body->own));
    }
    const char *refusal = NULL;
    made = made && add_breakpoints(body, row, options->omit);
    if (made && d->provider->chatgpt_fields)
        made = adapt_to_chatgpt(body, d, &refusal);
    if (refusal)
        failure_set(failure, FAILURE_UNSUPPORTED, "%s", refusal);
    else if (!made)
        failure_set(failure, FAILURE_INTERNAL, "out of memory: can't write the request to %s", d->id);
    else if (!(made = ceiling_hold(&body->held, body->own.cap)))
        failure_set_no_room(failure);
    return made;
}

bool provider_body_differs(struct model_request *request, struct slice client_body,
                           const struct provider_body_options *options, const struct omissions *omit)
{
    struct provider_body_options before = *options, after = *options;
    struct provider_body more, fewer;
    struct failure failure;
    struct buf a, b;
    before.rewritten = after.rewritten = true;
    after.omit = omit;
    buf_init(&a, BODY_MAX);
    buf_init(&b, BODY_MAX);
    bool made = provider_body_make(&more, request, client_body, &before, &failure);
    made &= provider_body_make(&fewer, request, client_body, &after, &failure);
    made = made && buf_add_pieces(&a, &more.pieces) && buf_add_pieces(&b, &fewer.pieces);
    bool differs = made && (more.wire != fewer.wire || !slice_equal(buf_slice(&a), buf_slice(&b)));
    buf_free(&a);
    buf_free(&b);
    provider_body_free(&more);
    provider_body_free(&fewer);
    return differs;
}
