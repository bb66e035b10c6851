/* loop: asks the embedding deployment for a question's vector. */
#include "proxy/exchange/caching.h"

#include "proxy/cache/semantic.h"
#include "proxy/terms/usage.h"

#include <stdlib.h>

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
    struct usage usage = USAGE_UNKNOWN;
    (void)message;
    s->call = NULL;
    if (failure == FAILURE_NONE && reply->status == 200)
        s->vector = read_vector(&s->reply, &s->dimensions, &usage);
    if (usage.input >= 0)
        request_charge(r, spending_cost(s->deployment, &usage));
    s->embedded(r);
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

bool caching_embed(struct request *r, int limit_ms, void (*embedded)(struct request *r))
{
    static const struct call_events events = {on_body, on_done};
    struct shadow *s = r->caching->shadow;
    const struct deployment *d = embedder(r);
    s->deployment = d;
    s->embedded = embedded;
    if (!d)
        return false;
    buf_clear(&s->body);
    BUF_ADD(&s->body, "{\"model\":");
    json_add_string(&s->body, slice_of(d->upstream_model));
    BUF_ADD(&s->body, ",\"input\":[");
    json_add_string(&s->body, buf_slice(&s->question));
    BUF_ADD(&s->body, "],\"encoding_format\":\"float\"}");
    struct call_request request = {.deployment = d,
                                   .path = wire_path(WIRE_EMBEDDINGS),
                                   .body = pieces_of(buf_slice(&s->body)),
                                   .first_timeout_ms = limit_ms,
                                   .idle_timeout_ms = limit_ms,
                                   .total_timeout_ms = limit_ms};
    s->call = s->body.failed ? NULL : call_start(r->shared->upstream, &request, &events, r);
    return s->call != NULL;
}

void caching_cancel_embedding(struct request *r)
{
    struct shadow *s = r->caching->shadow;
    if (s && s->call)
        call_cancel(s->call);
    if (s)
        s->call = NULL;
}
