/* pure. The last routing decisions. */
#include "proxy/record/decisions.h"

#include "proxy/route/explain.h"
#include "proxy/terms/failure_patterns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void copy_name(char out[DECISION_NAME], struct slice name)
{
    size_t len = name.len < DECISION_NAME - 1 ? name.len : DECISION_NAME - 1;
    if (len)
        memcpy(out, name.ptr, len);
    out[len] = '\0';
}

static void copy_refusal(struct decision_attempt *to, const struct journal_attempt *from)
{
    struct buf names;
    copy_name(to->rule, from->pattern ? slice_of(failure_pattern_name(from->pattern)) : (struct slice){NULL, 0});
    buf_init(&names, sizeof to->again_without - 1);
    if (from->again_without)
        omissions_describe(from->again_without, &names);
    (void)snprintf(to->again_without, sizeof to->again_without, "%.*s", SLICE_ARGS(buf_slice(&names)));
    buf_free(&names);
}

static void copy_attempts(struct decision *d, const struct journal_entry *e)
{
    /* Keeps the last attempts: the one that answered is among them. */
    unsigned skip = e->attempt_count > DECISION_ATTEMPTS ? e->attempt_count - DECISION_ATTEMPTS : 0;
    d->attempt_count = e->attempt_count - skip;
    for (unsigned i = 0; i < d->attempt_count; i++) {
        const struct journal_attempt *a = &e->attempts[skip + i];
        d->attempts[i].outcome = a->outcome;
        d->attempts[i].status = a->status;
        d->attempts[i].ms = a->ms;
        d->attempts[i].lost = a->lost;
        copy_name(d->attempts[i].deployment, slice_of(a->deployment->id));
        copy_refusal(&d->attempts[i], a);
    }
    const struct journal_attempt *last = e->attempt_count ? &e->attempts[e->attempt_count - 1] : NULL;
    bool served = last && last->outcome == FAILURE_NONE && e->upstream_wire;
    copy_name(d->served, served ? slice_of(last->deployment->id) : (struct slice){NULL, 0});
}

static void copy_choices(struct decision *d, const struct plan *plan)
{
    d->choice_count = plan->choice_count < DECISION_CHOICES ? plan->choice_count : DECISION_CHOICES;
    for (unsigned i = 0; i < d->choice_count; i++) {
        const struct choice *c = &plan->choices[i];
        d->choices[i].choice = *c;
        copy_name(d->choices[i].deployment, slice_of(c->deployment->id));
    }
}

static void copy_adaptive(struct decision *d, const struct markov_decision *m)
{
    d->adaptive.baseline[0] = '\0';
    if (!m)
        return;
    copy_name(d->adaptive.baseline, slice_of(m->name[0]));
    copy_name(d->adaptive.suggested, slice_of(m->name[m->suggested]));
    d->adaptive.would_switch = m->would_switch;
    d->adaptive.applied = m->applied;
    d->adaptive.cost_guard_blocked = m->cost_guard_blocked;
    d->adaptive.confidence_delta = (float)m->confidence_delta;
}

void decisions_add(struct decisions *all, const struct journal_entry *e)
{
    struct decision *d = &all->ring[all->next];
    all->next = (all->next + 1) % DECISIONS_MAX;
    if (all->count < DECISIONS_MAX)
        all->count++;
    d->time_ms = e->time_ms;
    d->strategy = e->plan->strategy;
    d->sticky = e->plan->sticky;
    d->all_limited = e->plan->all_limited;
    d->status = e->status;
    d->end = e->end;
    (void)memcpy(d->request_id, e->request_id, sizeof d->request_id);
    copy_name(d->alias, e->alias);
    copy_attempts(d, e);
    copy_choices(d, e->plan);
    copy_adaptive(d, e->adaptive);
}

static void detach_choice(const struct decision *d, struct decision_choice *c)
{
    struct buf text;
    buf_init(&text, 2048);
    explain_choice(d->strategy, &c->choice, &text);
    size_t len = text.len < sizeof c->text - 1 ? text.len : sizeof c->text - 1;
    if (len)
        memcpy(c->text, text.data, len);
    c->text[len] = '\0';
    c->choice.deployment = NULL;
    buf_free(&text);
}

