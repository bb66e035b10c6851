/* pure. The last requests, and how each was decided. */
#include "proxy/record/decisions.h"

#include "common/json.h"
#include "proxy/route/explain.h"
#include "proxy/terms/failure.h"

#include <math.h>
#include <string.h>

static void copy_name(char out[DECISION_NAME], struct slice name)
{
    size_t len = name.len < DECISION_NAME - 1 ? name.len : DECISION_NAME - 1;
    if (len)
        memcpy(out, name.ptr, len);
    out[len] = '\0';
}

static void copy_attempts(struct decision *d, const struct journal_entry *e)
{
    /* Where there were more, the last ones: they tell who served. */
    unsigned skip = e->attempt_count > DECISION_ATTEMPTS ? e->attempt_count - DECISION_ATTEMPTS : 0;
    d->attempt_count = e->attempt_count - skip;
    for (unsigned i = 0; i < d->attempt_count; i++) {
        const struct journal_attempt *a = &e->attempts[skip + i];
        d->attempts[i].outcome = a->outcome;
        d->attempts[i].status = a->status;
        d->attempts[i].ms = a->ms;
        d->attempts[i].lost = a->lost;
        copy_name(d->attempts[i].deployment, slice_of(a->deployment->id));
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
    d->stuck = e->plan->stuck;
    d->all_limited = e->plan->all_limited;
    d->status = e->status;
    d->end = e->end;
    (void)memcpy(d->request_id, e->request_id, sizeof d->request_id);
    copy_name(d->alias, e->alias);
    copy_attempts(d, e);
    copy_choices(d, e->plan);
    copy_adaptive(d, e->adaptive);
}

/* What is to be said of a choice, without the deployment's name in front. */
static void add_words(const struct decision *d, const struct choice *c, struct buf *out)
{
    struct buf words;
    size_t name = slice_of(c->deployment->id).len + 2;
    buf_init(&words, 2048);
    explain_choice(d->strategy, c, &words);
    if (words.len > name)
        buf_add(out, words.data + name, words.len - name);
    buf_free(&words);
}

static void detach_choice(const struct decision *d, struct decision_choice *c)
{
    struct buf words;
    buf_init(&words, 2048);
    add_words(d, &c->choice, &words);
    size_t len = words.len < sizeof c->words - 1 ? words.len : sizeof c->words - 1;
    if (len)
        memcpy(c->words, words.data, len);
    c->words[len] = '\0';
    c->choice.deployment = NULL;
    buf_free(&words);
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

static void add_text(struct buf *out, const char *key, const char *text)
{
    buf_add_text(out, key);
    if (text && *text)
        json_add_string(out, slice_of(text));
    else
        BUF_ADD(out, "null");
}

static void add_figure(struct buf *out, const char *key, double value)
{
    buf_add_text(out, key);
    if (isfinite(value))
        buf_add_format(out, "%.6g", value);
    else
        BUF_ADD(out, "null");
}

/* Why it was taken, or not. */
static void add_reason(const struct decision *d, const struct decision_choice *c, bool first, struct buf *out)
{
    struct buf words;
    buf_init(&words, 2560);
    if (first && d->adaptive.baseline[0] && d->adaptive.applied)
        BUF_ADD(&words, "the adaptive router put it first; ");
    else if (first && d->stuck)
        BUF_ADD(&words, "the conversation was here before; ");
    else if (first && d->all_limited)
        BUF_ADD(&words, "nothing is free, this is the least bad; ");
    else if (c->choice.limit == LIMIT_NONE)
        buf_add_text(&words, first ? "first; " : "behind the first; ");
    if (c->choice.deployment)
        add_words(d, &c->choice, &words);
    else
        buf_add_text(&words, c->words);
    BUF_ADD(out, ",\"reason\":");
    json_add_string(out, buf_slice(&words));
    buf_free(&words);
}

static void add_choice(const struct decision *d, unsigned index, struct buf *out)
{
    const struct decision_choice *c = &d->choices[index];
    bool first = d->attempt_count && strcmp(c->deployment, d->attempts[0].deployment) == 0;
    bool named = false;
    add_text(out, index ? ",{\"model\":" : "{\"model\":", c->deployment);
    add_text(out, ",\"limit\":", c->choice.limit == LIMIT_NONE ? NULL : limit_name(c->choice.limit));
    add_figure(out, ",\"limit_remaining_s\":", c->choice.limit_s > 0 ? (double)c->choice.limit_s : NAN);
    add_figure(out, ",\"score\":", c->choice.score);
    BUF_ADD(out, ",\"terms\":{");
    for (unsigned i = 0; isfinite(c->choice.score) && i < STRATEGY_TERMS && d->strategy->terms[i].name; i++) {
        buf_add_format(out, "%s\"%s\"", named ? "," : "", d->strategy->terms[i].name);
        add_figure(out, ":", (double)c->choice.terms[i]);
        named = true;
    }
    BUF_ADD(out, "}");
    add_reason(d, c, first, out);
    BUF_ADD(out, "}");
}

static void add_adaptive(const struct decision_adaptive *a, struct buf *out)
{
    if (!a->baseline[0]) {
        BUF_ADD(out, ",\"adaptive_router\":null");
        return;
    }
    add_text(out, ",\"adaptive_router\":{\"baseline_provider\":", a->baseline);
    add_text(out, ",\"suggested_provider\":", a->suggested);
    add_figure(out, ",\"confidence_delta\":", (double)a->confidence_delta);
    buf_add_format(out, ",\"would_switch\":%s,\"applied\":%s,\"cost_guard_blocked\":%s}",
                   a->would_switch ? "true" : "false", a->applied ? "true" : "false",
                   a->cost_guard_blocked ? "true" : "false");
}

static void add_decision(const struct decision *d, struct buf *out)
{
    buf_add_format(out, "{\"ts\":%.3f", (double)d->time_ms / 1000);
    add_text(out, ",\"request_id\":", d->request_id);
    add_text(out, ",\"requested_model\":", d->alias);
    add_text(out, ",\"selected_model\":", d->served);
    add_text(out, ",\"strategy\":", d->strategy ? d->strategy->name : NULL);
    buf_add_format(out, ",\"stuck\":%s,\"all_limited\":%s,\"status\":%d", d->stuck ? "true" : "false",
                   d->all_limited ? "true" : "false", d->status);
    add_text(out, ",\"end\":", d->end);
    BUF_ADD(out, ",\"attempts\":[");
    for (unsigned i = 0; i < d->attempt_count; i++) {
        const struct decision_attempt *a = &d->attempts[i];
        add_text(out, i ? ",{\"model\":" : "{\"model\":", a->deployment);
        add_text(out, ",\"outcome\":", a->lost ? "lost" : failure_rule(a->outcome)->name);
        buf_add_format(out, ",\"status\":%d,\"ms\":%u}", a->status, a->ms);
    }
    BUF_ADD(out, "],\"choices\":[");
    for (unsigned i = 0; i < d->choice_count; i++)
        add_choice(d, i, out);
    BUF_ADD(out, "]");
    add_adaptive(&d->adaptive, out);
    BUF_ADD(out, "}");
}

bool decisions_json(const struct decisions *all, struct buf *out)
{
    BUF_ADD(out, "[");
    for (unsigned i = 0; i < all->count; i++) {
        if (i)
            BUF_ADD(out, ",");
        add_decision(&all->ring[(all->next + DECISIONS_MAX - all->count + i) % DECISIONS_MAX], out);
    }
    return BUF_ADD(out, "]");
}
