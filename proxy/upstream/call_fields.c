/* pure: the header fields of a request to a provider. */
#include "proxy/upstream/transport.h"

bool call_add_fields(const struct call_request *request, struct buf *out)
{
    BUF_ADD(out, "Content-Type: application/json\r\nUser-Agent: pointsman/" PACKAGE_VERSION "\r\n");
    buf_add_text(out, request->stream ? "Accept: text/event-stream\r\n" : "Accept: application/json\r\n");
    for (const char *const *field = request->fields; field && *field; field++) {
        buf_add_text(out, *field);
        BUF_ADD(out, "\r\n");
    }
    if (!request->fields && request->deployment->api_key) {
        BUF_ADD(out, "Authorization: Bearer ");
        buf_add_text(out, request->deployment->api_key);
        BUF_ADD(out, "\r\n");
    }
    if (request->extra_field) {
        buf_add_text(out, request->extra_field);
        BUF_ADD(out, "\r\n");
    }
    return !out->failed;
}
