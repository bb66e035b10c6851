/* loop: what an exchange tells its client, and the journal. */
#include "proxy/exchange/private.h"

#include "common/clock.h"
#include "proxy/terms/failure.h"

#include <event2/event.h>
#include <math.h>
#include <string.h>

#define FIELDS_MAX 2048 /* bytes of header fields of our own */

/* A field that has no room is left out whole. */
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

/* Milliseconds with three decimals. */
static void add_ms(struct buf *out, const char *name, uint64_t us)
{
    const char decimals[] = {'.', (char)('0' + us / 100 % 10), (char)('0' + us / 10 % 10), (char)('0' + us % 10)};
    buf_add_text(out, name);
    buf_add_number(out, (int64_t)(us / 1000));
    buf_add(out, decimals, sizeof decimals);
    BUF_ADD(out, "\r\n");
}

/* Calls that failed, and how often another group's deployment followed, up to the one under way. */
static void count_failures(const struct exchange *x, unsigned *retries, unsigned *fallbacks)
{
    const char *alias = x->group->deployments[0]->alias;
    *retries = *fallbacks = 0;
    for (unsigned i = 0; i < x->attempt_count; i++) {
        const char *next = x->attempts[i].deployment->alias;
        *retries += x->attempts[i].outcome != FAILURE_NONE;
        *fallbacks += strcmp(alias, next) != 0;
        alias = next;
    }
    *fallbacks += strcmp(alias, exchange_deployment(x)->alias) != 0;
}

/* The header fields that say who served: LiteLLM's names, and the id that the journal's line bears. The names in them
 * are the configuration's: what the client wrote has no place in a header. `cost_usd` NAN: not known, or not yet.
 * Nothing is allocated: the buffer has all of its room. */
static struct buf *make_fields(const struct exchange *x, double cost_usd)
{
    static char space[FIELDS_MAX + 1];
    static struct buf fields = {.data = space, .cap = sizeof space, .max = FIELDS_MAX};
    struct buf *out = &fields;
    uint64_t now_us = clock_monotonic_us();
    unsigned retries, fallbacks;
    buf_clear(out);
    add_field(out, "x-request-id: ", x->id);
    add_field(out, "x-litellm-call-id: ", x->id);
    add_number(out, "x-litellm-response-duration-ms: ", now_us / 1000 - x->started_ms);
    add_ms(out, "x-litellm-overhead-duration-ms: ", x->overhead_us + now_us - x->mark_us);
    if (!x->plan.count)
        return out;
    count_failures(x, &retries, &fallbacks);
    add_field(out, "x-litellm-model-group: ", x->group->alias);
    add_field(out, "x-litellm-model-id: ", exchange_deployment(x)->id);
    if (exchange_deployment(x)->api_base)
        add_field(out, "x-litellm-model-api-base: ", exchange_deployment(x)->api_base);
    add_number(out, "x-litellm-attempted-retries: ", retries);
    add_number(out, "x-litellm-attempted-fallbacks: ", fallbacks);
    if (x->entrance == ENTRANCE_RISK) {
        add_field(out, "X-Risk-Router-Requested-Model: ", x->group->alias);
        add_field(out, "X-Risk-Router-Selected-Model: ", exchange_deployment(x)->id);
        add_number(out, "X-Risk-Router-Attempts: ", x->attempt_count + (x->state == OPEN));
    }
    if (isfinite(cost_usd)) {
        BUF_ADD(out, "x-litellm-response-cost: ");
        buf_add_double(out, cost_usd, 9);
        BUF_ADD(out, "\r\n");
    }
    return out;
}

/* The client as this reply's last reader: from here on it is none of ours. */
static struct client *take_client(struct exchange *x)
{
    struct client *client = x->client;
    x->client = NULL;
    return client;
}

void exchange_send_reply(struct exchange *x, int status, int retry_after_s, const char *content_type, struct slice body)
{
    struct usage usage = x->relay && status == 200 ? relay_usage(x->relay) : USAGE_UNKNOWN;
    struct buf *fields = make_fields(x, status == 200 ? journal_cost(exchange_deployment(x), &usage) : NAN);
    if (retry_after_s >= 0)
        add_number(fields, "Retry-After: ", (uint64_t)retry_after_s);
    struct client_reply reply = {status, content_type, buf_slice(fields), body};
    client_send_reply(take_client(x), &reply);
}

void exchange_send_body(struct exchange *x, int status, int retry_after_s, const struct buf *body)
{
    if (body->failed)
        client_send_no_memory(take_client(x));
    else
        exchange_send_reply(x, status, retry_after_s, "application/json", buf_slice(body));
}

int exchange_send_failure(struct exchange *x, const struct failure *f)
{
    struct buf body;
    int status = failure_rule(f->kind)->status;
    buf_init(&body, 16u << 10);
    failure_body(f, &body);
    exchange_send_body(x, status, failure_retry_after(f), &body);
    buf_free(&body);
    return status;
}

void exchange_start_stream(struct exchange *x)
{
    struct client_reply start = {200, relay_content_type(x->relay), buf_slice(make_fields(x, NAN)), {NULL, 0}};
    client_start_stream(x->client, &start);
}

void exchange_end_stream(struct exchange *x, struct slice last)
{
    struct client *client = take_client(x);
    client_end_stream(client, last);
}

void exchange_cut_stream(struct exchange *x)
{
    client_cut(take_client(x));
}

void exchange_journal(const struct exchange *x, int status, const char *how)
{
    struct usage usage = x->relay ? relay_usage(x->relay) : USAGE_UNKNOWN;
    bool served = x->attempt_count && x->attempts[x->attempt_count - 1].outcome == FAILURE_NONE;
    struct journal_entry entry = {
        .time_ms = x->started_unix_ms,
        .request_id = x->id,
        .run_id = x->run_id,
        .alias = slice_of(x->request.model),
        .client_wire = x->request.wire,
        .stream = x->request.stream,
        .upstream_wire = served ? x->outgoing.wire : 0,
        .attempts = x->attempts,
        .attempt_count = x->attempt_count,
        .plan = &x->plan,
        .ttft_ms = x->first_content_ms ? (int64_t)(x->first_content_ms - x->started_ms) : -1,
        .total_ms = (int64_t)(clock_monotonic_ms() - x->started_ms),
        .usage = usage,
        .cost_usd = served ? journal_cost(exchange_deployment(x), &usage) : NAN,
        .dropped = x->outgoing.turn && x->outgoing.wire != x->request.wire ? turn_dropped(x->outgoing.turn) : 0,
        .status = status,
        .end = how,
        .adaptive = x->adaptive,
    };
    decisions_add(x->shared->decisions, &entry);
    if (!x->shared->journal)
        return;
    /* Written once per turn of the loop, however many exchanges end in it. */
    if (journal_add(x->shared->journal, &entry))
        journal_flush(x->shared->journal);
    else
        event_active(x->shared->journal_flush, EV_TIMEOUT, 0);
}
