/* loop: what the attempt of an exchange asks of its upstream: one call, signed in where the provider wants that. */
#include "proxy/exchange_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Adds a header line, ended by a NUL. */
static PRINTF_LIKE(2, 3) void add_line(struct buf *lines, const char *format, ...)
{
    char line[CALL_FIELDS_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    lines->failed |= len < 0 || (size_t)len >= sizeof line;
    buf_add(lines, line, strlen(line) + 1);
    explicit_bzero(line, sizeof line);
}

/* The header lines of a call with the ChatGPT login. The conversation's name serves the backend's prompt cache; Codex has
 * written it in both ways. */
static bool add_login_lines(const struct exchange *x, struct buf *lines)
{
    const struct login *login = x->shared->login;
    unsigned long long conversation = x->request.conversation;
    add_line(lines, "Authorization: Bearer %s", login_access_token(login));
    if (*login_account_id(login))
        add_line(lines, "chatgpt-account-id: %s", login_account_id(login));
    add_line(lines, "originator: %s", exchange_deployment(x)->originator);
    add_line(lines, "session_id: %016llx", conversation);
    add_line(lines, "session-id: %016llx", conversation);
    return !lines->failed;
}

/* Points at each of the lines; ends with a NULL. */
static void point_at_lines(const struct buf *lines, const char *fields[], size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < lines->len && count + 1 < max; at += strlen(lines->data + at) + 1)
        fields[count++] = lines->data + at;
    fields[count] = NULL;
}

void exchange_start_call(struct exchange *x, const struct call_events *events)
{
    const struct deployment *d = exchange_deployment(x);
    bool signs_in = d->provider->sign_in == SIGN_IN_CHATGPT;
    bool stream = x->request.stream || signs_in;   /* that backend streams and nothing else */
    const char *fields[8];
    struct buf lines;
    struct call_request request = {
        .deployment = d,
        .path = wire_path(x->outgoing.wire),
        .fields = signs_in ? fields : NULL,
        .body = buf_slice(&x->outgoing.body),
        .stream = stream,
        .first_byte_timeout_ms = stream ? d->stream_timeout_ms : d->timeout_ms,
        .idle_timeout_ms = d->timeout_ms,
        .total_timeout_ms = x->request.stream ? 0 : d->timeout_ms,
    };
    buf_init(&lines, 2 * CALL_FIELDS_MAX);
    if (!signs_in || (buf_reserve(&lines, lines.max) && add_login_lines(x, &lines))) {
        point_at_lines(&lines, fields, sizeof fields / sizeof *fields);
        x->login_generation = signs_in ? login_generation(x->shared->login) : 0;
        x->call = call_start(x->shared->upstream, &request, events, x);
    }
    buf_wipe(&lines);
}
