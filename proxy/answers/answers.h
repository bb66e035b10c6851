/* answers: pure. What the proxy says of itself: models, health, readiness. It never asks a provider for it. */
#ifndef POINTSMAN_ANSWERS_H
#define POINTSMAN_ANSWERS_H

#include "proxy/answers/catalog.h"
#include "proxy/record/decisions.h"
#include "proxy/route/adaptive.h"
#include "proxy/route/spending.h"

#define ANSWERS_MODELS_MAX (24u << 20)

struct answers {
    const struct config *config;
    const struct health *health;         /* by deployment index */
    uint64_t now_ms;                     /* monotonic */
    const char *sign_in_error[SIGN_INS]; /* by kind: why calls can't sign in; "" or NULL: they can, or none needs it */
    const struct catalog *catalog;       /* NULL: none */
    bool risk_router;                    /* asked at its port */
    enum strategy_id strategy;           /* of the port */
    const struct decisions *decisions;
    const struct spending *spending;
    const struct adaptive *adaptive; /* NULL: not enabled */
    int64_t unix_ms;
};

/* GET /v1/models, for OpenAI's clients ("data") and for Codex's model_catalog_url ("models") at once. `out` needs room
 * for ANSWERS_MODELS_MAX bytes. */
bool answers_models(const struct answers *a, struct buf *out);
/* GET /v1/models/NAME; false when there is no such group (nothing is written then). */
bool answers_model(const struct answers *a, struct slice name, struct buf *out);
/* GET /health: deployments by what real traffic and the local probes have shown, in LiteLLM's shape. */
bool answers_health(const struct answers *a, struct buf *out);
/* Adds {"name","ready","reason"} per model group to an array: ready when one of its deployments is. With deployments,
 * also "deployments": [{"model","ready","serves","reason","calls","failed","ttft_ms"}…]: `serves` is true of the one
 * that a new conversation goes to (or most of them, where that is drawn by weight), which may be a fallback group's;
 * ttft_ms -1: none seen yet. */
void answers_aliases(const struct answers *a, bool with_deployments, struct container in);
/* GET /health/readiness, in LiteLLM's shape; the risk router's port has its own. */
bool answers_readiness(const struct answers *a, struct buf *out);
/* POST /dispatch/reset. */
bool answers_reset(struct buf *out);
/* GET /dispatch/metrics: strategy, limits, and per deployment what its calls have shown; what was spent. */
bool answers_dispatch_metrics(const struct answers *a, struct buf *out);
/* GET /dispatch/state: the same deployments, and the last decisions with their reasons. */
bool answers_dispatch_state(const struct answers *a, struct buf *out);

#endif
