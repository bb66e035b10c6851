/* pure: Reads a reply that came whole. */
#include "proxy/bridge/relay_state.h"
#include "proxy/terms/failure.h"

#include <string.h>

/* A whole reply to which the end mark of a stream was added. */
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
        failure_from_error(&r->failure, r->options.source, buf_slice(&r->body)); /* Gemini's are arrays */
    else
        relay_set_failure(r, FAILURE_PROTOCOL,
                          r->body.len && r->body.data[0] == '<'
                              ? "the upstream answered with a web page: check its api_base"
                              : "the upstream's answer is no JSON object");
    if (!r->passes) {
        *send = buf_slice(&r->out);
        return;
    }
    if (!r->content)
        relay_set_failure(r, FAILURE_EMPTY, "the upstream gave an empty answer");
    relay_count(r, r->body.len);
    r->ended = true;
    *send = buf_slice(&r->body);
}
