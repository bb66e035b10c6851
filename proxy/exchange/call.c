/* loop: what an attempt sends to its upstream, and what the reply means. */
#include "proxy/exchange/private.h"

#include "proxy/terms/failure.h"

#include <stdio.h>
#include <string.h>

/* Points at each of the lines; ends with a NULL. */
static void point_at_lines(const struct buf *lines, const char *fields[], size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < lines->len && count + 1 < max; at += strlen(lines->data + at) + 1)
        fields[count++] = lines->data + at;
    fields[count] = NULL;
}

void attempt_start_call(struct attempt *a, const struct call_events *events)
{
    const struct request *r = a->request;
    const struct deployment *d = a->deployment;
    bool stream = (r->model_request.stream && !d->whole_replies) || d->provider->streams_only;
    const char *fields[8];
    char hint[CACHE_HINT_MAX + 32];
    struct buf lines;
    struct call_request request = {
        .deployment = d,
        .path = wire_path(a->body.wire),
        .body = a->body.pieces,
        .stream = stream,
        .first_timeout_ms = stream ? d->stream_timeout_ms : d->timeout_ms,
        .idle_timeout_ms = d->timeout_ms,
        .total_timeout_ms = r->model_request.stream && !d->whole_replies ? 0 : d->timeout_ms,
    };
    if (a->body.hint.place == CACHE_HINT_GROK_CONV_ID) {
        (void)snprintf(hint, sizeof hint, "x-grok-conv-id: %s", a->body.hint.value);
        request.extra_field = hint;
    }
    buf_init(&lines, 2 * CALL_FIELDS_MAX);
    if (sign_in_headers(r->shared->sign_ins, d, r->model_request.conversation, &lines, &a->credential)) {
        point_at_lines(&lines, fields, sizeof fields / sizeof *fields);
        request.fields = lines.len ? fields : NULL;
        a->call = call_start(r->shared->upstream, &request, events, a);
    }
    buf_wipe(&lines);
}

/* Whose errors the attempt gets. */
static struct failure_source source_of(const struct attempt *a)
{
    const struct config *c = a->request->shared->config;
    return (struct failure_source){c->error_rules, c->error_rule_count, a->deployment->provider->prefix,
                                   a->deployment->id};
}

bool attempt_make_relay(struct attempt *a, bool event_stream)
{
    const struct request *r = a->request;
    const struct deployment *d = a->deployment;
    a->source = source_of(a);
    a->relay = relay_new(&(struct relay_options){
        .client_wire = r->model_request.wire,
        .upstream_wire = a->body.wire,
        .client_stream = r->model_request.stream,
        .upstream_stream = event_stream,
        .hold = r->shared->config->hold_streams,
        .turn = r->model_request.turn,
        .alias = request_is_fallback(r, d) ? d->upstream_model : r->model_request.model,
        .response_id = r->id,
        .created_s = r->started_unix_ms / 1000,
        .carrier_keys = &r->shared->carrier_keys,
        .deployment_id = slice_of(d->id),
        .source = &a->source,
        .prompt_bytes = r->model_request.prompt_bytes,
        .bodies = r->shared->bodies,
        .bytes_per_token = attempt_health(a)->calibration.bytes_per_token,
    });
    caching_watch(a, event_stream);
    return a->relay != NULL;
}

bool attempt_reply_failed(struct attempt *a, const struct call_reply *reply, enum failure_kind kind,
                          const char *message)
{
    struct failure *f = &a->failure;
    const char *base = a->deployment->api_base;
    struct failure_source source = source_of(a);
    if (reply->status >= 400 || (reply->status && reply->status < 200)) {
        int wait = reply->retry_after_s >= 0 ? reply->retry_after_s : rate_limits_wait(&reply->limits);
        failure_from_reply(f, &source, reply->status, wait, buf_slice(&a->error_body));
    } else if (reply->status >= 300) {
        failure_set(f, FAILURE_PROTOCOL,
                    "%s replied with a redirect (%d): the proxy does not follow redirects, to send a key only to its "
                    "own server: correct api_base",
                    base, reply->status);
    } else if (kind != FAILURE_NONE && !(a->relay && relay_finished(a->relay))) {
        failure_set(f, kind, "%s: %s", base, message);
    } else if (!a->relay) {
        failure_set(f, FAILURE_EMPTY, "the upstream's reply has no body");
    } else {
        return false;
    }
    return true;
}
