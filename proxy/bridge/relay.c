/* pure: converts an upstream's reply to the client's: decodes events, passes them to reply.c, and decides whether the
 * reply is held, open, done or failed. */
#include "proxy/bridge/relay_state.h"
#include "proxy/terms/usage.h"
#include "proxy/terms/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_MAX 1024  /* bytes of a buffer that an idle stream keeps: one event fits */
#define GUESS_MAX 4096 /* bytes of white space after which the Content-Type decides on the reply's form */

void relay_set_failure(struct relay *r, enum failure_kind kind, const char *format, ...)
{
    char message[sizeof r->failure.message];
    if (r->failure.kind != FAILURE_NONE)
        return;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    failure_set(&r->failure, kind, "%s", message);
}

/* A buffer has failed: above its ceiling of `max` bytes, an error of the upstream, or out of memory. */
static void fail_for_room(struct relay *r, bool ceiling, const char *what, unsigned max)
{
    if (ceiling)
        relay_set_failure(r, FAILURE_PROTOCOL, "the upstream sent %s of more than %u MB", what, max >> 20);
    else
        relay_set_failure(r, FAILURE_INTERNAL, "out of memory: can't process the upstream's reply");
}

void relay_set_unread(struct relay *r)
{
    fail_for_room(r, !sse_no_memory(&r->sse), "an event", SSE_EVENT_MAX);
}

void relay_count(struct relay *r, size_t reply_bytes)
{
    struct usage *usage = &r->reply.usage;
    size_t prompt = r->options.prompt_bytes || !r->options.turn ? r->options.prompt_bytes
                                                                : turn_prompt_bytes(r->options.turn);
    struct usage estimate = usage_estimate(prompt, reply_bytes, r->options.bytes_per_token);
    if (usage->input >= 0 && usage->output >= 0)
        return;
    usage->estimated = true;
    if (usage->input < 0)
        usage->input = estimate.input;
    if (usage->output < 0)
        usage->output = estimate.output;
}

void relay_finish(struct relay *r, const struct reply_event *e)
{
    if (e->finish == FINISH_BROKEN)
        relay_set_failure(r, e->failure, "the provider ended its reply with finish_reason \"%.*s\"",
                          SLICE_ARGS(e->text));
    else if (e->finish == FINISH_FILTER)
        (void)snprintf(r->filter, sizeof r->filter, "%.*s", SLICE_ARGS(e->text));
    if (r->finish < e->finish) /* the most severe one counts: a later "stop" does not repair the reply */
        r->finish = e->finish;
}

/* The upstream's reply has ended; `marked`: with the API's end mark. */
static void finish_reply(struct relay *r, bool marked)
{
    struct reply *reply = &r->reply;
    if (r->failure.kind != FAILURE_NONE || r->ended)
        return;
    r->ended = true;
    if (r->decoder.early.len)
        failure_from_error(&r->failure, NULL, SLICE(DECODER_UNNAMED));
    else if (r->finish == FINISH_FILTER)
        relay_set_failure(r, FAILURE_CONTENT_FILTER, "the provider's content filter ended the reply: %s", r->filter);
    else if (r->finish == FINISH_NONE && (!marked || !reply_calls_complete(reply)))
        relay_set_failure(r, FAILURE_CUT, RELAY_TRUNCATED);
    else if (!reply->answered && r->finish != FINISH_LENGTH)
        relay_set_failure(r, FAILURE_EMPTY, RELAY_EMPTY);
    if (r->failure.kind != FAILURE_NONE)
        return;
    relay_count(r, reply->bytes);
    reply_complete(reply, r->finish == FINISH_LENGTH);
}

static void take(void *relay, const struct reply_event *e)
{
    struct relay *r = relay;
    if (r->failure.kind != FAILURE_NONE || r->ended)
        return;
    switch (e->kind) {
    case EVENT_USAGE: r->reply.usage = e->usage; break;
    case EVENT_FINISH: relay_finish(r, e); break;
    case EVENT_FAILURE: failure_from_error(&r->failure, r->options.source, e->raw); break;
    case EVENT_END: finish_reply(r, true); break;
    case EVENT_LIMIT: r->reply.too_many = true; break;
    default: reply_take(&r->reply, e);
    }
    if (r->reply.too_many)
        relay_set_failure(r, FAILURE_PROTOCOL,
                          "the upstream's reply has more than %d items or tool calls: the proxy can't translate more",
                          OUTPUTS_MAX);
}

