/* Finds the proxy that a command should use. */
#include "cli/gateway.h"

#include "cli/session_client.h"
#include "common/url.h"

#include <stdlib.h>
#include <string.h>

#define BEARER "Authorization: Bearer "
#define BEARER_MAX 8192

static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool gateway_base(struct slice given, struct buf *out)
{
    while (given.len && given.ptr[given.len - 1] == '/')
        given.len--;
    bool versioned = given.len > 3 && memcmp(given.ptr + given.len - 3, "/v1", 3) == 0;
    return buf_add_slice(out, given) && (versioned || BUF_ADD(out, "/v1"));
}

static bool take(struct gateway *gateway, const char *base, const char *key)
{
    struct buf text;
    buf_init(&text, 8192);
    gateway->base_url = gateway_base(slice_of(base), &text) ? strdup(buf_text(&text)) : NULL;
    buf_free(&text);
    return gateway->base_url && (!key || buf_add_text(&gateway->bearer, key));
}

/* Whether both URLs name the same port and path on this machine, under any of its loopback names. */
static bool same_server(const char *a, const char *b)
{
    struct url one, other;
    return url_split(slice_of(a), &one) && url_split(slice_of(b), &other) && url_is_loopback(&one) &&
           url_is_loopback(&other) && one.tls == other.tls && one.port == other.port &&
           slice_equal(one.path, other.path);
}

/* Takes the session's proxy if it runs and is at base_url (NULL: any). */
static bool take_session(struct gateway *gateway, struct buf *why)
{
    struct session_client session;
    struct session_status status = {0};
    bool found = session_client_find(&session, why) && session_client_status(&session, &status, why);
    if (found && !status.running)
        BUF_ADD(why, SESSION_NOT_RUNNING);
    found = found && status.running && (!gateway->base_url || same_server(gateway->base_url, status.base_url)) &&
            (gateway->base_url || take(gateway, status.base_url, NULL)) &&
            session_client_key(&session, &gateway->bearer);
    gateway->own = found;
    session_status_free(&status);
    session_client_close(&session);
    return found;
}

bool gateway_find(struct gateway *gateway, struct buf *error)
{
    const char *base = variable("LITELLM_BASE_URL"), *key = variable("LITELLM_API_KEY");
    struct buf why;
    *gateway = (struct gateway){0};
    buf_init(&gateway->bearer, BEARER_MAX);
    buf_init(&why, 4096);
    bool found = buf_reserve(&gateway->bearer, BEARER_MAX - 1) && BUF_ADD(&gateway->bearer, BEARER) &&
                 (!base || take(gateway, base, NULL)) && take_session(gateway, &why);
    if (!found && key)
        found = gateway->base_url ? buf_add_text(&gateway->bearer, key) : take(gateway, GATEWAY_BASE, key);
    if (!found && base)
        BUF_ADD(error, "LITELLM_BASE_URL is set, but LITELLM_API_KEY is not");
    else if (!found)
        buf_add_text(error, why.len ? buf_text(&why) : SESSION_NOT_RUNNING);
    buf_free(&why);
    return found;
}

void gateway_free(struct gateway *gateway)
{
    free(gateway->base_url);
    buf_wipe(&gateway->bearer);
    *gateway = (struct gateway){0};
}

struct slice gateway_key(const struct gateway *gateway)
{
    size_t skip = sizeof BEARER - 1;
    return (struct slice){gateway->bearer.data + skip, gateway->bearer.len - skip};
}

bool gateway_call(const struct gateway *gateway, const char *path, struct slice body, int timeout_ms,
                  struct local_http_reply *reply, struct buf *error)
{
    struct buf field;
    buf_init(&field, 8192);
    bool copied = buf_reserve(&field, gateway->bearer.len + 1) && buf_add_slice(&field, buf_slice(&gateway->bearer));
    const char *const fields[] = {copied ? buf_text(&field) : NULL, NULL};
    bool done = local_http(&(struct local_http_request){.base = gateway->base_url,
                                                        .method = body.len ? "POST" : "GET",
                                                        .path = path,
                                                        .fields = fields,
                                                        .content_type = body.len ? "application/json" : NULL,
                                                        .body = body,
                                                        .timeout_ms = timeout_ms},
                           reply, error);
    buf_wipe(&field);
    return done;
}
