/* loop: writes the client's reply and the request log line. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/failure.h"
#include "proxy/terms/usage.h"

#include <event2/event.h>
#include <math.h>
#include <string.h>

#define FIELDS_MAX 2048     /* bytes of the header fields made here */
#define CONTEXT_WARNING 0.9 /* part of the context window; Codex compacts a conversation there */

/* Drops a field that does not fit. */
static void add_field(struct buf *out, const char *name, const char *value)
{
    if (strlen(name) + strlen(value) + 2 > out->max - out->len)
        return;
    buf_add_text(out, name);
    buf_add_text(out, value);
    BUF_ADD(out, "\r\n");
}

static void add_number(struct buf *out, const char *name, uint64_t value)
{
    buf_add_text(out, name);
    buf_add_number(out, (int64_t)value);
    BUF_ADD(out, "\r\n");
}

/* Adds microseconds as milliseconds with three decimals. */
static void add_ms(struct buf *out, const char *name, uint64_t us)
{
    const char decimals[] = {'.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10), (char)('0' + us % 10)};
    buf_add_text(out, name);
    buf_add_number(out, (int64_t)(us / 1000));
    buf_add(out, decimals, sizeof decimals);
    BUF_ADD(out, "\r\n");
}

/* Counts failed attempts, and switches to another group, up to the current attempt. */
static void count_failures(const struct request *r, unsigned *retries, unsigned *fallbacks)
{
    const char *alias = r->group->deployments[0]->alias;
    *retries = *fallbacks = 0;
    for (unsigned i = 0; i < r->ended_count; i++) {
        const char *next = r->ended[i].deployment->alias;
        *retries += r->ended[i].outcome != FAILURE_NONE;
        *fallbacks += strcmp(alias, next) != 0;
        alias = next;
    }
    *fallbacks += strcmp(alias, r->attempt->deployment->alias) != 0;
}

/* Returns the deployment's context window, tokens, if a prompt of so many tokens takes most of it; else 0. */
static int64_t near_window(const struct request *r, int64_t tokens)
{
    const struct attempt *a = r->attempt;
    int64_t window = a->deployment ? health_context_window(attempt_health(a), a->deployment) : 0;
    return (double)tokens >= CONTEXT_WARNING * (double)window ? window : 0;
}

/* Warns of a prompt that is near its window. The provider's count comes too late for a header. */
static void add_context_warning(const struct request *r, struct buf *out)
{
    int64_t tokens =
        usage_tokens(r->model_request.prompt_bytes, attempt_health(r->attempt)->calibration.bytes_per_token);
    int64_t window = near_window(r, tokens);
    if (window)
        buf_add_format(out, "x-pointsman-context-warning: %lld/%lld\r\n", (long long)tokens, (long long)window);
}

/* The budget of the virtual key, else the quota of the ChatGPT subscription that answers: Codex shows and warns of it.
 */
static void add_quota(const struct request *r, struct buf *out)
{
    const struct health *h = attempt_health(r->attempt);
    struct rate_limits quota;
    if (r->model_request.wire != WIRE_RESPONSES)
        return;
    if (!holding_quota(r, &quota))
        quota = rate_limits_aged(&h->limits, clock_monotonic_ms() - h->limits_ms);
    rate_limits_fields(&quota, clock_unix_ms() / 1000, out);
}

/* Header fields about the routing: LiteLLM's fields, and the request log id. Their values come from the configuration,
 * never from the client. `cost_usd` NAN: unknown. The buffer is static, so nothing is allocated. */
static struct buf *make_fields(const struct request *r, double cost_usd)
{
    static char space[FIELDS_MAX + 1];
    static struct buf fields = {.data = space, .cap = sizeof space, .max = FIELDS_MAX};
    struct buf *out = &fields;
    const struct deployment *d = r->attempt->deployment;
    uint64_t now_us = clock_monotonic_us();
    unsigned retries, fallbacks;
    buf_clear(out);
    add_field(out, "x-request-id: ", r->id);
    add_field(out, "x-litellm-call-id: ", r->id);
    add_number(out, "x-litellm-response-duration-ms: ", now_us / 1000 - r->started_ms);
    add_ms(out, "x-litellm-overhead-duration-ms: ", r->overhead_us + now_us - r->mark_us);
    if (r->caching)
        caching_fields(r, out);
    holding_fields(r, out);
    if (!d && caching_answered(r)) {
        add_field(out, "x-litellm-model-group: ", r->group->alias);
        BUF_ADD(out, "x-litellm-response-cost: 0\r\n");
    }
    if (!d)
        return out;
    count_failures(r, &retries, &fallbacks);
    add_field(out, "x-litellm-model-group: ", r->group->alias);
    add_field(out, "x-litellm-model-id: ", d->id);
    if (d->api_base)
        add_field(out, "x-litellm-model-api-base: ", d->api_base);
    add_number(out, "x-litellm-attempted-retries: ", retries);
    add_number(out, "x-litellm-attempted-fallbacks: ", fallbacks);
    if (r->entrance == ENTRANCE_RISK) {
        add_field(out, "X-Risk-Router-Requested-Model: ", r->group->alias);
        add_field(out, "X-Risk-Router-Selected-Model: ", d->id);
        add_number(out, "X-Risk-Router-Attempts: ", r->ended_count + (r->state == REQUEST_OPEN));
    }
    add_context_warning(r, out);
    add_quota(r, out);
    if (isfinite(cost_usd)) {
        BUF_ADD(out, "x-litellm-response-cost: ");
        buf_add_double(out, cost_usd, 9);
        BUF_ADD(out, "\r\n");
    }
    return out;
}

/* Releases the client; the next call finishes its reply. NULL: it has left. */
static struct client *take_client(struct request *r)
{
    struct client *client = r->client;
    r->client = NULL;
    return client;
}

void request_send_reply(struct request *r, int status, int retry_after_s, const char *content_type, struct slice body)
{
    const struct attempt *a = r->attempt;
    struct usage usage = a->relay && status == 200 ? relay_usage(a->relay) : USAGE_UNKNOWN;
    if (!r->client)
        return;
    struct buf *fields = make_fields(r, status == 200 && a->deployment ? spending_cost(a->deployment, &usage) : NAN);
    if (retry_after_s >= 0)
        add_number(fields, "Retry-After: ", (uint64_t)retry_after_s);
    struct client_reply reply = {status, content_type, buf_slice(fields), body};
    client_send_reply(take_client(r), &reply);
}

void request_send_body(struct request *r, int status, int retry_after_s, const struct buf *body)
{
    if (body->failed && r->client)
        client_send_no_memory(take_client(r));
    else if (!body->failed)
        request_send_reply(r, status, retry_after_s, "application/json", buf_slice(body));
}

int request_send_failure(struct request *r, const struct failure *f)
{
    struct buf body;
    int status = failure_rule(f->kind)->status;
    buf_init(&body, 16u << 10);
    failure_body(f, &body);
    request_send_body(r, status, failure_retry_after(f), &body);
    buf_free(&body);
    return status;
}

void request_start_stream(struct request *r)
{
    if (!r->client)
        return;
    struct client_reply start = {200, relay_content_type(r->attempt->relay), buf_slice(make_fields(r, NAN)), {NULL, 0}};
    client_start_stream(r->client, &start);
}

void request_end_stream(struct request *r, struct slice last)
{
    struct client *client = take_client(r);
    if (client)
        client_end_stream(client, last);
}

void request_abort_stream(struct request *r)
{
    struct client *client = take_client(r);
    if (client)
        client_abort_stream(client);
}

struct slice request_body(const struct request *r)
{
    return r->client ? client_body(r->client) : caching_body(r);
}

void request_send(struct request *r, struct slice bytes, bool more)
{
    if (r->client)
        client_send(r->client, bytes, more);
}

void request_forget_body(struct request *r)
{
    if (r->client)
        client_forget_body(r->client);
}

bool request_is_full(const struct request *r)
{
    return r->client && client_is_full(r->client);
}

/* What the reply would have cost without the provider's prompt cache; NAN: unknown, or that cache was not used. */
static double uncached_cost(const struct deployment *d, const struct usage *usage)
{
    struct usage plain = *usage;
    plain.cached_input = plain.cache_write = 0;
    return usage->cached_input > 0 || usage->cache_write > 0 ? spending_cost(d, &plain) : NAN;
}

void request_journal(const struct request *r, int status, const char *how)
{
    const struct attempt *a = r->attempt;
    struct usage usage = a->relay ? relay_usage(a->relay) : USAGE_UNKNOWN;
    bool served = r->ended_count && r->ended[r->ended_count - 1].outcome == FAILURE_NONE;
    const struct deployment *baseline = r->shared->baseline;
    struct gate_names names;
    struct journal_cache cache = {.saved_usd = NAN, .similarity = NAN};
    if (r->caching)
        cache = caching_journal(r);
    struct journal_entry entry = {
        .time_ms = r->started_unix_ms,
        .request_id = r->id,
        .run_id = r->run_id,
        .client = &r->name,
        .key = holding_names(r, &names) ? &names : NULL,
        .alias = slice_of(r->model_request.model),
        .client_wire = r->model_request.wire,
        .stream = r->model_request.stream,
        .upstream_wire = served ? a->body.wire : 0,
        .attempts = r->ended,
        .attempt_count = r->ended_count,
        .plan = &r->plan,
        .ttft_ms = a->first_content_ms ? (int64_t)(a->first_content_ms - r->started_ms) : -1,
        .total_ms = (int64_t)(clock_monotonic_ms() - r->started_ms),
        .usage = usage,
        .cost_usd = served                ? spending_cost(a->deployment, &usage)
                    : caching_answered(r) ? 0
                                          : NAN,
        .has_baseline = baseline,
        .baseline_usd = served && baseline ? spending_cost(baseline, &usage) : NAN,
        .uncached_usd = served ? uncached_cost(a->deployment, &usage) : NAN,
        .cache = r->caching ? &cache : NULL,
        .dropped = r->model_request.turn && a->body.wire != r->model_request.wire ? turn_dropped(r->model_request.turn)
                                                                                  : 0,
        .status = status,
        .effort = r->effort,
        .end = how,
        .adaptive = r->adaptive,
        .prompt = r->prompt.prefix.items ? &r->prompt : NULL,
        .near_window = near_window(r, usage.input),
        .bytes_per_token = a->deployment ? attempt_health(a)->calibration.bytes_per_token : 0,
    };
    decisions_add(r->shared->decisions, &entry);
    if (!r->shared->journal)
        return;
    if (r->group && (r->model_request.wire & WIRES_BRIDGED))
        entry.conversation = r->model_request.conversation;
    /* Written once per loop iteration, however many requests end in it. */
    if (journal_add(r->shared->journal, &entry))
        journal_flush(r->shared->journal);
    else
        event_active(r->shared->journal_flush, EV_TIMEOUT, 0);
}