struct relay *relay_new(const struct relay_options *options)
{
    struct relay *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->options = *options;
    r->upstream = dialect_of(options->upstream_wire);
    r->options.alias = options->alias ? options->alias : "";
    r->options.response_id = options->response_id ? options->response_id : "";
    sse_init(&r->sse);
    buf_init(&r->out, REPLY_MAX);
    buf_init(&r->body, REPLY_MAX);
    buf_init(&r->held, REPLY_MAX);
    reply_init(&r->reply, &r->options, &r->out);
    decoder_init(&r->decoder, (struct reply_event_sink){take, r});
    r->failure.retry_after_s = -1;
    r->memory.of = options->bodies;
    return r;
}

void relay_free(struct relay *r)
{
    if (!r)
        return;
    sse_free(&r->sse);
    buf_free(&r->out);
    buf_free(&r->body);
    buf_free(&r->held);
    decoder_free(&r->decoder);
    reply_free(&r->reply);
    ceiling_release(&r->memory);
    free(r);
}

const char *relay_content_type(const struct relay *r)
{
    return r->options.client_stream ? "text/event-stream" : "application/json";
}

/* Returns the state at the end of a call. The ceiling of memory is only counted, not enforced: a reply that costs money
 * is not discarded, but further requests wait. */
static enum relay_state settle(struct relay *r, struct slice *send)
{
    ceiling_count(&r->memory, r->body.cap + r->out.cap + r->held.cap + r->reply.bytes);
    bool unread = r->decoder.json.no_memory || r->decoder.no_memory;
    if (unread)
        r->failure.kind = FAILURE_NONE; /* a failure that was found then is not reliable */
    if (r->out.failed || unread)
        fail_for_room(r, r->out.full, "a reply", REPLY_MAX);
    if (r->failure.kind != FAILURE_NONE) {
        r->state = RELAY_FAILED;
        *send = (struct slice){NULL, 0};
        return r->state;
    }
    r->sent |= send->len > 0;
    r->state = r->ended ? RELAY_DONE : r->sent ? RELAY_OPEN : RELAY_HOLD;
    return r->state;
}

static void feed_stream(struct relay *r, struct slice bytes, struct slice *send)
{
    struct sse_event event;
    enum sse_result result = SSE_EVENT;
    while (!r->ended && r->failure.kind == FAILURE_NONE && (result = sse_next(&r->sse, &bytes, &event)) == SSE_EVENT) {
        r->events++;
        r->upstream->decode_event(&r->decoder, &event);
    }
    if (result == SSE_TOO_LONG)
        relay_set_unread(r);
    if (!r->options.hold || r->ended)
        *send = buf_slice(&r->out);
}

/* The reply's form is known. */
static void begin(struct relay *r, bool stream)
{
    struct relay_options *o = &r->options;
    r->begun = true;
    o->upstream_stream = stream;
    r->passes = !o->rewritten && o->client_wire == o->upstream_wire && o->client_stream == stream;
    r->decoder.sink.take = r->passes ? watch_take : take;
    if (!r->passes && !(o->client_wire & WIRES_BRIDGED))
        relay_set_failure(r, FAILURE_PROTOCOL,
                          o->client_stream ? "the upstream's reply is not a stream"
                                           : "the upstream's reply is a stream, which was not requested");
}

/* Determines the reply's form from its first bytes, because some servers send streams as text/plain, application/json
 * or without a type, and JSON errors as streams. Sets *bytes to the bytes to process. false: not known yet. */
static bool guess(struct relay *r, struct slice *bytes)
{
    size_t kept = r->body.len;
    if (kept && !buf_add_slice(&r->body, *bytes))
        return false;
    enum sse_guess guess = sse_guess(kept ? buf_slice(&r->body) : *bytes);
    if (guess == SSE_GUESS_MORE && kept + bytes->len < GUESS_MAX) {
        if (!kept)
            buf_add_slice(&r->body, *bytes);
        return false;
    }
    bool shown = guess == SSE_GUESS_STREAM || guess == SSE_GUESS_WHOLE;
    begin(r, shown ? guess == SSE_GUESS_STREAM : r->options.upstream_stream);
    if (kept)
        *bytes = r->options.upstream_stream ? buf_slice(&r->body) : (struct slice){NULL, 0};
    return true;
}

static void feed(struct relay *r, struct slice bytes, struct slice *send)
{
    if (!r->options.upstream_stream)
        buf_add_slice(&r->body, bytes);
    else if (r->passes)
        watch_feed(r, bytes, send);
    else
        feed_stream(r, bytes, send);
}

