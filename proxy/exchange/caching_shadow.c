/* loop: the semantic tier. Once a client is answered, the question gets a vector from the embedding deployment, and is
 * compared with earlier ones: how similar, and whether the answers agree. If it may serve, it looks for a proven
 * answer to a similar question before a provider is called. */
#include "proxy/exchange/caching.h"

#include "common/clock.h"

#include <event2/event.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_BYTES (256u << 10) /* of a vector, as JSON */
#define COMPARE_LIMIT_MS 5000
#define SERVE_LIMIT_MS 1000 /* the client waits */

void caching_prepare_shadow(struct request *r, const struct json *whole, const struct canonical_scope *scope)
{
    const struct cache *cache = cache_of(r);
    uint32_t question = canonical_question(whole, r->model_request.wire);
    struct shadow *s = question ? calloc(1, sizeof *s) : NULL;
    struct canonical form;
    if (!s)
        return;
    buf_init(&s->question, SEMANTIC_TEXT_MAX);
    buf_init(&s->body, 8 * SEMANTIC_TEXT_MAX);
    buf_init(&s->reply, REPLY_BYTES);
    r->caching->shadow = s;
    if (!json_unescape(whole, question, &s->question))
        buf_clear(&s->question);
    if (!canonical_make(&form, whole, r->model_request.wire, question))
        canonical_key(&form, scope, cache->secret, s->scope);
    else
        buf_clear(&s->question);
    canonical_free(&form);
}

/* The hash of the text of a reply in the form of struct cache_entry.text. false: it has none, or out of memory. */
static bool read_answer(struct slice reply, uint64_t *answer)
{
    struct json j = {0};
    struct buf text;
    bool ok = false;
    buf_init(&text, STORE_ENTRY_MAX);
    if (json_parse(&j, reply.ptr, reply.len)) {
        uint32_t choice = json_first(&j, json_get(&j, 0, "choices"));
        uint32_t content = choice ? json_get(&j, json_get(&j, choice, "message"), "content") : JSON_NONE;
        ok = json_unescape(&j, content, &text);
        *answer = semantic_answer(buf_slice(&text));
    }
    json_free(&j);
    buf_free(&text);
    return ok;
}

void caching_answer_shadow(struct request *r, struct slice reply)
{
    struct shadow *s = r->caching->shadow;
    if (s && s->question.len)
        s->answered = read_answer(reply, &s->answer);
}

static struct semantic_question question_of(const struct request *r)
{
    const struct shadow *s = r->caching->shadow;
    return (struct semantic_question){s->scope,  r->caching->key, buf_slice(&s->question),
                                      s->answer, s->vector,       s->dimensions};
}

static void on_lookup_vector(struct request *r)
{
    event_active(r->caching->wake, EV_TIMEOUT, 0);
}

bool caching_ask_similar(struct request *r, void (*woken)(evutil_socket_t, short, void *))
{
    const struct cache *cache = cache_of(r);
    struct shadow *s = r->caching->shadow;
    if (!cache->settings->semantic_serves || !s ||
        !semantic_may_find(&cache->semantic, s->scope, buf_slice(&s->question)))
        return false;
    s->asked = caching_make_wake(r, woken) && caching_embed(r, SERVE_LIMIT_MS, on_lookup_vector);
    return s->asked;
}

/* The cached reply to the similar question; NULL: it is gone, or too old. */
static const struct cache_entry *find_reply(struct request *r, const struct semantic_entry *e)
{
    uint64_t answer;
    const struct cache_entry *found = caching_find(r, e->reply);
    return found && read_answer((struct slice){found->text, found->len}, &answer) && answer == e->answer ? found : NULL;
}

bool caching_landed_similar(struct request *r, struct slice *send)
{
    struct caching *c = r->caching;
    struct shadow *s = c->shadow;
    struct semantic_question q = question_of(r);
    const struct semantic_entry *e = s->vector ? semantic_find(&cache_of(r)->semantic, &q, &s->match) : NULL;
    const struct cache_entry *found = e ? find_reply(r, e) : NULL;
    if (!found || !caching_replay(r, (struct slice){found->text, found->len}, found->saved_usd, CACHE_HIT, send)) {
        c->age_s = c->ttl_s = -1;
        return false;
    }
    c->similarity = s->match.similarity;
    caching_share(r, (struct slice){found->text, found->len}, found->saved_usd);
    return true;
}

/* The comparison is over, with a result or without. */
static void finish(struct request *r)
{
    struct shadow *s = r->caching->shadow;
    s->compares = false;
    request_journal(r, s->status, s->how);
    request_free_if_done(r);
}

static void on_vector(struct request *r)
{
    struct shadow *s = r->caching->shadow;
    struct semantic_question q = question_of(r);
    s->matched = s->vector && semantic_observe(&cache_of(r)->semantic, &q, &s->match);
    finish(r);
}

/* From the loop: libcurl may have been on the stack when the request ended. */
static void on_begin(evutil_socket_t fd, short what, void *ctx)
{
    struct request *r = ctx;
    struct shadow *s = r->caching->shadow;
    (void)fd, (void)what;
    if (s->asked || !caching_embed(r, COMPARE_LIMIT_MS, on_vector))
        on_vector(r);
}

bool caching_compare(struct request *r, int status, const char *how)
{
    struct shadow *s = r->caching ? r->caching->shadow : NULL;
    if (!s || !s->answered)
        return false;
    s->begin = evtimer_new(r->shared->base, on_begin, r);
    if (!s->begin)
        return false;
    s->status = status;
    s->how = how;
    s->compares = true;
    event_active(s->begin, EV_TIMEOUT, 0);
    return true;
}

bool caching_compares(const struct request *r)
{
    return r->caching && r->caching->shadow && r->caching->shadow->compares;
}

void caching_end_comparison(struct request *r)
{
    if (!caching_compares(r))
        return;
    struct shadow *s = r->caching->shadow;
    caching_cancel_embedding(r);
    s->compares = false;
    request_journal(r, s->status, s->how);
}

void caching_free_shadow(struct request *r)
{
    struct shadow *s = r->caching->shadow;
    if (!s)
        return;
    if (s->begin)
        event_free(s->begin);
    buf_free(&s->question);
    buf_free(&s->body);
    buf_free(&s->reply);
    free(s->vector);
    free(s);
}

void caching_journal_shadow(const struct request *r, struct journal_cache *entry)
{
    const struct shadow *s = r->caching->shadow;
    if (isfinite(r->caching->similarity)) {
        entry->similarity = r->caching->similarity;
        entry->served = entry->guards = entry->words = entry->proven = true;
    } else if (s && s->matched) {
        entry->similarity = s->match.similarity;
        entry->agrees = s->match.agrees;
        entry->guards = s->match.guards;
        entry->words = s->match.words;
        entry->proven = s->match.proven;
    }
}
