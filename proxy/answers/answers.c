/* pure: what the proxy says of itself. */
#include "proxy/answers/private.h"

#include "common/json.h"

#include <string.h>

#define ENTRIES_MAX (16u << 20)   /* bytes, then no further catalog entry is begun */
#define MODELS_CREATED 1677610602 /* the constant that OpenAI-compatible gateways give for models without a date */

static void add_model(const struct model_group *group, struct buf *out)
{
    BUF_ADD(out, "{\"id\":");
    json_add_string(out, slice_of(group->alias));
    buf_add_format(out, ",\"object\":\"model\",\"created\":%d,\"owned_by\":\"pointsman\"}", MODELS_CREATED);
}

/* The largest context window of the group's deployments that are ready, or of all when none is, for a prompt goes to
 * those that it fits; 0: unknown. */
static int64_t window_of(const struct answers *a, const struct model_group *group)
{
    int64_t largest[2] = {0, 0}; /* of all, of those that are ready */
    for (unsigned i = 0; i < group->count; i++) {
        const struct deployment *d = group->deployments[i];
        bool ready = limit_ready(&a->health[d->index], d, a->now_ms, NULL);
        int64_t window = health_window(&a->health[d->index], d);
        for (unsigned k = 0; k <= ready; k++)
            if (window > largest[k])
                largest[k] = window;
    }
    return largest[1] ? largest[1] : largest[0];
}

bool answers_models(const struct answers *a, struct buf *out)
{
    BUF_ADD(out, "{\"object\":\"list\",\"data\":[");
    for (unsigned i = 0; i < a->config->group_count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_model(&a->config->groups[i], out);
    }
    BUF_ADD(out, "],\"models\":[");
    /* Codex does without an entry, if it must, but not without the list. */
    for (unsigned i = 0; a->catalog && i < a->config->group_count && out->len < ENTRIES_MAX; i++) {
        const struct model_group *group = &a->config->groups[i];
        if (i)
            buf_add_char(out, ',');
        catalog_add_entry(a->catalog, slice_of(group->alias), window_of(a, group), i + 1, out);
    }
    BUF_ADD(out, "]}");
    return !out->failed;
}

bool answers_model(const struct answers *a, struct slice name, struct buf *out)
{
    const struct model_group *group = config_group(a->config, name);
    if (!group)
        return false;
    add_model(group, out);
    return true;
}

bool answers_ready(const struct answers *a, const struct deployment *d, struct buf *why)
{
    const char *no_sign_in = a->no_sign_in[d->provider->sign_in];
    if (!d->not_ready && no_sign_in && *no_sign_in) {
        if (why)
            buf_add_text(why, no_sign_in);
        return false;
    }
    return limit_ready(&a->health[d->index], d, a->now_ms, why);
}

/* How far an estimate of the model's tokens can be trusted. */
static void add_calibration(const struct calibration *c, struct buf *out)
{
    if (c->samples)
        buf_add_format(out, ",\"token_estimate\":{\"bytes_per_token\":%.2f,\"mean_error_pct\":%.1f,\"samples\":%llu}",
                       c->bytes_per_token, 100 * c->error, (unsigned long long)c->samples);
}

/* The deployments that are ready, or those that are not, each with its reason. */
static unsigned add_endpoints(const struct answers *a, bool ready, struct buf *out)
{
    unsigned count = 0;
    struct buf why;
    buf_init(&why, 1024);
    for (unsigned i = 0; i < a->config->deployment_count; i++) {
        const struct deployment *d = &a->config->deployments[i];
        buf_clear(&why);
        if (answers_ready(a, d, &why) != ready)
            continue;
        buf_add_text(out, count++ ? ",{\"model_name\":" : "{\"model_name\":");
        json_add_string(out, slice_of(d->alias));
        BUF_ADD(out, ",\"model\":");
        json_add_string(out, slice_of(d->model));
        BUF_ADD(out, ",\"model_id\":");
        json_add_string(out, slice_of(d->id));
        add_calibration(&a->health[i].calibration, out);
        if (!ready) {
            BUF_ADD(out, ",\"error\":");
            json_add_string(out, buf_slice(&why));
        }
        if (rate_limits_known(&a->health[d->index].limits)) {
            BUF_ADD(out, ",\"rate_limits\":");
            rate_limits_json(&a->health[d->index].limits, out);
        }
        buf_add_char(out, '}');
    }
    buf_free(&why);
    return count;
}

bool answers_health(const struct answers *a, struct buf *out)
{
    BUF_ADD(out, "{\"healthy_endpoints\":[");
    unsigned healthy = add_endpoints(a, true, out);
    BUF_ADD(out, "],\"unhealthy_endpoints\":[");
    unsigned unhealthy = add_endpoints(a, false, out);
    buf_add_format(out, "],\"healthy_count\":%u,\"unhealthy_count\":%u}", healthy, unhealthy);
    return !out->failed;
}
