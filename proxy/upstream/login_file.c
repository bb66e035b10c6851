/* pure: reads Codex CLI's auth.json, and replaces the tokens in its text. */
#include "proxy/upstream/login_file.h"

#include "common/json.h"
#include "common/secret.h"

#include <string.h>
#include <time.h>

/* json_get(), but node 0 means that there is no object. */
static uint32_t field(const struct json *j, uint32_t object, const char *key)
{
    return object ? json_get(j, object, key) : JSON_NONE;
}

/* Returns the node of the object with the tokens: `object` or its member `tokens`. It may be the root, node 0, so
 * *found is the result. */
static uint32_t find_tokens(const struct json *j, uint32_t object, bool *found)
{
    uint32_t candidates[] = {json_get(j, object, "tokens"), object};
    for (size_t i = 0; i < 2 && !*found; i++) {
        bool is_object = i == 1 || json_is(j, candidates[i], JSON_OBJECT);
        *found = is_object && (json_is(j, json_get(j, candidates[i], "access_token"), JSON_STRING) ||
                               json_is(j, json_get(j, candidates[i], "refresh_token"), JSON_STRING));
        if (*found)
            return candidates[i];
    }
    return 0;
}

static bool locate(const struct json *j, uint32_t *tokens)
{
    bool found = false;
    uint32_t nested = json_get(j, 0, "chatgpt");
    *tokens = find_tokens(j, 0, &found);
    if (!found && json_is(j, nested, JSON_OBJECT))
        *tokens = find_tokens(j, nested, &found);
    return found;
}

/* Returns a copy of a token in locked memory; NULL: absent or invalid. */
static char *keep_token(const struct json *j, uint32_t tokens, const char *key)
{
    struct slice text = json_inner(j, json_get(j, tokens, key));
    return login_text_is_clean(text) ? secret_keep(text) : NULL;
}

/* Returns the Unix time, s, of an RFC 3339 time in UTC; 0: something else. */
static int64_t read_time(struct slice text)
{
    char copy[32] = "";
    struct tm tm = {0};
    if (!text.len)
        return 0;
    memcpy(copy, text.ptr, text.len < sizeof copy - 1 ? text.len : sizeof copy - 1);
    return strptime(copy, "%Y-%m-%dT%H:%M:%S", &tm) ? timegm(&tm) : 0;
}

static struct slice text_of(const struct json *j, uint32_t node)
{
    return node ? json_inner(j, node) : (struct slice){NULL, 0};
}

static uint32_t last_refresh(const struct json *j, uint32_t tokens)
{
    uint32_t node = field(j, tokens, "last_refresh");
    return node ? node : json_get(j, 0, "last_refresh");
}

static void set_account(struct login_tokens *t, const struct json *j, uint32_t tokens, const char *of_access)
{
    struct slice said = text_of(j, json_get(j, tokens, "account_id"));
    struct login_claims claims;
    login_claims_read(text_of(j, json_get(j, tokens, "id_token")), &claims);
    if (!login_text_is_clean(said))
        said = slice_of(*claims.account_id ? claims.account_id : of_access);
    if (said.len >= sizeof t->account_id)
        return;
    memcpy(t->account_id, said.ptr, said.len);
    t->account_id[said.len] = '\0';
}

enum login_file login_file_read(struct slice text, struct login_tokens *out, struct buf *why)
{
    struct json j = {0};
    struct login_claims claims = {0};
    enum login_file result = LOGIN_FILE_NONE;
    uint32_t tokens;
    *out = (struct login_tokens){0};
    if (!json_parse(&j, text.ptr, text.len)) {
        result = LOGIN_FILE_TORN;
        buf_add_format(why, "is incomplete: %s at byte %zu; if it stays so, " LOGIN_ADVICE, j.error, j.error_at);
    } else if (json_type(&j, 0) != JSON_OBJECT || !locate(&j, &tokens)) {
        BUF_ADD(why, "has no ChatGPT login; " LOGIN_ADVICE);
    } else {
        out->access = keep_token(&j, tokens, "access_token");
        out->refresh = keep_token(&j, tokens, "refresh_token");
        login_claims_read(slice_of(out->access), &claims);
        set_account(out, &j, tokens, claims.account_id);
        out->expires_s = claims.expires_s;
        out->refreshed_s = read_time(text_of(&j, last_refresh(&j, tokens)));
        if (out->access || out->refresh)
            result = LOGIN_FILE_READ;
        else
            BUF_ADD(why, "has invalid tokens; " LOGIN_ADVICE);
    }
    json_free(&j);
    return result;
}

