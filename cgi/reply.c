/* Answers, all with the same security headers. */
#include "cgi/reply.h"

#include <stdio.h>

#define BODY_MAX (4u << 20) /* bytes; the largest document is a report or a conversation of TURNS_MAX requests */

/* Referrer-Policy: with "no-referrer", Chromium sends "Origin: null" from our own form. */
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
    /* These fail only if the client has disconnected: errors are ignored. */
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
             SLICE("{\"error\":{\"message\":\"Out of memory.\",\"code\":\"no_memory\"}}\n"));
    else
        send(request, status, type, header, value, buf_slice(body));
}

/* Sends the document and frees it. */
static void send_document(struct request *request, int status, const char *allow, struct document *d)
{
    struct buf body;
    buf_init(&body, BODY_MAX);
    if (document_print(d, &body))
        BUF_ADD(&body, "\n");
    send_buffer(request, status, "application/json", allow ? "Allow" : NULL, allow, &body);
    buf_free(&body);
}

void reply_json(struct request *request, struct document *d)
{
    send_document(request, 200, NULL, d);
}

void reply_html(struct request *request, int status, const struct buf *body)
{
    send_buffer(request, status, "text/html; charset=utf-8", NULL, NULL, body);
}

void reply_csv(struct request *request, const char *filename, const struct buf *body)
{
    char disposition[128];
    (void)snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", filename);
    send_buffer(request, 200, "text/csv; charset=utf-8", "Content-Disposition", disposition, body);
}

void reply_refusal(struct request *request, const struct refusal *why, const char *allow)
{
    struct document d;
    struct container error = document_add_object(document_object(&d), "error");
    document_add_text(error, "message", why->message);
    document_add_text(error, "code", why->code);
    if (why->field)
        document_add_text(error, "field", why->field);
    send_document(request, why->status, allow, &d);
}

void reply_see_other(struct request *request, const char *path)
{
    send(request, 303, "text/plain; charset=utf-8", "Location", path, SLICE("See /\n"));
}
