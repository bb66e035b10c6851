/* answers: pure. Models, health and routing endpoints, answered without calling a provider. */
#ifndef POINTSMAN_ANSWERS_H
#define POINTSMAN_ANSWERS_H

#include "proxy/answers/catalog.h"
#include "proxy/cache/cache.h"
#include "proxy/front/admit.h"
#include "proxy/keys/gate.h"
#include "proxy/record/decisions.h"
#include "proxy/record/running.h"
#include "proxy/route/adaptive.h"
#include "proxy/route/share.h"
#include "proxy/route/spending.h"

#define ANSWERS_MODELS_MAX (24u << 20) /* bytes of GET /v1/models */

struct answers {
    const struct config *config;
    const struct health *health;         /* by deployment index */
    uint64_t now_ms;                     /* monotonic */
    const char *sign_in_error[SIGN_INS]; /* by sign-in: why it fails; "" or NULL: it works, or is not needed */
    const struct catalog *catalog;       /* NULL: none */
    bool risk_router;                    /* the request came in on its port */
    enum strategy_id strategy;           /* of the port */
    const struct decisions *decisions;
    const struct spending *spending;
    const struct adaptive *adaptive; /* NULL: not enabled */
    struct cache *cache;             /* NULL: not configured */
    struct gate *gate;               /* of the virtual keys; NULL: the request is not from one */
    const struct key_ref *key;       /* of the request */
    struct share *share;             /* NULL: a single process */
    int64_t unix_ms;
    uint64_t log_dropped;          /* lines of the request log that could not be written */
    const struct running *running; /* requests under way, for GET /dispatch/state only */
    unsigned running_count;
};

/* GET /v1/models: those that the key may call, for OpenAI clients ("data") and Codex's model_catalog_url ("models")
 * together. `out` needs room for ANSWERS_MODELS_MAX bytes. All answers_ functions: false if `out` failed. */
bool answers_models(const struct answers *a, struct buf *out);
/* GET /v1/models/NAME. Returns false, and appends nothing, if there is no such group. */
bool answers_model(const struct answers *a, struct slice name, struct buf *out);
/* GET /health, in LiteLLM's format: deployments by the results of real traffic and local probes. */
bool answers_health(const struct answers *a, struct buf *out);
/* Adds {"name","ready","reason"} per model group to an array; ready: one of its deployments is. with_deployments adds
 * "deployments": [{"model","ready","serves","reason","calls","failed","ttft_ms"}…]. `serves`: the deployment for new
 * conversations (or for most, if drawn by weight), perhaps of a fallback group. ttft_ms -1: not measured. */
void answers_aliases(const struct answers *a, bool with_deployments, struct container in);
/* GET /health/readiness, in LiteLLM's format; the risk router's port has its own. */
bool answers_readiness(const struct answers *a, struct buf *out);
/* POST /dispatch/reset. */
bool answers_reset(struct buf *out);
/* GET /cache/ping, POST /cache/delete and /cache/flushall, which change a->cache and ask other workers to. Returns a
 * refusal, or NULL: `out` has the reply. */
const struct refusal *answers_cache(const struct answers *a, enum endpoint endpoint, struct slice body,
                                    struct buf *out);
/* GET /dispatch/metrics: strategy, limits, spending, and results per deployment. */
bool answers_dispatch_metrics(const struct answers *a, struct buf *out);
/* GET /dispatch/state: the same deployments, requests under way, the last routing decisions, and lines lost by the
 * request log. */
bool answers_dispatch_state(const struct answers *a, struct buf *out);

#endif