enum relay_state relay_feed(struct relay *r, struct slice bytes, struct slice *send)
{
    *send = (struct slice){NULL, 0};
    if (r->state == RELAY_DONE || r->state == RELAY_FAILED)
        return r->state;
    if (!r->options.hold)
        buf_clear(&r->out);
    if (r->begun || guess(r, &bytes))
        feed(r, bytes, send);
    if (r->body.failed)
        fail_for_room(r, r->body.full, "a reply", REPLY_MAX);
    return settle(r, send);
}

void relay_sent(struct relay *r)
{
    if (!r->options.hold && r->out.cap > KEEP_MAX)
        buf_free(&r->out);
}

/* Returns the line breaks that complete the upstream's last event, if only these are missing. Drops an event whose data
 * is truncated. */
static struct slice end_of_event(struct relay *r)
{
    struct slice line = slice_trim(buf_slice(&r->sse.line)), data;
    bool whole = true;
    if (slice_starts(line, "data:") || slice_starts(line, "{")) {
        size_t field = line.ptr[0] == '{' ? 0 : 5;
        data = slice_trim((struct slice){line.ptr + field, line.len - field});
        whole = slice_is(data, "[DONE]") || json_parse(&r->decoder.json, data.ptr, data.len);
    }
    if (whole)
        return SLICE("\n\n");
    sse_free(&r->sse);
    sse_init(&r->sse);
    watch_drop_rest(r);
    return SLICE("");
}

enum relay_state relay_end(struct relay *r, struct slice *send)
{
    *send = (struct slice){NULL, 0};
    if (r->state == RELAY_DONE || r->state == RELAY_FAILED)
        return r->state;
    if (!r->options.hold)
        buf_clear(&r->out);
    if (!r->begun) {
        begin(r, r->options.upstream_stream);
        if (r->options.upstream_stream)
            feed(r, buf_slice(&r->body), send);
    }
    if (!r->options.upstream_stream) {
        whole_end(r, send);
    } else if (r->passes) {
        watch_end(r, end_of_event(r), send);
    } else {
        feed_stream(r, end_of_event(r), send);
        finish_reply(r, false);
        *send = buf_slice(&r->out);
    }
    return settle(r, send);
}

bool relay_streams(const struct relay *r)
{
    return r->options.upstream_stream;
}

bool relay_finished(const struct relay *r)
{
    return r->options.upstream_stream && r->finish != FINISH_NONE && !r->ended && r->failure.kind == FAILURE_NONE;
}

uint64_t relay_events(const struct relay *r)
{
    return r->events;
}

bool relay_has_content(const struct relay *r)
{
    return r->passes ? r->content : r->reply.count > 0;
}

bool relay_fail(struct relay *r, const struct failure *f, struct slice *send)
{
    *send = (struct slice){NULL, 0};
    if (r->state == RELAY_DONE)
        return true;
    if (r->state != RELAY_FAILED || r->out.failed)
        buf_clear(&r->out); /* already sent; after RELAY_FAILED it is what preceded the failure in that call: send it */
    r->state = RELAY_FAILED;
    if (r->failure.kind == FAILURE_NONE)
        r->failure = *f;
    if (!r->sent)
        return true;
    relay_count(r, r->reply.bytes);
    r->reply.writer->fail(&r->reply, f);
    if (!r->out.failed)
        *send = buf_slice(&r->out);
    return !r->out.failed;
}

void relay_keep_alive(struct relay *r, struct slice *send)
{
    *send = (struct slice){NULL, 0};
    if (r->state != RELAY_OPEN || !r->options.client_stream)
        return;
    buf_clear(&r->out);
    r->reply.writer->keep_alive(&r->reply);
    if (!r->out.failed)
        *send = buf_slice(&r->out);
}

const struct failure *relay_failure(const struct relay *r)
{
    return &r->failure;
}

struct usage relay_usage(const struct relay *r)
{
    return r->reply.usage;
}

bool relay_incomplete(const struct relay *r)
{
    return r->finish == FINISH_LENGTH;
}

struct relay_content relay_content(const struct relay *r)
{
    struct relay_content content = {
        .text = r->text, .other = r->reply.other, .refusal = r->decoder.refused || r->finish == FINISH_FILTER};
    for (uint32_t i = 0; i < r->reply.count; i++) {
        const struct output *o = &r->reply.outputs[i];
        content.text |= o->kind == OUTPUT_MESSAGE && o->text.len;
        content.calls |= o->kind == OUTPUT_CALL;
        content.other |= o->kind == OUTPUT_OTHER;
    }
    return content;
}