void login_tokens_free(struct login_tokens *t)
{
    secret_free(t->access);
    secret_free(t->refresh);
    *t = (struct login_tokens){0};
}

/* A change of the text: the value, or for an absent key the pair, replaces the bytes from `at` to `at + len`. */
struct edit {
    size_t at, len;
    struct slice indent; /* the white space before the new key: that before the object's first one */
    const char *key;     /* NULL: only the value */
    struct slice value;
    bool comma; /* after a new pair */
};

#define EDITS_MAX 4

struct edits {
    struct edit list[EDITS_MAX]; /* in order of `at` */
    size_t count;
};

static void add_edit(struct edits *edits, struct edit e)
{
    size_t i = edits->count++;
    for (; i > 0 && edits->list[i - 1].at > e.at; i--)
        edits->list[i] = edits->list[i - 1];
    edits->list[i] = e;
}

/* Sets a key's value: replaces the old one, or adds a first pair. */
static void set_value(struct edits *edits, const struct json *j, uint32_t object, const char *key, struct slice value)
{
    uint32_t old = json_get(j, object, key), first = json_first(j, object);
    size_t inside = (size_t)(json_raw(j, object).ptr - j->text) + 1;
    if (old) {
        struct slice raw = json_raw(j, old);
        add_edit(edits, (struct edit){.at = (size_t)(raw.ptr - j->text), .len = raw.len, .value = value});
    } else {
        size_t blank = first ? (size_t)(json_raw(j, first).ptr - j->text) - inside : 0;
        add_edit(edits, (struct edit){.at = inside,
                                      .indent = {j->text + inside, blank},
                                      .key = key,
                                      .value = value,
                                      .comma = first != JSON_NONE});
    }
}

static bool apply(const struct edits *edits, struct slice text, struct buf *out)
{
    size_t copied = 0;
    for (size_t i = 0; i < edits->count; i++) {
        const struct edit *e = &edits->list[i];
        buf_add(out, text.ptr + copied, e->at - copied);
        if (e->key) {
            buf_add_slice(out, e->indent);
            buf_add_format(out, "\"%s\": ", e->key);
        }
        buf_add_slice(out, e->value);
        if (e->comma)
            BUF_ADD(out, ",");
        copied = e->at + e->len;
    }
    return buf_add(out, text.ptr + copied, text.len - copied) && !out->failed;
}

bool login_file_update(struct slice text, struct slice reply, int64_t now_s, struct buf *out)
{
    static const char *const keys[] = {"id_token", "access_token", "refresh_token"};
    struct json file = {0}, fresh = {0};
    struct edits edits = {.count = 0};
    char now[32];
    time_t seconds = (time_t)now_s;
    struct tm tm;
    uint32_t tokens = 0;
    bool ok = json_parse(&file, text.ptr, text.len) && json_type(&file, 0) == JSON_OBJECT && locate(&file, &tokens) &&
              json_parse(&fresh, reply.ptr, reply.len) && json_type(&fresh, 0) == JSON_OBJECT &&
              gmtime_r(&seconds, &tm) && strftime(now, sizeof now, "\"%Y-%m-%dT%H:%M:%SZ\"", &tm) > 0;
    if (ok) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            uint32_t value = json_get(&fresh, 0, keys[i]);
            if (json_is(&fresh, value, JSON_STRING) && login_text_is_clean(json_inner(&fresh, value)))
                set_value(&edits, &file, tokens, keys[i], json_raw(&fresh, value));
        }
        set_value(&edits, &file, field(&file, tokens, "last_refresh") ? tokens : 0, "last_refresh", slice_of(now));
        ok = apply(&edits, text, out);
    }
    json_free(&file);
    json_free(&fresh);
    return ok;
}
