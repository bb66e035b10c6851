/* Sends prompts to local Qwen. */
#include "cli/ollama.h"

#include "cli/local_http.h"
#include "common/clock.h"
#include "common/document.h"
#include "common/json.h"
#include "proxy/bridge/sse.h"
#include "proxy/upstream/model_list.h"

#include <string.h>

#define IDLE_MS 300000       /* loading the model can take minutes */
#define BODY_MAX (64u << 20) /* bytes of a request */
#define TEXT_MAX (4u << 20)  /* bytes of one event's text */

struct ollama ollama_of(const struct config *config)
{
    const struct model_group *group = config ? config_group(config, SLICE(OLLAMA_ALIAS)) : NULL;
    for (unsigned i = 0; group && i < group->count; i++)
        if (group->deployments[i]->provider->local && group->deployments[i]->api_base)
            return (struct ollama){group->deployments[i]->api_base, group->deployments[i]->upstream_model};
    return (struct ollama){OLLAMA_BASE, OLLAMA_MODEL};
}

bool ollama_ready(const struct ollama *o, int timeout_ms, struct buf *why)
{
    struct local_http_reply reply;
    struct buf detail;
    bool ready = false;
    buf_init(&detail, 1024);
    bool answered = local_http(&(struct local_http_request){.base = o->base,
                                                            .method = "GET",
                                                            .path = "/models",
                                                            .timeout_ms = timeout_ms},
                               &reply, &detail);
    if (!answered)
        buf_add_format(why, "Ollama does not answer (%s): ollama serve", buf_message(&detail));
    else if (!(ready = reply.status == 200 && model_list_has(buf_slice(&reply.body), o->model)))
        buf_add_format(why, "Ollama lacks the model %s: ollama pull %s", o->model, o->model);
    local_http_free(&reply);
    buf_free(&detail);
    return ready;
}

/* A streamed reply. */
struct ollama_stream {
    const struct ollama_call *call;
    struct ollama_result *result;
    struct sse_reader events;
    struct json json;
    struct buf text;
    uint64_t start;
    bool refused, ended; /* on_text() returned false; "[DONE]" was read */
};

static bool take_event(struct ollama_stream *t, struct slice data)
{
    if (slice_is(data, "[DONE]")) {
        t->ended = true;
        return true;
    }
    if (!json_parse(&t->json, data.ptr, data.len))
        return false;
    const struct json *j = &t->json;
    uint32_t usage = json_get(j, 0, "usage");
    if (json_is(j, usage, JSON_OBJECT)) {
        (void)json_int64(j, json_get(j, usage, "prompt_tokens"), &t->result->input_tokens);
        (void)json_int64(j, json_get(j, usage, "completion_tokens"), &t->result->output_tokens);
    }
    uint32_t choice = json_first(j, json_get(j, 0, "choices"));
    uint32_t delta = choice != JSON_NONE ? json_get(j, choice, "delta") : JSON_NONE;
    buf_clear(&t->text);
    if (delta == JSON_NONE || !json_unescape(j, json_get(j, delta, "content"), &t->text) || !t->text.len)
        return true;
    if (t->result->ttft_ms < 0)
        t->result->ttft_ms = (int64_t)(clock_monotonic_ms() - t->start);
    t->refused = !t->call->on_text(buf_slice(&t->text), t->call->ctx);
    return !t->refused;
}

static bool take_piece(struct slice piece, void *ctx)
{
    struct ollama_stream *t = ctx;
    struct sse_event event;
    enum sse_result result;
    while ((result = sse_next(&t->events, &piece, &event)) == SSE_EVENT)
        if (!take_event(t, event.data))
            return false;
    return result == SSE_MORE;
}

static bool write_body(const struct ollama *o, const struct ollama_call *call, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_text(root, "model", o->model);
    struct container message = document_add_object(document_add_array(root, "messages"), NULL);
    document_add_text(message, "role", "user");
    document_add_slice(message, "content", call->prompt);
    document_add_bool(root, "stream", true);
    document_add_bool(document_add_object(root, "stream_options"), "include_usage", true);
    if (call->max_tokens)
        document_add_count(root, "max_tokens", call->max_tokens);
    return document_print(&d, out);
}

/* Appends the status and the server's error message. */
static void add_refusal(const struct local_http_reply *reply, struct buf *error)
{
    struct json json = {0};
    struct slice body = buf_slice(&reply->body);
    bool parsed = json_parse(&json, body.ptr ? body.ptr : "", body.len);
    uint32_t fault = parsed ? json_get(&json, 0, "error") : JSON_NONE;
    buf_add_format(error, "Ollama: status %d", reply->status);
    if (fault != JSON_NONE && json_is(&json, json_get(&json, fault, "message"), JSON_STRING)) {
        BUF_ADD(error, ": ");
        (void)json_unescape(&json, json_get(&json, fault, "message"), error);
    }
    json_free(&json);
}

bool ollama_ask(const struct ollama *o, const struct ollama_call *call, struct ollama_result *result, struct buf *error)
{
    struct ollama_stream t = {.call = call, .result = result, .start = clock_monotonic_ms()};
    struct local_http_reply reply;
    struct buf body;
    *result = (struct ollama_result){-1, -1, -1, -1};
    buf_init(&body, BODY_MAX);
    buf_init(&t.text, TEXT_MAX);
    sse_init(&t.events);
    bool done = write_body(o, call, &body);
    if (!done) {
        buf_add_text(error, body.full ? "the prompt is too large for local Qwen" : "out of memory");
    } else {
        done = local_http(&(struct local_http_request){.base = o->base,
                                                       .method = "POST",
                                                       .path = "/chat/completions",
                                                       .content_type = "application/json",
                                                       .body = buf_slice(&body),
                                                       .idle_ms = IDLE_MS,
                                                       .on_body = take_piece,
                                                       .ctx = &t},
                          &reply, error);
        if (done && reply.status != 200) {
            add_refusal(&reply, error);
            done = false;
        } else if (done && !t.ended) {
            BUF_ADD(error, "Ollama's reply was interrupted");
            done = false;
        }
        local_http_free(&reply);
    }
    result->total_ms = (int64_t)(clock_monotonic_ms() - t.start);
    sse_free(&t.events);
    json_free(&t.json);
    buf_free(&t.text);
    buf_free(&body);
    return done;
}
