/* Looks up aliases in the proxy's configuration. */
#include "cli/run/models.h"

#include "common/json.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool models_init(struct models *m, const struct config *config)
{
    *m = (struct models){.config = config};
    unsigned count = config ? config->deployment_count : 0;
    m->ready = calloc(count ? count : 1, sizeof *m->ready);
    for (unsigned i = 0; m->ready && i < count; i++)
        m->ready[i] = !config->deployments[i].not_ready;
    return m->ready != NULL;
}

void models_free(struct models *m)
{
    free(m->ready);
}

bool models_take_health(struct models *m, struct slice body)
{
    struct json json = {0};
    bool read = json_parse(&json, body.ptr ? body.ptr : "", body.len);
    uint32_t list = read ? json_get(&json, 0, "healthy_endpoints") : JSON_NONE;
    read = json_is(&json, list, JSON_ARRAY);
    for (unsigned i = 0; read && m->config && i < m->config->deployment_count; i++) {
        m->ready[i] = false;
        for (uint32_t n = json_first(&json, list); n != JSON_NONE && !m->ready[i]; n = json_next(&json, n))
            m->ready[i] = json_string_is(&json, json_get(&json, n, "model_id"), m->config->deployments[i].id);
    }
    m->asked = m->asked || read;
    json_free(&json);
    return read;
}

static bool is_openai(const struct deployment *d)
{
    return d->provider->openai_models;
}

static bool is_open(const struct deployment *d)
{
    return d->provider->local || strcmp(d->provider->prefix, "huggingface") == 0;
}

static void view_deployments(const struct models *m, const struct model_group *g, struct alias_view *out)
{
    for (unsigned i = 0; i < g->count; i++) {
        const struct deployment *d = g->deployments[i];
        out->reachable = out->reachable || m->ready[d->index];
        if (is_openai(d) && !out->may_reach_openai) {
            out->may_reach_openai = true;
            out->openai = d->model;
        }
        if (!is_open(d) && !out->may_reach_closed) {
            out->may_reach_closed = true;
            out->closed = d->model;
        }
    }
}

/* The deployments of the group, of its context and policy fallbacks, and of the fallbacks of each. Fallbacks have no
 * further fallbacks. */
static void view_reach(const struct models *m, const struct model_group *g, struct alias_view *out)
{
    const struct model_group *const ways[] = {g, g->on_context, g->on_content_filter};
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        if (!ways[way])
            continue;
        view_deployments(m, ways[way], out);
        for (unsigned i = 0; i < ways[way]->fallback_count; i++)
            view_deployments(m, ways[way]->fallbacks[i], out);
    }
}

/* The lowest order in the group, of all deployments or of the ready ones. */
static int first_order(const struct models *m, const struct model_group *g, bool ready_only)
{
    int order = INT_MAX;
    for (unsigned i = 0; i < g->count; i++)
        if ((!ready_only || m->ready[g->deployments[i]->index]) && g->deployments[i]->order < order)
            order = g->deployments[i]->order;
    return order;
}

static void view_price(const struct models *m, const struct model_group *g, double prompt_tokens,
                       struct alias_view *out)
{
    double weights = 0, input = 0, output = 0;
    int order = first_order(m, g, out->ready);
    for (unsigned i = 0; i < g->count; i++) {
        const struct deployment *d = g->deployments[i];
        if ((out->ready && !m->ready[d->index]) || d->order != order)
            continue;
        struct price price = deployment_price(d, prompt_tokens);
        if (isnan(price.input) || isnan(price.output)) {
            out->unpriced++;
            out->unpriced_model = d->model;
            continue;
        }
        /* Weight 0 means last resort; such a deployment counts only if there is no other. */
        double weight = d->weight > 0 ? d->weight : 1e-9;
        out->priced++;
        weights += weight;
        input += weight * price.input;
        output += weight * price.output;
    }
    if (out->priced) {
        out->input_cost = input / weights;
        out->output_cost = output / weights;
    }
}

void models_view(const struct models *m, const char *alias, double prompt_tokens, struct alias_view *out)
{
    *out = (struct alias_view){.input_cost = NAN, .output_cost = NAN};
    const struct model_group *g = m->config ? config_match(m->config, slice_of(alias), NULL) : NULL;
    if (!g)
        return;
    out->known = true;
    for (unsigned i = 0; i < g->count; i++)
        out->ready = out->ready || m->ready[g->deployments[i]->index];
    view_reach(m, g, out);
    view_price(m, g, prompt_tokens, out);
}

double models_cost(double input_cost, double output_cost, double input_tokens, double output_tokens)
{
    return input_cost * input_tokens + output_cost * output_tokens;
}