void decisions_detach(struct decisions *all, const struct config *config)
{
    const struct deployment *first = config->deployments, *end = first + config->deployment_count;
    for (unsigned i = 0; i < all->count; i++)
        for (unsigned k = 0; k < all->ring[i].choice_count; k++) {
            struct decision_choice *c = &all->ring[i].choices[k];
            if (c->choice.deployment >= first && c->choice.deployment < end)
                detach_choice(&all->ring[i], c);
        }
}

/* Adds "reason": why it was chosen or skipped. */
static void add_reason(const struct decision *d, const struct decision_choice *c, bool first, struct container in)
{
    struct buf text;
    buf_init(&text, 2560);
    if (first && d->adaptive.baseline[0] && d->adaptive.applied)
        BUF_ADD(&text, "moved first by the adaptive router; ");
    else if (first && d->sticky)
        BUF_ADD(&text, "sticky: answered this conversation before; ");
    else if (first && d->all_limited)
        BUF_ADD(&text, "none available; least limited chosen; ");
    else if (c->choice.limit == LIMIT_NONE)
        buf_add_text(&text, first ? "first; " : "not first; ");
    if (c->choice.deployment)
        explain_choice(d->strategy, &c->choice, &text);
    else
        buf_add_text(&text, c->text);
    document_add_buf(in, "reason", &text);
    buf_free(&text);
}

static void add_choice(const struct decision *d, const struct decision_choice *c, struct container in)
{
    bool first = d->attempt_count && strcmp(c->deployment, d->attempts[0].deployment) == 0;
    document_add_name(in, "model", c->deployment);
    document_add_name(in, "limit", c->choice.limit == LIMIT_NONE ? NULL : limit_name(c->choice.limit));
    document_add_number(in, "limit_remaining_s", c->choice.limit_s > 0 ? (double)c->choice.limit_s : NAN, 6);
    document_add_number(in, "score", c->choice.score, 6);
    struct container terms = document_add_object(in, "terms");
    for (unsigned i = 0; isfinite(c->choice.score) && i < STRATEGY_TERMS && d->strategy->terms[i].name; i++)
        document_add_number(terms, d->strategy->terms[i].name, (double)c->choice.terms[i], 6);
    add_reason(d, c, first, in);
}

static void add_adaptive(const struct decision_adaptive *a, struct container in)
{
    if (!a->baseline[0]) {
        document_add_null(in, "adaptive_router");
        return;
    }
    struct container router = document_add_object(in, "adaptive_router");
    document_add_name(router, "baseline_provider", a->baseline);
    document_add_name(router, "suggested_provider", a->suggested);
    document_add_number(router, "confidence_delta", (double)a->confidence_delta, 6);
    document_add_bool(router, "would_switch", a->would_switch);
    document_add_bool(router, "applied", a->applied);
    document_add_bool(router, "cost_guard_blocked", a->cost_guard_blocked);
}

static void add_decision(const struct decision *d, struct container in)
{
    document_add_fixed(in, "ts", (double)d->time_ms / 1000, 3);
    document_add_name(in, "request_id", d->request_id);
    document_add_name(in, "requested_model", d->alias);
    document_add_name(in, "selected_model", d->served);
    document_add_name(in, "strategy", d->strategy ? strategy_name(d->strategy->id) : NULL);
    document_add_bool(in, "stuck", d->sticky);
    document_add_bool(in, "all_limited", d->all_limited);
    document_add_count(in, "status", d->status);
    document_add_name(in, "end", d->end);
    struct container attempts = document_add_array(in, "attempts");
    for (unsigned i = 0; i < d->attempt_count; i++) {
        const struct decision_attempt *a = &d->attempts[i];
        struct container attempt = document_add_object(attempts, NULL);
        document_add_name(attempt, "model", a->deployment);
        document_add_name(attempt, "outcome", a->lost ? "lost" : failure_rule(a->outcome)->name);
        document_add_count(attempt, "status", a->status);
        document_add_count(attempt, "ms", a->ms);
        document_add_name(attempt, "rule", a->rule);
        document_add_name(attempt, "again_without", a->again_without);
    }
    struct container choices = document_add_array(in, "choices");
    for (unsigned i = 0; i < d->choice_count; i++)
        add_choice(d, &d->choices[i], document_add_object(choices, NULL));
    add_adaptive(&d->adaptive, in);
}

void decisions_describe(const struct decisions *all, struct container in)
{
    for (unsigned i = 0; i < all->count; i++)
        add_decision(&all->ring[(all->next + DECISIONS_MAX - all->count + i) % DECISIONS_MAX],
                     document_add_object(in, NULL));
}
