/* loop: what to leave out of a request or change after a refusal, so that the same deployment can be called again at
 * once: some servers have no Responses API, some models accept no images or no reasoning_effort. The refusal tells the
 * part (terms/refusal_patterns.c). It is stored when the request succeeds without the part.
 *
 *   400 "does not support thinking" ──▶ omit_find() ──▶ the same deployment ──▶ 200 ──▶ outcome_omitted()
 */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/effort.h"

#include <stdlib.h>
#include <string.h>

/* If an error may be about several parts, the first of these that changes the request is left out, the next ones after
 * another refusal. */
static const unsigned CHOICES[] = {
    PART_API,    PART_EFFORT_VALUE, ~(unsigned)(PART_API | PART_EFFORT_VALUE | PART_EFFORT | PART_SYSTEM),
    PART_EFFORT, PART_SYSTEM,
};

bool omit_begin(struct attempt *a)
{
    const struct request *r = a->request;
    struct omissions omit;
    refused_read(&attempt_health(a)->refused, clock_monotonic_ms(), &omit);
    for (unsigned i = 0; r->repeats && i < r->ended_count; i++)
        if (r->ended[i].deployment == a->deployment && r->ended[i].again_without)
            (void)omissions_add(&omit, r->ended[i].again_without);
    if (!omit.parts) /* nearly always */
        return true;
    a->omitted = malloc(sizeof *a->omitted);
    if (a->omitted)
        *a->omitted = omit;
    return a->omitted;
}

struct provider_body_options omit_body_options(const struct attempt *a, const struct omissions *omit)
{
    static const struct omissions NOTHING;
    const struct exchange_shared *shared = a->request->shared;
    return (struct provider_body_options){
        .deployment = a->deployment,
        .omit = omit ? omit : &NOTHING,
        .detached = shared->config->hedge_after_ms > 0, /* a lost call may outlive the client's request */
        .carrier_keys = &shared->carrier_keys,
        .hint_key = shared->hint_key,
    };
}

/* Returns PART_RESPONSES or PART_CHAT for PART_API, other parts unchanged. 0: the attempt's API is neither. */
static unsigned resolve(const struct attempt *a, unsigned part)
{
    if (part != PART_API)
        return part;
    return a->body.wire == WIRE_RESPONSES ? PART_RESPONSES : a->body.wire == WIRE_CHAT ? PART_CHAT : 0;
}

/* Returns whether the deployment may have the other API. At the provider's own server a 404 is never about the path. */
static bool has_other_api(const struct attempt *a)
{
    const struct deployment *d = a->deployment;
    unsigned refused = resolve(a, PART_API), other = refused == PART_RESPONSES ? PART_CHAT : PART_RESPONSES;
    if (a->failure.kind == FAILURE_NOT_FOUND && provider_is_at_home(d->provider, d->api_base))
        return false;
    return refused && (d->wires & WIRES_BRIDGED) == WIRES_BRIDGED && !(a->omitted && (a->omitted->parts & other));
}

bool omit_can_switch_api(const struct attempt *a)
{
    return a->failure.kind == FAILURE_NOT_FOUND && (a->failure.parts & PART_API) && has_other_api(a);
}

/* Returns whether the request without `so_far` changes if `more` is left out, too; then adds it to `so_far`. */
static bool changes(const struct attempt *a, struct omissions *so_far, const struct omissions *more)
{
    struct request *r = a->request;
    struct omissions both = *so_far;
    if (!omissions_add(&both, more) || (more->parts & ~both.parts))
        return false;
    struct provider_body_options options = omit_body_options(a, so_far);
    if (!provider_body_differs(&r->model_request, request_body(r), &options, &both))
        return false;
    *so_far = both;
    return true;
}

static void try_part(const struct attempt *a, unsigned part, struct omissions *so_far, struct omissions *found)
{
    const struct failure *f = &a->failure;
    struct omissions more = {.parts = resolve(a, part), .efforts = f->efforts};
    if (part == PART_API && !has_other_api(a))
        return;
    if (part == PART_FIELD) {
        more.field_count = 1;
        memcpy(more.fields[0], f->field, sizeof more.fields[0]);
    }
    if (changes(a, so_far, &more))
        (void)omissions_add(found, &more);
}

/* Adds to `found` those of `parts` that the request has; each is tried after the parts before it were left out. */
static void try_parts(const struct attempt *a, unsigned parts, struct omissions *found)
{
    struct omissions so_far = {0};
    if (a->omitted)
        so_far = *a->omitted;
    for (unsigned part = 1; part <= PART_API; part <<= 1)
        if (parts & part)
            try_part(a, part, &so_far, found);
}

struct omissions *omit_find(const struct attempt *a)
{
    const struct failure *f = &a->failure;
    unsigned parts = f->parts | (f->efforts ? PART_EFFORT_VALUE : 0);
    struct omissions found = {0};
    if (!f->parts || a->deployment->provider->kind != PROVIDER_HTTP)
        return NULL;
    for (size_t i = 0; i < sizeof CHOICES / sizeof *CHOICES && !found.parts; i++)
        try_parts(a, parts & CHOICES[i], &found);
    if (!found.parts) {
        if (omit_can_switch_api(a)) /* other requests may use the other API */
            outcome_lacks_api(a);
        return NULL;
    }
    struct omissions *copy = malloc(sizeof *copy);
    if (copy)
        *copy = found;
    return copy;
}
