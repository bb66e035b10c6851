/* pure: the heads of requests to one server on this machine. */
#include "proxy/upstream/heads.h"

#include <stdlib.h>

struct head {
    struct head *next;
    const char *path;
    bool has_body, stream;
    struct buf text;
};

static bool has_body(const struct call_request *request)
{
    return request->body.of[0].ptr != NULL;
}

static bool is_for(const struct head *h, const struct call_request *request)
{
    return h->stream == request->stream && h->has_body == has_body(request) && strcmp(h->path, request->path) == 0;
}

static void free_head(struct head *h)
{
    buf_wipe(&h->text);
    free(h);
}

static struct head *make_head(const struct loopback_origin *origin, const struct call_request *request)
{
    struct head *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    *h = (struct head){.path = request->path, .has_body = has_body(request), .stream = request->stream};
    buf_init(&h->text, CALL_FIELDS_MAX + sizeof *origin);
    buf_add_format(&h->text, "%s %s%s HTTP/1.1\r\nHost: %s\r\n", h->has_body ? "POST" : "GET", origin->path, h->path,
                   origin->host);
    call_add_fields(request, &h->text);
    if (h->has_body)
        BUF_ADD(&h->text, "Content-Length: ");
    if (!h->text.failed)
        return h;
    free_head(h);
    return NULL;
}

bool heads_get(struct heads *heads, const struct loopback_origin *origin, const struct call_request *request,
               struct slice *head)
{
    struct head *h = heads->all;
    while (h && !is_for(h, request))
        h = h->next;
    if (!h) {
        h = make_head(origin, request);
        if (!h)
            return false;
        h->next = heads->all;
        heads->all = h;
    }
    *head = buf_slice(&h->text);
    return true;
}

void heads_free(struct heads *heads)
{
    for (struct head *h = heads->all, *next; h; h = next) {
        next = h->next;
        free_head(h);
    }
    heads->all = NULL;
}
