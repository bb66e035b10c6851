/* Fuzz target: the reply translators and the pass-through, fed at once and in pieces whose size is in the first byte.
 * Both must end in the same way, and the output must be JSON events. A held reply is written completely or not at all.
 */
#include "tests/fuzz/fuzz.h"
#include "proxy/bridge/relay.h"
#include "proxy/bridge/sse.h"

#include <stdlib.h>
#include <string.h>

const char *const fuzz_seeds[] = {
    "a: x\r\n\r\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"t\",\"content\":\"a\\ud83d\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"\\ude00\",\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":"
    "\"f\",\"arguments\":\"{\\\"n\\\":1.\"},\"extra_content\":{\"google\":{\"thought_signature\":\"S\"}}}]}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"0}\"}},{\"index\":1,"
    "\"function\":{\"name\":\"p\",\"arguments\":\"{\\\"input\\\":\\\"x\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}],"
    "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
    "bevent: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"id\":\"r\"}}\n\n"
    "data: {\"type\":\"response.output_text.delta\",\"output_index\":0,\"delta\":\"a\"}\n\n"
    "data: {\"type\":\"response.output_item.done\",\"output_index\":1,\"item\":{\"type\":\"function_call\",\"name\":\"f\","
    "\"arguments\":\"{}\"}}\n\n"
    "data: {\"type\":\"response.output_item.done\",\"output_index\":2,\"item\":{\"type\":\"reasoning\",\"summary\":[{\"type\":"
    "\"summary_text\",\"text\":\"s\"}],\"encrypted_content\":\"e\"}}\n\n"
    "data: {\"type\":\"response.completed\",\"response\":{\"output\":[{\"type\":\"x\"}],\"usage\":{\"input_tokens\":1,"
    "\"output_tokens\":1}}}\n\n",
    "c{\"choices\":[{\"message\":{\"content\":\"a\",\"tool_calls\":[{\"function\":{\"name\":\"p\",\"arguments\":\"x\"}}]},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"total_tokens\":5}}",
    "d{\"status\":\"completed\",\"output\":[{\"type\":\"message\",\"content\":[{\"type\":\"output_text\",\"text\":\"a\"}]},"
    "{\"type\":\"custom_tool_call\",\"name\":\"p\",\"input\":\"x\"}]}",
    "e\xEF\xBB\xBF: x\n\ndata: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"arguments\":"
    "\"{\\\"a\"}}]}}]}\ndata: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
    "\"arguments\":\"{\\\"a\\\":\\\"\\u00e9\\\"}\"}}]},\"native_finish_reason\":\"MAX_TOKENS\",\"finish_reason\":\"stop\"}]}\n\n"
    "error: {\"message\":\"m\"}\n\n{\"error\":\"x\"}\n",
    "f{\"choices\":[{\"message\":{\"function_call\":{\"name\":\"f\",\"arguments\":{\"a\":1}}},\"finish_reason\":\"abort\"}]}\n"
    "data: [DONE]\n",
    NULL,
};

static const char REQUEST[] = "{\"input\":\"u\",\"tools\":[{\"type\":\"function\",\"name\":\"f\"},{\"type\":\"custom\","
                              "\"name\":\"p\"},{\"type\":\"tool_search\"}]}";

static void must(bool truth)
{
    if (!truth)
        abort();
}

static enum relay_state run(const struct relay_options *options, struct slice body, size_t piece, struct buf *sent)
{
    struct slice send;
    enum relay_state state = RELAY_HOLD;
    struct relay *r = relay_new(options);
    must(r);
    for (size_t at = 0; at < body.len && state < RELAY_DONE; at += piece) {
        state = relay_feed(r, (struct slice){body.ptr + at, body.len - at < piece ? body.len - at : piece}, &send);
        must(state != RELAY_HOLD || !send.len);
        (void)buf_add_slice(sent, send);
        relay_keep_alive(r, &send);
    }
    if (state < RELAY_DONE) {
        state = relay_end(r, &send);
        must(state == RELAY_DONE || state == RELAY_FAILED);
        (void)buf_add_slice(sent, send);
    }
    must((state == RELAY_FAILED) == (relay_failure(r)->kind != FAILURE_NONE));
    if (state == RELAY_FAILED) {
        bool opened = sent->len > 0;
        if (!relay_fail(r, relay_failure(r), &send))
            abort();
        must(opened == (send.len > 0));
        (void)buf_add_slice(sent, send);
    }
    relay_free(r);
    return state;
}

/* Guesses from the first bytes, else from the type, whether the body is a stream. */
static bool is_stream(const struct relay_options *o, struct slice body)
{
    enum sse_guess guess = sse_guess(body);
    return guess == SSE_GUESS_STREAM || (guess != SSE_GUESS_WHOLE && o->upstream_stream);
}

/* Each event that the bridge wrote must be JSON, except for chat's end mark. */
static void check_written(const struct relay_options *options, const struct buf *sent)
{
    struct json j = {0};
    struct sse_reader reader;
    struct sse_event event;
    struct slice input = buf_slice(sent);
    if (!options->client_stream) {
        must(!input.len || json_parse(&j, input.ptr, input.len));
        json_free(&j);
        return;
    }
    sse_init(&reader);
    while (sse_next(&reader, &input, &event) == SSE_EVENT)
        must(slice_is(event.data, "[DONE]") || json_parse(&j, event.data.ptr, event.data.len));
    must(sse_between(&reader));
    sse_free(&reader);
    json_free(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json doc = {0};
    struct turn_error error;
    struct buf whole, pieces;
    if (size < 1 || size > 65536 || !json_parse(&doc, REQUEST, sizeof REQUEST - 1))
        return 0;
    struct turn *turn = turn_decode(&doc, WIRE_RESPONSES, &error);
    struct slice body = {(const char *)data + 1, size - 1};
    must(turn);
    buf_init(&whole, 1u << 26);
    buf_init(&pieces, 1u << 26);
    for (unsigned i = 0; i < 32; i++) {
        struct relay_options options = {
            .client_wire = i & 1 ? WIRE_CHAT : WIRE_RESPONSES,
            .upstream_wire = i & 2 ? WIRE_CHAT : WIRE_RESPONSES,
            .client_stream = i & 4,
            .upstream_stream = i & 8,
            .hold = i & 16,
            .turn = turn,
            .alias = "a",
            .response_id = "1",
        };
        buf_clear(&whole);
        buf_clear(&pieces);
        enum relay_state at_once = run(&options, body, body.len ? body.len : 1, &whole);
        enum relay_state cut = run(&options, body, 1 + data[0] % 32, &pieces);
        bool same_manner = options.client_stream == is_stream(&options, body);
        bool passes = options.client_wire == options.upstream_wire && same_manner;
        must(at_once == cut || (passes && !options.hold)); /* an open pass-through only reads what matters */
        must(!options.hold || at_once == RELAY_DONE || !whole.len);
        if (!passes) {
            check_written(&options, &whole);
            check_written(&options, &pieces);
        }
        if (at_once == RELAY_DONE && (!same_manner || options.hold))
            must(whole.len == pieces.len && !memcmp(whole.data, pieces.data, whole.len));
    }
    turn_free(turn);
    buf_free(&whole);
    buf_free(&pieces);
    json_free(&doc);
    return 0;
}
