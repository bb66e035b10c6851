/* pure: applies the adaptive router to the plans of model groups. */
#include "proxy/route/adaptive.h"

#include "proxy/terms/failure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct adaptive {
    const struct config *config;
    struct markov_provider *providers; /* indexed by deployment */
    struct canary *canary;
};

struct adaptive *adaptive_new(const struct config *c)
{
    struct adaptive *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->config = c;
    a->providers = calloc(c->deployment_count + 1u, sizeof *a->providers);
    a->canary = canary_new(&c->adaptive);
    if (a->providers && a->canary)
        return a;
    adaptive_free(a);
    return NULL;
}

void adaptive_free(struct adaptive *a)
{
    if (!a)
        return;
    canary_free(a->canary);
    free(a->providers);
    free(a);
}

void adaptive_reset(struct adaptive *a)
{
    memset(a->providers, 0, a->config->deployment_count * sizeof *a->providers);
    canary_reset(a->canary);
}

void adaptive_carry(const struct adaptive *from, struct adaptive *to, const unsigned *map, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (map[i] != AFFINITY_GONE)
            to->providers[map[i]] = from->providers[i];
    canary_carry(from->canary, to->canary);
}

/* USD at the deployment's prices, without a cache; NAN if unknown. Assumes the same reply length everywhere, because
 * observed lengths come from other requests. */
static double expected_cost(const struct plan_input *in, const struct deployment *d)
{
    return deployment_cost(d, &(struct token_counts){.input = (double)plan_prompt_tokens(in, d),
                                                     .output = in->config->strategy_settings.expected_output_tokens});
}

static bool is_of_group(const struct model_group *group, const struct deployment *d)
{
    for (unsigned i = 0; i < group->count; i++)
        if (group->deployments[i] == d)
            return true;
    return false;
}

static unsigned gather(const struct adaptive *a, const struct plan_input *in, const struct plan *plan,
                       struct markov_candidate *candidates, const struct deployment **deployments)
{
    const struct deployment *baseline = plan->attempts[0];
    unsigned count = 1;
    deployments[0] = baseline;
    for (unsigned i = 0; i < plan->choice_count && count < MARKOV_MAX; i++) {
        const struct choice *c = &plan->choices[i];
        bool last_resort = c->deployment->weight <= 0 && baseline->weight > 0;
        if (c->limit == LIMIT_NONE && !last_resort && c->deployment != baseline &&
            is_of_group(in->group, c->deployment))
            deployments[count++] = c->deployment;
    }
    for (unsigned i = 0; i < count; i++)
        candidates[i] = (struct markov_candidate){deployments[i]->id, &a->providers[deployments[i]->index],
                                                  expected_cost(in, deployments[i])};
    return count;
}

/* Moves the deployment to the front. If it is not among the attempts, it replaces the last one. */
static void move_first(struct plan *plan, const struct deployment *d)
{
    unsigned at = 0;
    while (at + 1 < plan->count && plan->attempts[at] != d)
        at++;
    memmove(&plan->attempts[1], &plan->attempts[0], at * sizeof plan->attempts[0]);
    plan->attempts[0] = d;
}

/* Leaves the order as it is. */
static void keep_deployment(struct markov_decision *d)
{
    d->would_switch = d->applied = false;
    for (unsigned i = 0; i < d->count; i++)
        d->order[i] = i;
}

bool adaptive_plan(const struct adaptive *a, const struct plan_input *in, struct plan *plan, int64_t now_ms,
                   struct markov_decision *out)
{
    struct markov_candidate candidates[MARKOV_MAX];
    const struct deployment *deployments[MARKOV_MAX];
    const struct markov_settings *s = &a->config->adaptive;
    if (plan->count == 0 || !is_of_group(in->group, plan->attempts[0]))
        return false;
    unsigned count = gather(a, in, plan, candidates, deployments);
    if (count < 2)
        return false;
    markov_decide(s, candidates, count, canary_live(a->canary, in->draw), now_ms, out);
    bool sticky = in->affinity && in->affinity->deployment == plan->attempts[0]->index;
    if (sticky && out->health[0].risk < s->critical_risk_threshold)
        keep_deployment(out);
    if (out->applied) {
        move_first(plan, deployments[out->order[0]]);
        plan->sticky = false;
    }
    return true;
}

static enum markov_outcome outcome_of(enum failure_kind kind)
{
    switch (kind) {
    case FAILURE_TIMEOUT:
    case FAILURE_OVERLOADED: return MARKOV_OVERLOADED_FAILURE;
    case FAILURE_RATE_LIMIT:
    case FAILURE_QUOTA:
    case FAILURE_AUTH:
    case FAILURE_NOT_FOUND: return MARKOV_LIMITED;
    default: return MARKOV_FAILED;
    }
}

static double known_ms(int64_t ms)
{
    return ms >= 0 ? (double)ms : (double)NAN;
}

void adaptive_learn(struct adaptive *a, const struct deployment *d, const struct health *h, const struct outcome *o,
                    uint64_t health_now_ms, int64_t now_ms)
{
    bool not_deployment = o->failure && (!o->deployment_error || failure_rule(o->failure->kind)->cooldown_s == 0);
    if (o->cancelled || not_deployment)
        return;
    struct markov_observation seen = markov_observation(o->failure ? outcome_of(o->failure->kind) : MARKOV_SUCCESS);
    seen.ttft_ms = known_ms(o->ttft_ms);
    seen.total_ms = known_ms(o->total_ms);
    seen.cost_usd = o->cost_usd;
    seen.quality = d->quality / 100;
    if (d->tpm > 0)
        seen.token_pressure = (double)window_read(&h->window, health_now_ms).tokens / (double)d->tpm;
    markov_observe(&a->providers[d->index], &a->config->adaptive, &seen, now_ms);
}

bool adaptive_request_ended(struct adaptive *a, const struct canary_sample *sample)
{
    enum canary_arm arm = canary_live(a->canary, sample->conversation) ? CANARY_SUGGESTED : CANARY_BASELINE;
    return canary_add(a->canary, arm, sample);
}

const char *adaptive_rollback_reason(const struct adaptive *a)
{
    return canary_rollback_reason(a->canary);
}

void adaptive_describe(const struct adaptive *a, int64_t now_ms, struct container in)
{
    const struct markov_settings *s = &a->config->adaptive;
    struct buf text;
    buf_init(&text, 4096);
    document_add_bool(in, "enabled", s->enabled);
    document_add_bool(in, "shadow_mode", s->shadow_mode);
    canary_describe(a->canary, document_add_object(in, "canary"));
    struct container all = document_add_object(in, "health");
    for (unsigned i = 0; i < a->config->deployment_count; i++) {
        if (!a->providers[i].count)
            continue;
        struct markov_health h = markov_health(&a->providers[i], s, now_ms);
        buf_clear(&text);
        (void)markov_write_health(&h, &text);
        document_add_json(all, a->config->deployments[i].id, &text);
    }
    buf_free(&text);
}
