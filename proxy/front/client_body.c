/* loop: how the body of a request comes in, and the memory that it takes. */
#include "proxy/front/client_private.h"

#define FIRST (CEILING_FREE - 1) /* bytes that a body of known length gets room for at first; a NUL follows */

static const struct refusal no_room = {503, "server_error", "body_memory_exhausted", CEILING_REFUSAL,
                                       "Retry-After: 5\r\n"};
_Static_assert(CEILING_RETRY_S == 5, "Retry-After");

void client_consume(struct slice *input, size_t len)
{
    if (!len)
        return; /* an empty input may have no address */
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
    c->body.max = (size_t)c->head.content_length; /* so that it never takes more */
    if (ceiling_fits(c->shared->bodies, c->body.max))
        return true;
    client_refuse(c, &no_room);
    return false;
}

/* Memory for so many bytes more of the body. false: the request is refused. */
static bool grow_body(struct client *c, size_t more)
{
    if (!buf_reserve(&c->body, more)) {
        client_refuse_syntax(c, c->body.full ? 413 : 503,
                             c->body.full ? "the request's body is too large" : "no memory for the request's body");
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
    return c->body.cap ? c->body.cap - 1 - c->body.len : 0; /* the last byte is for a NUL */
}

/* By how much a body of known length grows: it doubles as it comes, because a length alone costs a client nothing. */
static size_t growth(const struct client *c, size_t missing, size_t take)
{
    size_t step = c->body.len > FIRST ? c->body.len : FIRST;
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
