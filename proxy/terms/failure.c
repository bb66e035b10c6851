/* pure: the table of failures: next step, cooldown, and the client's error. */
#include "proxy/terms/failure_private.h"

#include "common/ceiling.h"
#include "common/json.h"
#include "common/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cooldowns, s */
#define QUOTA_COOLDOWN 300
#define AUTH_COOLDOWN 3600
#define NOT_FOUND_COOLDOWN 1800
#define CONFIGURED (-1) /* general_settings.cooldown_time */
/* Retry-After, s */
#define RETRY_AFTER_MAX 60
#define RETRY_AFTER_UNKNOWN 5 /* if the provider sent none */

#define REDACTED_MAX (256u << 10) /* bytes of a message before truncation */

/* How Codex CLI reacts (0.169.0, measured): it hides the message of a 500, so no failure has that status. It repeats
 * 401, 403 and 404 six times, except with the code model_not_found, with which it stops and shows only the message; so
 * failures that the user must fix have this code. A provider's 401 concerns the provider's key; as a 401 the client
 * would take it for its own key. Codex repeats a 503, and shows the message at the end. */
static const struct failure_rule RULES[] = {
    [FAILURE_NONE] = {"ok", false, 0, 200, NULL, NULL, NULL, false, false},
    [FAILURE_CONNECT] = {"connect", true, CONFIGURED, 503, "server_error", "upstream_unreachable", "server_error", true,
                         true},
    [FAILURE_TIMEOUT] = {"timeout", true, CONFIGURED, 503, "server_error", "upstream_timeout", "server_error", true,
                         false},
    [FAILURE_RATE_LIMIT] = {"rate_limit", true, CONFIGURED, 429, "rate_limit_error", "rate_limit_exceeded",
                            "rate_limit_exceeded", false, false},
    [FAILURE_QUOTA] = {"quota", true, QUOTA_COOLDOWN, 429, "insufficient_quota", "insufficient_quota",
                       "insufficient_quota", false, false},
    [FAILURE_AUTH] = {"auth", true, AUTH_COOLDOWN, 400, "invalid_request_error", "model_not_found", "model_not_found",
                      false, false},
    [FAILURE_NOT_FOUND] = {"not_found", true, NOT_FOUND_COOLDOWN, 404, "invalid_request_error", "model_not_found",
                           "model_not_found", false, false},
    [FAILURE_BAD_REQUEST] = {"bad_request", false, 0, 400, "invalid_request_error", NULL, "invalid_prompt", false,
                             false},
    [FAILURE_UNSUPPORTED] = {"unsupported", true, 0, 400, "invalid_request_error", NULL, "invalid_prompt", false,
                             false},
    [FAILURE_CONTEXT] = {"context", false, 0, 400, "invalid_request_error", "context_length_exceeded",
                         "context_length_exceeded", false, false},
    [FAILURE_TOO_LARGE] = {"too_large", true, 0, 400, "invalid_request_error", "context_length_exceeded",
                           "context_length_exceeded", false, false},
    [FAILURE_CONTENT_FILTER] = {"content_filter", false, 0, 400, "invalid_request_error", "content_policy_violation",
                                "content_policy_violation", false, false},
    [FAILURE_SERVER] = {"server", true, CONFIGURED, 503, "server_error", "upstream_error", "server_error", true, true},
    [FAILURE_OVERLOADED] = {"overloaded", true, CONFIGURED, 503, "server_error", "upstream_overloaded", "server_error",
                            true, true},
    [FAILURE_CUT] = {"cut", true, CONFIGURED, 503, "server_error", "upstream_cut", "server_error", true, true},
    [FAILURE_EMPTY] = {"empty", true, CONFIGURED, 503, "server_error", "upstream_empty", "server_error", true, false},
    [FAILURE_MALFORMED] = {"malformed", true, CONFIGURED, 503, "server_error", "upstream_malformed", "server_error",
                           true, true},
    [FAILURE_PROTOCOL] = {"protocol", true, CONFIGURED, 503, "server_error", "upstream_protocol", "server_error", true,
                          false},
    [FAILURE_INTERNAL] = {"internal", false, 0, 503, "server_error", "proxy_error", "server_error", false, false},
    [FAILURE_BUDGET] = {"budget", false, 0, 400, "budget_exceeded", "model_not_found", "model_not_found", false, false},
};
_Static_assert(sizeof RULES / sizeof *RULES == FAILURE_KINDS, "a rule for each kind, and FAILURE_BUDGET is the last");

