/* loop: what an exchange tells its client, and the journal. */
#include "proxy/exchange_private.h"

#include "common/clock.h"
#include "proxy/route/failure.h"

#include <event2/event.h>
#include <math.h>

#define FIELDS_MAX 2048   /* bytes of header fields of our own */

void exchange_make_id(struct exchange *x)
{
    const uint64_t halves[] = {x->shared->id_prefix, ++x->shared->id_count};
    for (size_t i = 0; i < EXCHANGE_ID_LEN; i++)
        x->id[i] = "0123456789abcdef"[halves[i / 16] >> (60 - i % 16 * 4) & 15];
    x->id[EXCHANGE_ID_LEN] = '\0';
}

static void add_field(struct buf *out, const char *name, const char *value)
{
    buf_add_text(out, name);
    buf_add_text(out, value);
    BUF_ADD(out, "\r\n");
}

/* The header fields that say who served: LiteLLM's names, and the id that the journal's line bears. The group's name is the
 * configuration's: what the client wrote has no place in a header. */
static void add_fields(const struct exchange *x, struct buf *out)
{
    buf_init(out, FIELDS_MAX);
    add_field(out, "x-request-id: ", x->id);
    add_field(out, "x-litellm-call-id: ", x->id);
    if (!x->plan.count)
        return;
    add_field(out, "x-litellm-model-group: ", x->plan.attempts[0]->alias);
    add_field(out, "x-litellm-model-id: ", exchange_deployment(x)->id);
    BUF_ADD(out, "x-litellm-attempted-fallbacks: ");
    buf_add_number(out, x->attempt);
    BUF_ADD(out, "\r\n");
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
    struct buf fields;
    add_fields(x, &fields);
    if (retry_after_s >= 0)
        buf_add_format(&fields, "Retry-After: %d\r\n", retry_after_s);
    struct client_reply reply = {status, content_type, buf_slice(&fields), body};
    client_send_reply(take_client(x), &reply);
    buf_free(&fields);
}

int exchange_send_failure(struct exchange *x, const struct failure *f)
{
    struct buf body;
    int status = failure_rule(f->kind)->status;
    buf_init(&body, 16u << 10);
    failure_body(f, &body);
    exchange_send_reply(x, status, failure_retry_after(f), "application/json", buf_slice(&body));
    buf_free(&body);
    return status;
}

void exchange_start_stream(struct exchange *x)
{
    struct buf fields;
    add_fields(x, &fields);
    struct client_reply start = {200, relay_content_type(x->relay), buf_slice(&fields), {NULL, 0}};
    client_start_stream(x->client, &start);
    buf_free(&fields);
}

void exchange_end_stream(struct exchange *x, struct slice last)
{
    struct client *client = take_client(x);
    client_send(client, last);
    client_end_stream(client);
}

void exchange_journal(const struct exchange *x, int status, const char *how)
{
    struct usage usage = x->relay ? relay_usage(x->relay) : USAGE_UNKNOWN;
    bool served = x->attempt_count && x->attempts[x->attempt_count - 1].outcome == FAILURE_NONE;
    if (!x->shared->journal)
        return;
    struct journal_entry entry = {
        .time_ms = x->started_unix_ms,
        .request_id = x->id,
        .alias = slice_of(x->request.model),
        .client_wire = x->request.wire,
        .stream = x->request.stream,
        .upstream_wire = served ? x->outgoing.wire : 0,
        .attempts = x->attempts,
        .attempt_count = x->attempt_count,
        .ttft_ms = x->first_content_ms ? (int64_t)(x->first_content_ms - x->started_ms) : -1,
        .total_ms = (int64_t)(clock_monotonic_ms() - x->started_ms),
        .usage = usage,
        .cost_usd = served ? journal_cost(exchange_deployment(x), &usage) : NAN,
        .dropped = x->outgoing.turn && x->outgoing.wire != x->request.wire ? turn_dropped(x->outgoing.turn) : 0,
        .status = status,
        .end = how,
    };
    /* Written once per turn of the loop, however many exchanges end in it. */
    if (journal_add(x->shared->journal, &entry))
        journal_flush(x->shared->journal);
    else
        event_active(x->shared->journal_flush, EV_TIMEOUT, 0);
}
