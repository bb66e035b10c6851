/* pure: reads a whole reply (not a stream). */
#include "proxy/bridge/relay_state.h"
#include "proxy/terms/failure.h"

#include <string.h>

/* Some servers append a stream's end mark to a whole reply: removes it. */
static void drop_end_mark(struct buf *body)
{
    static const char *const marks[] = {"[DONE]", "data:"};
    for (size_t i = 0; i <= sizeof marks / sizeof *marks; i++) {
        while (body->len && strchr(" \t\r\n", body->data[body->len - 1]))
            body->len--;
        size_t len = i < sizeof marks / sizeof *marks ? strlen(marks[i]) : 0;
        if (body->len < len || memcmp(body->data + body->len - len, marks[i ? 1 : 0], len) != 0)
            return;
        body->len -= len;
    }
}

static bool parse_whole(struct relay *r)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct slice body = buf_slice(&r->body);
    if (slice_starts(body, mark))
        body = (struct slice){body.ptr + 3, body.len - 3};
    return body.len && json_parse(&r->decoder.json, body.ptr, body.len);
}

void whole_end(struct relay *r, struct slice *send)
{
    const struct json *j = &r->decoder.json;
    bool parsed = parse_whole(r);
    if (!parsed && !j->no_memory) {
        drop_end_mark(&r->body);
        parsed = parse_whole(r);
    }
    if (parsed && json_type(j, 0) == JSON_OBJECT)
        r->upstream->decode_whole(&r->decoder);
    else if (parsed && json_first(j, 0) && json_get(j, json_first(j, 0), "error"))
        failure_from_error(&r->failure, r->options.source, buf_slice(&r->body)); /* Gemini's errors are arrays */
    else
        relay_set_failure(r, FAILURE_PROTOCOL,
                          r->body.len && r->body.data[0] == '<' ? "the upstream's reply is a web page: check api_base"
                                                                : "the upstream's reply is not a JSON object");
    if (!r->passes) {
        *send = buf_slice(&r->out);
        return;
    }
    if (!r->content)
        relay_set_failure(r, FAILURE_EMPTY, RELAY_EMPTY);
    relay_count(r, r->body.len);
    r->ended = true;
    *send = buf_slice(&r->body);
}
