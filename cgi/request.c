/* Reads one FastCGI request completely. */
#include "cgi/request.h"

#include <sodium.h>
#include <string.h>

/* bytes read of a body. lighttpd refuses more than 16 KB; another program of this user can reach the socket directly.
 */
#define DRAIN_MAX (64 * 1024)
/* bytes; more than the functions that read a body use of the stack. They leave pieces of it there, mostly in vector
 * registers that memcpy() used and that were saved. */
#define STACK_USED (64 * 1024)

static struct slice parameter(struct request *request, const char *name)
{
    return slice_of(FCGX_GetParam(name, request->fcgi.envp));
}

static struct slice until(struct slice text, char mark)
{
    const char *at = text.len ? memchr(text.ptr, mark, text.len) : NULL;
    return at ? (struct slice){text.ptr, (size_t)(at - text.ptr)} : text;
}

/* Reads from the stream's buffer [rdNext, stop) and overwrites it. FCGX_GetStr() would leave a copy of the keys there,
 * and libfcgi frees its buffers without overwriting them. */
static void read_body(struct request *request)
{
    FCGX_Stream *in = request->fcgi.in;
    size_t drained = 0;
    for (int c; drained < DRAIN_MAX && (c = FCGX_GetChar(in)) != EOF;) {
        FCGX_UnGetChar(c, in);
        size_t len = (size_t)(in->stop - in->rdNext);
        size_t room = REQUEST_BODY_MAX - request->body_len;
        size_t taken = len < room ? len : room;
        memcpy(request->body + request->body_len, in->rdNext, taken);
        sodium_memzero(in->rdNext, len);
        in->rdNext += len;
        request->body_len += taken;
        request->body_too_big |= taken < len;
        drained += len;
    }
}

void request_read(struct request *request, char *body, int peer_fd)
{
    request->method = parameter(request, "REQUEST_METHOD");
    request->path = until(parameter(request, "REQUEST_URI"), '?');
    request->query = parameter(request, "QUERY_STRING");
    request->host = parameter(request, "HTTP_HOST");
    request->origin = parameter(request, "HTTP_ORIGIN");
    request->fetch_site = parameter(request, "HTTP_SEC_FETCH_SITE");
    request->content_type = slice_trim(until(parameter(request, "CONTENT_TYPE"), ';'));
    request->content_encoding = parameter(request, "HTTP_CONTENT_ENCODING");
    request->token = parameter(request, "HTTP_X_POINTSMAN_TOKEN");
    request->peer = peer_ask(peer_fd, parameter(request, "REMOTE_ADDR"), parameter(request, "REMOTE_PORT"),
                             parameter(request, "SERVER_ADDR"), parameter(request, "SERVER_PORT"));
    request->body = body;
    request->body_len = 0;
    request->body_too_big = false;
    read_body(request);
}

void request_wipe_body(struct request *request)
{
    sodium_memzero(request->body, REQUEST_BODY_MAX + 1);
    request->body_len = 0;
    sodium_stackzero(STACK_USED);
}

void request_finish(struct request *request)
{
    FCGX_Finish_r(&request->fcgi);
}
