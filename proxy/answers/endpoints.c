/* loop: answers requests that need no model. */
#include "proxy/answers/endpoints.h"

static const struct refusal
    no_key_store = {404, "not_found_error", "404",
                    "There are no virtual keys: general_settings.key_store names the file that has them.", NULL},
    no_model = {404, "invalid_request_error", "model_not_found",
                "Unknown model. GET /v1/models lists the configured models; "
                "router_settings.model_group_alias gives one of them another name.",
                NULL},
    not_stored = {404, "invalid_request_error", "response_not_found",
                  "Responses are not stored: they can't be read, canceled, compacted or deleted. Send the whole "
                  "conversation with each POST /v1/responses.",
                  NULL};

static void refuse(struct client_reply *reply, const struct refusal *refusal, struct buf *body)
{
    reply->status = refusal->status;
    (void)refusal_body(refusal, body);
}

void endpoint_answer(struct client *client, enum endpoint endpoint, const struct answers *now)
{
    struct slice path = client_head(client)->path, name;
    struct client_reply reply = {200, "application/json", {NULL, 0}, {NULL, 0}};
    const struct refusal *refusal;
    struct buf body;
    buf_init(&body, ANSWERS_MODELS_MAX);
    switch (endpoint) {
    case ENDPOINT_MODELS: (void)answers_models(now, &body); break;
    case ENDPOINT_MODEL:
        name = slice_starts(path, "/v1/models/") ? (struct slice){path.ptr + 11, path.len - 11}
                                                 : (struct slice){path.ptr + 8, path.len - 8};
        if (!answers_model(now, name, &body))
            refuse(&reply, &no_model, &body);
        break;
    case ENDPOINT_STORED: refuse(&reply, &not_stored, &body); break;
    case ENDPOINT_HEALTH: (void)answers_health(now, &body); break;
    case ENDPOINT_LIVENESS: BUF_ADD(&body, "\"I'm alive!\""); break;
    case ENDPOINT_READINESS: (void)answers_readiness(now, &body); break;
    case ENDPOINT_METRICS: (void)answers_dispatch_metrics(now, &body); break;
    case ENDPOINT_STATE: (void)answers_dispatch_state(now, &body); break;
    case ENDPOINT_RESET: (void)answers_reset(&body); break;
    case ENDPOINT_CACHE_PING:
    case ENDPOINT_CACHE_DELETE:
    case ENDPOINT_CACHE_FLUSH:
        refusal = answers_cache(now, endpoint, client_body(client), &body);
        if (refusal)
            refuse(&reply, refusal, &body);
        break;
    case ENDPOINT_KEYS: refuse(&reply, &no_key_store, &body); break; /* with a key store, the keeper answers */
    case ENDPOINT_OPTIONS: reply.fields = SLICE("Allow: GET, HEAD, POST, OPTIONS\r\n"); break;
    case ENDPOINT_CHAT:
    case ENDPOINT_RESPONSES:
    case ENDPOINT_COMPLETIONS:
    case ENDPOINT_EMBEDDINGS: break; /* request_begin() serves them */
    }
    reply.body = buf_slice(&body);
    if (body.failed)
        client_send_no_memory(client);
    else
        client_send_reply(client, &reply);
    buf_free(&body);
}