const struct failure_rule *failure_rule(enum failure_kind kind)
{
    return &RULES[kind];
}

bool failure_goes_on(const struct failure *f)
{
    return (f->pattern && f->pattern->then == FAILURE_THEN_NEXT) || (!failure_stops(f) && RULES[f->kind].next);
}

bool failure_cooldown_given(const struct failure *f)
{
    return f->pattern && f->pattern->name && f->pattern->cooldown_s != FAILURE_COOLDOWN_USUAL;
}

int failure_cooldown_s(const struct failure *f)
{
    return failure_cooldown_given(f) ? f->pattern->cooldown_s : RULES[f->kind].cooldown_s;
}

bool failure_stops(const struct failure *f)
{
    return f->pattern && f->pattern->then == FAILURE_THEN_STOP;
}

bool failure_retries(const struct failure *f)
{
    return f->pattern && f->pattern->then == FAILURE_THEN_RETRY;
}

/* Copies at most `size - 1` bytes, truncated between characters; control characters become spaces. */
static void copy_truncated(char *out, size_t size, struct slice text)
{
    size_t len = text.len;
    if (len > size - 1) {
        len = size - 1;
        while (len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    if (len)
        memcpy(out, text.ptr, len);
    out[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)out[i] < 0x20 || out[i] == 0x7f)
            out[i] = ' ';
}

/* Redacts before it truncates, because a truncated key would not be recognized. */
static void copy_redacted(char *out, size_t size, struct slice text)
{
    struct buf clean;
    buf_init(&clean, REDACTED_MAX);
    if (secret_redact(&clean, text))
        copy_truncated(out, size, buf_slice(&clean));
    else
        snprintf(out, size, "(the message is too long to show)");
    buf_free(&clean);
}

void failure_set(struct failure *f, enum failure_kind kind, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *f = (struct failure){.kind = kind, .retry_after_s = -1};
    copy_redacted(f->message, sizeof f->message, slice_of(text));
}

void failure_set_no_room(struct failure *f)
{
    failure_set(f, FAILURE_INTERNAL, "%s", CEILING_REFUSAL);
    f->retry_after_s = CEILING_RETRY_S;
}

void failure_name(struct failure *f, const char *deployment_id)
{
    char named[sizeof f->message + 256];
    snprintf(named, sizeof named, "%.200s: %s", deployment_id, f->message);
    copy_truncated(f->message, sizeof f->message, slice_of(named));
}

void failure_join(struct failure *client, const struct failure *later)
{
    char joined[sizeof client->message * 2 + 8];
    if (client->kind == FAILURE_NONE || !failure_goes_on(later)) {
        *client = *later;
        return;
    }
    snprintf(joined, sizeof joined, "%s; %s", client->message, later->message);
    copy_truncated(client->message, sizeof client->message, slice_of(joined));
}

bool failure_write(struct slice message, const char *type, const char *code, const char *param, struct buf *out)
{
    BUF_ADD(out, "{");
    json_add_key(out, "error");
    BUF_ADD(out, "{");
    json_add_key(out, "message");
    json_add_string(out, message);
    json_add_key(out, "type");
    json_add_string(out, slice_of(type));
    json_add_key(out, "param");
    if (param)
        json_add_string(out, slice_of(param));
    else
        BUF_ADD(out, "null");
    json_add_key(out, "code");
    if (*code)
        json_add_string(out, slice_of(code));
    else
        BUF_ADD(out, "null");
    return BUF_ADD(out, "}}") && !out->failed;
}

bool failure_body(const struct failure *f, struct buf *out)
{
    const struct failure_rule *rule = failure_rule(f->kind);
    return failure_write(slice_of(f->message), rule->type, rule->code ? rule->code : f->code, NULL, out);
}

int failure_retry_after(const struct failure *f)
{
    int status = failure_rule(f->kind)->status;
    bool waits = f->kind == FAILURE_RATE_LIMIT || status == 503;
    if (!waits)
        return -1;
    if (f->retry_after_s < 0)
        return f->kind == FAILURE_RATE_LIMIT ? RETRY_AFTER_UNKNOWN : -1;
    if (f->retry_after_s < 1)
        return 1;
    return f->retry_after_s > RETRY_AFTER_MAX ? RETRY_AFTER_MAX : f->retry_after_s;
}

void failure_fill(struct failure *f, struct slice code, struct slice message)
{
    copy_redacted(f->code, sizeof f->code, code);
    copy_redacted(f->message, sizeof f->message, message);
}
