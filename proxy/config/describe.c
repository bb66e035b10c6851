/* pure. Prints a configuration (--check-config) and the reference of all keys (doc/configuration.md). */
#include "proxy/config/private.h"

#include "proxy/terms/failure.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static void describe_deployment(const struct deployment *d, struct buf *out)
{
    buf_add_format(out, "  %s: %s", d->id, d->model);
    if (d->api_base)
        buf_add_format(out, " at %s", d->api_base);
    if (d->order != INT_MAX)
        buf_add_format(out, ", order %d", d->order);
    if (d->weight != 1)
        buf_add_format(out, ", weight %g", d->weight);
    if (d->wires && !(d->wires & WIRE_RESPONSES))
        BUF_ADD(out, ", chat completions only");
    BUF_ADD(out, "\n");
    if (d->not_ready)
        buf_add_format(out, "    not ready: %s\n", d->not_ready);
}

static void describe_fallbacks(const char *title, const struct model_group *const *groups, unsigned count,
                               struct buf *out)
{
    for (unsigned i = 0; i < count; i++)
        buf_add_format(out, "%s%s", i ? ", " : title, groups[i]->alias);
    if (count)
        BUF_ADD(out, "\n");
}

/* The first group is identified by its deployments. */
static void describe_prompt_fallback(const char *title, const struct model_group *fallback, struct buf *out)
{
    if (!fallback)
        return;
    buf_add_format(out, "%s%s%s", title, fallback->deployments[0]->alias, fallback->fallback_count ? ", " : "\n");
    describe_fallbacks("", fallback->fallbacks, fallback->fallback_count, out);
}

static void describe_limit(const char *indent, double usd, struct buf *out)
{
    if (!isnan(usd))
        buf_add_format(out, "%scost limit $%g\n", indent, usd);
}

static void describe_policy(const char *title, const struct failure_policy *policy, struct buf *out)
{
    bool any = false;
    for (unsigned k = 0; k < FAILURE_KINDS; k++) {
        if (!policy->of[k].given)
            continue;
        buf_add_format(out, "%s%s %d", any ? ", " : title, failure_rule(k)->name, policy->of[k].times);
        any = true;
    }
    if (any)
        BUF_ADD(out, "\n");
}

static void describe_adaptive(const struct markov_settings *s, struct buf *out)
{
    if (!s->enabled)
        return;
    if (s->shadow_mode)
        BUF_ADD(out, "adaptive router: shadow mode, suggestions are only recorded\n");
    else
        buf_add_format(out, "adaptive router: live for %g %% of conversations\n", 100 * s->canary_share);
}

bool config_describe(const struct config *c, struct buf *out)
{
    buf_add_format(out, "%s: %u aliases, %u deployments\n", c->path, c->group_count, c->deployment_count);
    buf_add_format(out, "num_retries %d, timeout %g s, stream_timeout %g s, cooldown_time %g s, allowed_fails %d\n",
                   c->num_retries, c->timeout_ms / 1000.0, c->stream_timeout_ms / 1000.0, c->cooldown_ms / 1000.0,
                   c->allowed_fails);
    buf_add_format(out, "routing_strategy %s, risk_router_strategy %s\n", strategy_name(c->strategy),
                   strategy_name(c->risk_strategy));
    if (c->outgoing_proxy)
        buf_add_format(out, "outbound proxy %s%s\n", c->outgoing_proxy, c->outgoing_login ? ", with a login" : "");
    describe_limit("", c->max_cost_usd, out);
    describe_policy("retries after: ", &c->retries, out);
    describe_policy("failures allowed before a cooldown: ", &c->allowed, out);
    config_describe_error_rules(c, out);
    describe_adaptive(&c->adaptive, out);
    if (c->no_cooldowns)
        BUF_ADD(out, "no cooldowns (disable_cooldowns)\n");
    if (c->hold_streams)
        BUF_ADD(out, "streams are buffered until complete (hold_streams)\n");
    for (unsigned i = 0; i < c->group_count; i++) {
        const struct model_group *g = &c->groups[i];
        buf_add_format(out, "\n%s%s\n", g->alias, g->strict ? " (strict: no fallback)" : "");
        for (unsigned d = 0; d < g->count; d++)
            describe_deployment(g->deployments[d], out);
        describe_limit("  ", g->max_cost_usd, out);
        describe_policy("  retries after: ", &g->retries, out);
        describe_prompt_fallback("  if the prompt is too long: ", g->on_context, out);
        describe_prompt_fallback("  if a policy refuses the prompt: ", g->on_content_filter, out);
        describe_fallbacks("  fallbacks: ", g->fallbacks, g->fallback_count, out);
    }
    return !out->failed;
}

/* "a b" as "`a`, `b`". */
static void add_names(struct buf *out, const char *names)
{
    for (const char *at = names; *at;) {
        int len = (int)strcspn(at, " ");
        buf_add_format(out, "%s`%.*s`", at == names ? "" : ", ", len, at);
        at += len;
        at += strspn(at, " ");
    }
}

/* Appends a list of the section's rows with this use, if any. */
static void add_unused(struct buf *out, enum config_section section, enum schema_use use, const char *title)
{
    bool any = false;
    for (const struct schema_row *k = CONFIG_KEYS.sections[section].rows; k->name; k++) {
        if (k->section != section || k->use != use)
            continue;
        buf_add_format(out, "%s- ", any ? "" : title);
        add_names(out, k->name);
        buf_add_format(out, "%s%s\n", k->doc ? ": " : "", k->doc ? k->doc : "");
        any = true;
    }
}

bool config_reference(struct buf *out)
{
    for (enum config_section s = 0; s < SECTION_COUNT; s++) {
        const char *name = CONFIG_KEYS.sections[s].name;
        if (*name)
            buf_add_format(out, "%s### `%s`\n\n", s ? "\n" : "", name);
        else
            BUF_ADD(out, "### Top level\n\n");
        schema_reference(&CONFIG_KEYS, s, out);
        add_unused(out, s, SCHEMA_WARNS, "\nAccepted with a warning; no effect:\n\n");
        add_unused(out, s, SCHEMA_HARMLESS, "\nAccepted and ignored:\n\n");
    }
    BUF_ADD(out, "\n### `router_settings.adaptive_router`\n\n");
    return markov_settings_reference(MARKOV_CALLS, out);
}
