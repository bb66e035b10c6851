/* pure: reads the tokens of a ChatGPT login and the token endpoint's replies. */
#include "proxy/upstream/login_token.h"

#include "common/json.h"

#include <sodium.h>
#include <string.h>

#define CLIENT_ID \
    "app_EMoamEEZ73f0CkXaXp7hrann" /* Codex CLI's: tokens are bound to the client for which they were issued */
#define AUTH_CLAIM "https://api.openai.com/auth"

/* Returns the payload of "header.payload.signature"; empty: not a JWT. */
static struct slice payload_of(struct slice token)
{
    if (!token.len)
        return (struct slice){NULL, 0};
    const char *end = token.ptr + token.len, *first = memchr(token.ptr, '.', token.len);
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (!second)
        return (struct slice){NULL, 0};
    return (struct slice){first + 1, (size_t)(second - first - 1)};
}

/* Copies the string `key` of a nested object, if it fits and is valid in a header field. */
static void copy_text(const struct json *j, uint32_t object, const char *key, char out[LOGIN_ACCOUNT_SIZE])
{
    uint32_t node = object ? json_get(j, object, key) : JSON_NONE;
    struct slice text = node ? json_inner(j, node) : (struct slice){NULL, 0};
    if (text.len >= LOGIN_ACCOUNT_SIZE || !login_text_is_clean(text))
        return;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
}

void login_claims_read(struct slice token, struct login_claims *out)
{
    unsigned char text[LOGIN_TOKEN_MAX];
    struct slice payload = payload_of(token);
    struct json j = {0};
    size_t len = 0;
    *out = (struct login_claims){0};
    /* RFC 7515 has no padding, but some encoders write it. */
    if (payload.len &&
        !sodium_base642bin(text, sizeof text, payload.ptr, payload.len, "=", &len, NULL,
                           sodium_base64_VARIANT_URLSAFE_NO_PADDING) &&
        json_parse(&j, (const char *)text, len) && json_type(&j, 0) == JSON_OBJECT) {
        (void)json_int64(&j, json_get(&j, 0, "exp"), &out->expires_s);
        copy_text(&j, json_get(&j, 0, AUTH_CLAIM), "chatgpt_account_id", out->account_id);
    }
    json_free(&j);
    sodium_memzero(text, sizeof text);
}

bool login_text_is_clean(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '"' || text.ptr[i] == '\\')
            return false;
    return text.len > 0 && text.len <= LOGIN_TOKEN_MAX;
}

bool login_refresh_body(const char *refresh_token, struct buf *out)
{
    const char *const members[][2] = {
        {"client_id", CLIENT_ID}, {"grant_type", "refresh_token"}, {"refresh_token", refresh_token}};
    BUF_ADD(out, "{");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        json_add_key(out, members[i][0]);
        json_add_string(out, slice_of(members[i][1]));
    }
    return BUF_ADD(out, "}") && !out->failed;
}

/* Returns the error code, in any of the endpoint's formats: {"error":{"code"}}, {"error":"…"}, {"code":"…"}. */
static struct slice error_code(const struct json *j)
{
    uint32_t error = json_get(j, 0, "error");
    if (json_is(j, error, JSON_OBJECT))
        error = json_get(j, error, "code");
    if (!json_is(j, error, JSON_STRING))
        error = json_get(j, 0, "code");
    return error ? json_inner(j, error) : (struct slice){NULL, 0};
}

enum login_answer login_answer_read(int status, struct slice body, struct buf *why)
{
    static const struct {
        const char *code, *why;
    } finals[] = {
        {"refresh_token_expired", "the ChatGPT login has expired; " LOGIN_ADVICE},
        {"refresh_token_reused", "another program has used up the ChatGPT login's refresh token; " LOGIN_ADVICE},
        {"refresh_token_invalidated", "the ChatGPT login was revoked; " LOGIN_ADVICE},
    };
    struct json j = {0};
    enum login_answer answer = LOGIN_ANSWER_LATER;
    bool object = json_parse(&j, body.ptr, body.len) && json_type(&j, 0) == JSON_OBJECT;
    struct slice code = object ? error_code(&j) : (struct slice){NULL, 0};
    for (size_t i = 0; i < sizeof finals / sizeof *finals && !why->len; i++) {
        if (status < 400 || !slice_is(code, finals[i].code))
            continue;
        answer = LOGIN_ANSWER_FINAL;
        buf_add_text(why, finals[i].why);
    }
    if (why->len) {
        /* a final error */
    } else if (status == 401) {
        answer = LOGIN_ANSWER_FINAL;
        BUF_ADD(why, "the token endpoint refuses the ChatGPT login (HTTP 401); " LOGIN_ADVICE);
    } else if (status == 200 && object) {
        answer = LOGIN_ANSWER_TOKENS;
    } else {
        buf_add_format(why, "can't renew the ChatGPT login: the token endpoint replied HTTP %d%s", status,
                       status == 200 ? " without JSON" : "");
    }
    json_free(&j);
    return answer;
}
