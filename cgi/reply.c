/* Answers, each with the headers that every answer has. */
#include "cgi/reply.h"

#include "common/json.h"

/* Referrer-Policy: under "no-referrer" Chromium sends "Origin: null" from our own form. */
static const char common_headers[] =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: same-origin\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n";

static void send(struct request *request, int status, const char *type, const char *header, const char *value,
                 struct slice body)
{
    FCGX_Stream *out = request->fcgi.out;
    /* A client that went away makes these fail, and nobody is left to be told. */
    FCGX_FPrintF(out, "Status: %d\r\n%s", status, common_headers);
    if (header)
        FCGX_FPrintF(out, "%s: %s\r\n", header, value);
    FCGX_FPrintF(out, "Content-Type: %s\r\n\r\n", type);
    if (body.len)
        FCGX_PutStr(body.ptr, (int)body.len, out);
}

static void send_buffer(struct request *request, int status, const char *type, const char *header, const char *value,
                        const struct buf *body)
{
    if (body->failed)
        send(request, 500, "application/json", NULL, NULL,
             SLICE("{\"error\":{\"message\":\"The answer found no memory.\",\"code\":\"no_memory\"}}\n"));
    else
        send(request, status, type, header, value, buf_slice(body));
}

void reply_json(struct request *request, int status, const struct buf *body)
{
    send_buffer(request, status, "application/json", NULL, NULL, body);
}

void reply_html(struct request *request, int status, const struct buf *body)
{
    send_buffer(request, status, "text/html; charset=utf-8", NULL, NULL, body);
}

void reply_refusal(struct request *request, const struct refusal *why, const char *allow)
{
    struct buf body;
    buf_init(&body, 16 * 1024);
    BUF_ADD(&body, "{\"error\":{\"message\":");
    json_add_string(&body, slice_of(why->message));
    buf_add_format(&body, ",\"code\":\"%s\"", why->code);
    if (why->field)
        buf_add_format(&body, ",\"field\":\"%s\"", why->field);
    BUF_ADD(&body, "}}\n");
    send_buffer(request, why->status, "application/json", allow ? "Allow" : NULL, allow, &body);
    buf_free(&body);
}

void reply_see_other(struct request *request, const char *path)
{
    send(request, 303, "text/plain; charset=utf-8", "Location", path, SLICE("See /\n"));
}
