/* pure: models and health endpoints. */
#include "proxy/answers/private.h"

#include <string.h>

#define ENTRIES_MAX (16u << 20)   /* bytes; above it no further catalog entries are added */
#define MODELS_CREATED 1677610602 /* the constant that OpenAI-compatible gateways give for models without a date */

static void add_model(struct slice name, struct container in)
{
    document_add_slice(in, "id", name);
    document_add_text(in, "object", "model");
    document_add_count(in, "created", MODELS_CREATED);
    document_add_text(in, "owned_by", "pointsman");
}

/* The largest context window of the group's ready deployments, or of all if none is ready, because a prompt goes to the
 * deployments that it fits; 0: unknown. */
static int64_t context_window_of(const struct answers *a, const struct model_group *group)
{
    int64_t largest[2] = {0, 0}; /* [0]: all deployments, [1]: ready ones */
    for (unsigned i = 0; i < group->count; i++) {
        const struct deployment *d = group->deployments[i];
        bool ready = limit_available(&a->health[d->index], d, a->now_ms, NULL);
        int64_t window = health_context_window(&a->health[d->index], d);
        for (unsigned k = 0; k <= ready; k++)
            if (window > largest[k])
                largest[k] = window;
    }
    return largest[1] ? largest[1] : largest[0];
}

static bool lists(const struct answers *a, const struct model_group *group)
{
    return !a->gate ||
           gate_lists_model(a->gate, a->key, slice_of(group->alias), slice_of(group->deployments[0]->model));
}

bool answers_models(const struct answers *a, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "object", "list");
    struct container data = document_add_array(root, "data"), models = document_add_array(root, "models");
    for (unsigned i = 0; i < a->config->group_count; i++)
        if (!a->config->groups[i].wildcard && lists(a, &a->config->groups[i]))
            add_model(slice_of(a->config->groups[i].alias), document_add_object(data, NULL));
    /* Codex can do without an entry, but not without the list. */
    size_t bytes = 0;
    for (unsigned i = 0; a->catalog && i < a->config->group_count && bytes < ENTRIES_MAX; i++) {
        const struct model_group *group = &a->config->groups[i];
        if (group->wildcard || !lists(a, group))
            continue;
        bytes += catalog_describe(a->catalog, slice_of(group->alias), context_window_of(a, group), i + 1,
                                  document_add_object(models, NULL));
    }
    return document_print(&d, out);
}

bool answers_model(const struct answers *a, struct slice name, struct buf *out)
{
    struct document d;
    const struct model_group *group = config_match(a->config, name, NULL);
    if (!group || !lists(a, group))
        return false;
    add_model(name, document_object(&d));
    (void)document_print(&d, out);
    return true;
}

bool answers_ready(const struct answers *a, const struct deployment *d, struct buf *why)
{
    const char *sign_in_error = a->sign_in_error[d->provider->sign_in];
    if (!d->not_ready && sign_in_error && *sign_in_error) {
        if (why)
            buf_add_text(why, sign_in_error);
        return false;
    }
    return limit_available(&a->health[d->index], d, a->now_ms, why);
}

/* Adds the accuracy of the token estimates for the deployment. */
static void add_calibration(const struct calibration *c, struct container in)
{
    if (!c->samples)
        return;
    struct container estimate = document_add_object(in, "token_estimate");
    document_add_fixed(estimate, "bytes_per_token", c->bytes_per_token, 2);
    document_add_fixed(estimate, "mean_error_pct", 100 * c->error, 1);
    document_add_count(estimate, "samples", (int64_t)c->samples);
}

/* Adds the deployments that are ready, or those that are not, with reasons. Returns their number. */
static unsigned add_endpoints(const struct answers *a, bool ready, struct container in)
{
    unsigned count = 0;
    struct buf why;
    buf_init(&why, 1024);
    for (unsigned i = 0; i < a->config->deployment_count; i++) {
        const struct deployment *d = &a->config->deployments[i];
        buf_clear(&why);
        if (answers_ready(a, d, &why) != ready)
            continue;
        struct container endpoint = document_add_object(in, NULL);
        document_add_text(endpoint, "model_name", d->alias);
        document_add_text(endpoint, "model", d->model);
        document_add_text(endpoint, "model_id", d->id);
        add_calibration(&a->health[i].calibration, endpoint);
        if (!ready)
            document_add_buf(endpoint, "error", &why);
        if (rate_limits_known(&a->health[d->index].limits))
            rate_limits_describe(&a->health[d->index].limits, document_add_object(endpoint, "rate_limits"));
        count++;
    }
    buf_free(&why);
    return count;
}

bool answers_health(const struct answers *a, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    unsigned healthy = add_endpoints(a, true, document_add_array(root, "healthy_endpoints"));
    unsigned unhealthy = add_endpoints(a, false, document_add_array(root, "unhealthy_endpoints"));
    document_add_count(root, "healthy_count", healthy);
    document_add_count(root, "unhealthy_count", unhealthy);
    return document_print(&d, out);
}

bool answers_readiness(const struct answers *a, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "status", "healthy");
    document_add_text(root, a->risk_router ? "router" : "db", a->risk_router ? "risk-adjusted" : "Not connected");
    return document_print(&d, out);
}

bool answers_reset(struct buf *out)
{
    struct document d;
    document_add_text(document_object(&d), "status", "reset");
    return document_print(&d, out);
}
