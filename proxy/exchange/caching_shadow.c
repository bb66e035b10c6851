/* loop: the semantic tier, which only observes. Once a client is answered, the question gets a vector from the
 * embedding deployment, and is compared with earlier ones: how similar, and whether the answers agree. */
#include "proxy/exchange/caching.h"

#include "common/clock.h"
#include "proxy/cache/semantic.h"
#include "proxy/terms/usage.h"

#include <event2/event.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_BYTES (256u << 10) /* of a vector, as JSON */
#define LIMIT_MS 5000

struct shadow {
    unsigned char scope[CACHE_KEY_SIZE]; /* of all but the question */
    struct buf question;
    uint64_t answer;
    bool answered; /* `answer` is set */
    struct event *begin;
    struct call *call;
    const struct deployment *deployment; /* that makes the vector */
    struct buf body, reply;
    bool compares; /* from the end of the request until the result */
    int status;
    const char *how;
    struct semantic_match match;
    bool matched;
};

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

void caching_answer_shadow(struct request *r, struct slice reply)
{
    struct shadow *s = r->caching->shadow;
    struct json j = {0};
    struct buf text;
    if (!s || !s->question.len)
        return;
    buf_init(&text, STORE_ENTRY_MAX);
    if (json_parse(&j, reply.ptr, reply.len)) {
        uint32_t choice = json_first(&j, json_get(&j, 0, "choices"));
        uint32_t content = choice ? json_get(&j, json_get(&j, choice, "message"), "content") : JSON_NONE;
        s->answered = json_unescape(&j, content, &text);
        s->answer = semantic_answer(buf_slice(&text));
    }
    json_free(&j);
    buf_free(&text);
}

/* The comparison is over, with a result or without. */
static void finish(struct request *r)
{
    struct shadow *s = r->caching->shadow;
    s->compares = false;
    request_journal(r, s->status, s->how);
    request_free_if_done(r);
}

static enum call_flow on_body(void *ctx, const struct call_reply *reply, struct slice bytes)
{
    struct request *r = ctx;
    (void)reply;
    return buf_add_slice(&r->caching->shadow->reply, bytes) ? CALL_GO_ON : CALL_STOP;
}

/* Reads the vector of an embeddings reply, and its usage. NULL: none. Free it. */
static float *read_vector(const struct buf *reply, unsigned *dimensions, struct usage *usage)
{
    struct json j = {0};
    float *vector = NULL;
    bool ok = json_parse(&j, reply->data, reply->len);
    uint32_t first = ok ? json_first(&j, json_get(&j, 0, "data")) : JSON_NONE;
    uint32_t list = first ? json_get(&j, first, "embedding") : JSON_NONE;
    *dimensions = 0;
    *usage = USAGE_UNKNOWN;
    if (ok && usage_read(&j, json_get(&j, 0, "usage"), usage))
        usage->output = 0;
    if (json_is(&j, list, JSON_ARRAY))
        vector = calloc(SEMANTIC_DIMENSIONS, sizeof *vector);
    for (uint32_t n = vector ? json_first(&j, list) : JSON_NONE; n && ok; n = json_next(&j, n)) {
        double value;
        ok = *dimensions < SEMANTIC_DIMENSIONS && json_double(&j, n, &value);
        if (ok)
            vector[(*dimensions)++] = (float)value;
    }
    if (!ok) {
        free(vector);
        vector = NULL;
    }
    json_free(&j);
    return vector;
}

static void on_done(void *ctx, const struct call_reply *reply, enum failure_kind failure, const char *message)
{
    struct request *r = ctx;
    struct shadow *s = r->caching->shadow;
    unsigned dimensions = 0;
    struct usage usage = USAGE_UNKNOWN;
    (void)message;
    s->call = NULL;
    float *vector = failure == FAILURE_NONE && reply->status == 200 ? read_vector(&s->reply, &dimensions, &usage)
                                                                    : NULL;
    struct semantic_question q = {s->scope, buf_slice(&s->question), s->answer, vector, dimensions};
    s->matched = vector && semantic_observe(&cache_of(r)->semantic, &q, &s->match);
    free(vector);
    if (s->deployment && usage.input >= 0)
        request_charge(r, spending_cost(s->deployment, &usage));
    finish(r);
}

/* Returns the embedding deployment; NULL: none is ready. */
static const struct deployment *embedder(const struct request *r)
{
    const struct config *config = r->shared->config;
    const struct model_group *group = config_group(config, slice_of(config->cache.embedding_model));
    for (unsigned i = 0; group && i < group->count; i++) {
        const struct deployment *d = group->deployments[i];
        if (!d->not_ready && !d->wildcard && d->provider->kind == PROVIDER_HTTP &&
            d->provider->sign_in == SIGN_IN_KEY && (d->wires & WIRE_EMBEDDINGS))
            return d;
    }
    return NULL;
}

static bool call(struct request *r)
{
    static const struct call_events events = {on_body, on_done};
    struct shadow *s = r->caching->shadow;
    const struct deployment *d = embedder(r);
    s->deployment = d;
    if (!d)
        return false;
    BUF_ADD(&s->body, "{\"model\":");
    json_add_string(&s->body, slice_of(d->upstream_model));
    BUF_ADD(&s->body, ",\"input\":[");
    json_add_string(&s->body, buf_slice(&s->question));
    BUF_ADD(&s->body, "],\"encoding_format\":\"float\"}");
    struct call_request request = {.deployment = d,
                                   .path = wire_path(WIRE_EMBEDDINGS),
                                   .body = pieces_of(buf_slice(&s->body)),
                                   .first_timeout_ms = LIMIT_MS,
                                   .idle_timeout_ms = LIMIT_MS,
                                   .total_timeout_ms = LIMIT_MS};
    s->call = s->body.failed ? NULL : call_start(r->shared->upstream, &request, &events, r);
    return s->call != NULL;
}

/* From the loop: libcurl may have been on the stack when the request ended. */
static void on_begin(evutil_socket_t fd, short what, void *ctx)
{
    struct request *r = ctx;
    (void)fd, (void)what;
    if (!call(r))
        finish(r);
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
    if (s->call)
        call_cancel(s->call);
    s->call = NULL;
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
    free(s);
}

void caching_journal_shadow(const struct request *r, struct journal_cache *entry)
{
    const struct shadow *s = r->caching->shadow;
    if (!s || !s->matched)
        return;
    entry->similarity = s->match.similarity;
    entry->agrees = s->match.agrees;
    entry->guards = s->match.guards;
    entry->proven = s->match.proven;
}
