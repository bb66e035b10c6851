/* pure: costs of requests against the configured limits. */
#include "proxy/route/spending.h"

#include "proxy/terms/failure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct spend *find(const struct spending *s, const char *alias)
{
    for (struct spend *a = s->total.next; a; a = a->next)
        if (strcmp(a->alias, alias) == 0)
            return a;
    return NULL;
}

struct spend *spending_of_group(struct spending *s, const char *alias)
{
    struct spend *known = find(s, alias);
    if (known)
        return known;
    struct spend *made = calloc(1, sizeof *made);
    char *name = strdup(alias);
    if (!made || !name) {
        free(made);
        free(name);
        return NULL;
    }
    *made = (struct spend){.alias = name, .limit = NAN, .next = s->total.next};
    s->total.next = made;
    return made;
}

void spending_set_limits(struct spending *s, const struct config *config)
{
    s->total.limit = config->max_cost_usd;
    for (struct spend *a = s->total.next; a; a = a->next)
        a->limit = NAN;
    for (unsigned i = 0; i < config->group_count; i++) {
        struct spend *account = find(s, config->groups[i].alias); /* NULL for further aliases of a group */
        if (account)
            account->limit = config->groups[i].max_cost_usd;
    }
}

void spending_free(struct spending *s)
{
    while (s->total.next) {
        struct spend *next = s->total.next->next;
        free(s->total.next->alias);
        free(s->total.next);
        s->total.next = next;
    }
}

double spending_estimate(const struct deployment *d, int64_t prompt_tokens, double output_tokens)
{
    double prompt = (double)(prompt_tokens > 0 ? prompt_tokens : 0);
    return deployment_cost(d, &(struct token_counts){.input = prompt, .cache_write = prompt, .output = output_tokens});
}

double spending_cost(const struct deployment *d, const struct usage *u)
{
    if (u->input < 0 || u->output < 0)
        return NAN;
    return deployment_cost(d, &(struct token_counts){.input = (double)u->input,
                                                     .cached = (double)u->cached_input,
                                                     .output = (double)u->output,
                                                     .reasoning = (double)u->reasoning,
                                                     .cache_write = (double)u->cache_write});
}

static bool fits(const struct spend *a, double usd)
{
    return isnan(a->limit) || a->spent + a->reserved + usd <= a->limit;
}

bool spending_allows(const struct spending *s, const struct spend *group, double usd)
{
    return !(usd > 0) || (fits(&s->total, usd) && fits(group, usd)); /* zero-cost deployments always pass */
}

void spending_reserve(struct spending *s, struct spend *group, double usd)
{
    if (isnan(usd))
        return;
    s->total.reserved += usd;
    group->reserved += usd;
}

static void release(struct spend *a, double usd)
{
    a->reserved = a->reserved > usd ? a->reserved - usd : 0;
}

void spending_release(struct spending *s, struct spend *group, double usd)
{
    if (isnan(usd))
        return;
    release(&s->total, usd);
    release(group, usd);
}

void spending_charge(struct spending *s, struct spend *group, double usd)
{
    if (isnan(usd)) {
        s->total.unpriced++;
        group->unpriced++;
        return;
    }
    s->total.spent += usd;
    group->spent += usd;
}

void spending_refusal(const struct spending *s, const struct spend *group, double usd, const struct config *config,
                      struct failure *f)
{
    const struct spend *full = fits(group, usd) ? &s->total : group;
    char limit[256], reserved[64] = "";
    if (full->alias)
        snprintf(limit, sizeof limit,
                 "The spending limit of '%.100s' is reached: router_settings.model_group_max_cost_usd", full->alias);
    else
        snprintf(limit, sizeof limit, "The spending limit is reached: general_settings.max_cost_usd");
    if (full->reserved > 0)
        snprintf(reserved, sizeof reserved, ", $%.4f reserved for requests in flight", full->reserved);
    failure_set(
        f, FAILURE_BUDGET,
        "%s is $%.2f; $%.4f spent%s; this request is estimated at $%.4f. Raise the limit in %.160s and reload the "
        "proxy (kill -HUP), or restart the proxy.",
        limit, full->limit, full->spent, reserved, usd, config->path);
}

void spending_describe(const struct spend *account, struct container in)
{
    document_add_number(in, "max_cost_usd", account->limit, 9);
    document_add_number(in, "spent_usd", account->spent, 9);
    document_add_number(in, "held_usd", account->reserved, 9);
    document_add_count(in, "unpriced_calls", (int64_t)account->unpriced);
}
