/* loop: reads request bodies and accounts for their memory. */
#include "proxy/front/client_private.h"

#include "proxy/front/coding.h"

#define FIRST (CEILING_FREE - 1) /* bytes; first allocation for a body of known length, without its final NUL */

static const struct refusal no_room = {503, "server_error", "body_memory_exhausted", CEILING_REFUSAL,
                                       "Retry-After: 5\r\n"};
_Static_assert(CEILING_RETRY_S == 5, "Retry-After");

void client_consume(struct slice *input, size_t len)
{
    if (!len)
        return; /* an empty input may have a NULL pointer */
    input->ptr += len;
    input->len -= len;
}

bool client_has_bad_chunks(const struct client *c, struct slice input)
{
    struct http_chunked chunked = {0};
    struct slice piece;
    enum http_result result;
    if (c->head.framing != HTTP_CHUNKED)
        return false;
    do
        result = http_read_chunked(&chunked, &input, &piece);
    while (result == HTTP_MORE && piece.len);
    return result == HTTP_BAD;
}

bool client_begin_body(struct client *c)
{
    c->chunked = (struct http_chunked){0};
    c->body.max = admit_body_max(&c->shared->admit, c->endpoint);
    if (c->head.framing != HTTP_LENGTH)
        return true;
    c->body.max = (size_t)c->head.content_length; /* so it never grows beyond this */
    if (ceiling_fits(c->shared->bodies, c->body.max))
        return true;
    client_refuse(c, &no_room);
    return false;
}

/* Makes room for `more` bytes of the body. false: the request was refused. */
static bool grow_body(struct client *c, size_t more)
{
    if (!buf_reserve(&c->body, more)) {
        client_refuse_syntax(c, c->body.full ? 413 : 503,
                             c->body.full ? "the request body is too large" : "out of memory for the request body");
        return false;
    }
    if (ceiling_hold(&c->held, c->body.cap))
        return true;
    client_refuse(c, &no_room);
    return false;
}

static bool take_chunked(struct client *c, struct slice *input)
{
    struct slice piece;
    enum http_result result;
    do {
        result = http_read_chunked(&c->chunked, input, &piece);
        if (piece.len && !grow_body(c, piece.len))
            return false;
        buf_add_slice(&c->body, piece);
    } while (result == HTTP_MORE && piece.len);
    if (result == HTTP_BAD)
        client_refuse_syntax(c, 400, CLIENT_BAD_CHUNKS);
    return result == HTTP_OK;
}

size_t client_body_room(const struct client *c)
{
    return c->body.cap ? c->body.cap - 1 - c->body.len : 0; /* the last byte holds a NUL */
}

/* How much a body of known length grows: to four times what has arrived, because a Content-Length alone costs a client
 * nothing. Doubling would copy a large body once more. */
static size_t growth(const struct client *c, size_t missing, size_t take)
{
    size_t step = 3 * c->body.len > FIRST ? 3 * c->body.len : FIRST;
    if (step < take + 1)
        step = take + 1;
    return step < missing ? step : missing;
}

bool client_take_body(struct client *c, struct slice *input)
{
    if (c->head.framing == HTTP_CHUNKED)
        return take_chunked(c, input);
    size_t missing = c->head.framing == HTTP_LENGTH ? (size_t)c->head.content_length - c->body.len : 0;
    size_t take = missing < input->len ? missing : input->len;
    if (missing && client_body_room(c) <= take && !grow_body(c, growth(c, missing, take)))
        return false;
    buf_add(&c->body, input->ptr, take);
    client_consume(input, take);
    return take == missing;
}

/* Counts both bodies: the compressed one is freed last. */
static bool hold_decoded(size_t cap, void *ctx)
{
    struct client *c = ctx;
    return ceiling_hold(&c->held, c->body.cap + cap);
}

bool client_decode_body(struct client *c)
{
    static const struct refusal malformed = {
        400, "invalid_request_error", "invalid_content_encoding",
        "The request body does not match its Content-Encoding. Send it uncompressed. In Codex: "
        "features.enable_request_compression=false.",
        NULL};
    struct buf decoded;
    struct coding_sink sink = {&decoded, hold_decoded, c};
    enum coding coding = CODING_NONE;
    if (!c->head.coding.len || !endpoint_wire(c->endpoint) || !coding_read(c->head.coding, &coding) ||
        coding == CODING_NONE)
        return true;
    buf_init(&decoded, admit_body_max(&c->shared->admit, c->endpoint));
    enum coding_result result = coding_decode(coding, buf_slice(&c->body), &sink);
    if (result != CODING_OK)
        buf_free(&decoded);
    switch (result) {
    case CODING_OK:
        buf_free(&c->body);
        c->body = decoded;
        ceiling_count(&c->held, decoded.cap);
        return true;
    case CODING_BAD: client_refuse(c, &malformed); return false;
    case CODING_NO_ROOM: client_refuse(c, &no_room); return false;
    case CODING_FULL: client_refuse_syntax(c, 413, "the request body is too large"); return false;
    case CODING_NO_MEMORY: client_refuse_syntax(c, 503, "out of memory for the request body"); return false;
    }
    return false;
}

void client_give_body(struct client *c, struct buf *body, struct ceiling_hold *held)
{
    *body = c->body;
    *held = c->held;
    buf_init(&c->body, body->max);
    c->held.bytes = 0;
}
