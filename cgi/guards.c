/* The checks that a request must pass. */
#include "cgi/guards.h"

#include "common/guard.h"
#include "common/secret.h"

typedef bool check(const struct request *request, unsigned web_port);

struct guard {
    check *allows;
    int status;
    const char *code;
    const char *message;
};

static bool host_is_ours(const struct request *request, unsigned web_port)
{
    return guard_host(request->host, web_port);
}

static bool origin_is_ours(const struct request *request, unsigned web_port)
{
    return guard_origin(request->origin, web_port);
}

static bool site_is_ours(const struct request *request, unsigned web_port)
{
    (void)web_port;
    return guard_fetch_site(request->fetch_site);
}

static bool body_fits(const struct request *request, unsigned web_port)
{
    (void)web_port;
    return !request->body_too_big;
}

static bool peer_is_ours(const struct request *request, unsigned web_port)
{
    (void)web_port;
    return request->peer != PEER_REFUSED;
}

static const struct guard name[] = {
    {host_is_ours, 403, "forbidden_host", "Host not allowed: use http://127.0.0.1 with the page's port."},
};

static const struct guard user[] = {
    {peer_is_ours, 403, "forbidden_user", "This page serves only the user who started it."},
};

static const struct guard change[] = {
    {origin_is_ours, 403, "forbidden_origin", "The request comes from another origin."},
    {site_is_ours, 403, "forbidden_site", "The request comes from another site."},
    {body_fits, 413, "body_too_large", "The body is larger than 8 KB."},
};

static bool run(const struct guard *guards, size_t count, const struct request *request, unsigned web_port,
                struct refusal *why)
{
    for (size_t i = 0; i < count; i++)
        if (!guards[i].allows(request, web_port))
            return refuse(why, guards[i].status, guards[i].code, "%s", guards[i].message);
    return true;
}

bool guards_admit(const struct request *request, unsigned web_port, bool open, struct refusal *why)
{
    return run(name, sizeof name / sizeof *name, request, web_port, why) &&
           (open || run(user, sizeof user / sizeof *user, request, web_port, why));
}

bool guards_change(const struct request *request, unsigned web_port, const char *content_type, struct refusal *why)
{
    if (!run(change, sizeof change / sizeof *change, request, web_port, why))
        return false;
    if (!slice_is_nocase(request->content_type, content_type))
        return refuse(why, 415, "unsupported_media_type", "The Content-Type must be %s.", content_type);
    if (request->content_encoding.len && !slice_is_nocase(request->content_encoding, "identity"))
        return refuse(why, 415, "unsupported_media_type",
                      "The body must be sent uncompressed, without Content-Encoding.");
    return true;
}

bool guards_token(const struct request *request, const struct fields *fields, const char *token, struct refusal *why)
{
    const struct field *field = fields ? fields_get(fields, "token") : NULL;
    struct slice wanted = slice_of(token);
    if (secret_equal(request->token, wanted) || (field && secret_equal(field->value, wanted)))
        return true;
    return refuse(
        why, 403, "forbidden_token",
        fields ? "The page was out of date, so nothing was changed. It is up to date now: try again."
               : "The X-Pointsman-Token header must be the content of the file session-token in the runtime folder.");
}
