/* loop: the user's ChatGPT login in memory, synchronized with auth.json. */
#include "proxy/upstream/login_known.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/secret.h"
#include "proxy/terms/failure.h"

#include <sodium.h>
#include <string.h>

#define UNDATED_MAX_S (8 * 86400) /* validity of a token without an expiry, as in Codex */
#define FRESH_MS 60000            /* a new token that is refused within this time was never valid */
#define WHY_MAX 1024              /* bytes of an error message */

static int64_t now_s(void)
{
    return clock_unix_ms() / 1000;
}

void login_final(struct failure *f, const char *why)
{
    failure_set(f, FAILURE_AUTH, "%s", why);
    f->retry_after_s = 0;
}

static bool expired(const struct login_tokens *t, int64_t skew_s)
{
    if (t->expires_s)
        return t->expires_s <= now_s() + skew_s;
    return t->refreshed_s && t->refreshed_s + UNDATED_MAX_S <= now_s();
}

bool login_known_usable(const struct login_known *k, int64_t skew_s)
{
    return k->tokens.access && !k->rejected && !expired(&k->tokens, skew_s);
}

void login_known_reject(struct login_known *k)
{
    k->rejected = true;
    if (k->renewed_ms && clock_monotonic_ms() - k->renewed_ms < FRESH_MS)
        login_final(&k->final,
                    "ChatGPT refuses the Codex login (HTTP 401), although it was just renewed; " LOGIN_ADVICE);
}

void login_known_free(struct login_known *k)
{
    login_store_close(&k->store);
    login_tokens_free(&k->tokens);
    secret_free(k->text);
}

static void hash_text(struct slice text, unsigned char out[LOGIN_HASH_SIZE])
{
    (void)crypto_generichash(out, LOGIN_HASH_SIZE, (const unsigned char *)text.ptr, text.len, NULL, 0);
}

/* Returns whether the file's contents are those that were last read or written. */
static bool is_known(const struct login_known *k, struct slice text)
{
    unsigned char hash[LOGIN_HASH_SIZE];
    hash_text(text, hash);
    return k->text && memcmp(hash, k->file, sizeof hash) == 0;
}

static bool equal(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

/* Stores the tokens, which it then owns, and the file's text. false: out of memory; the tokens are freed. */
static bool adopt(struct login_known *k, struct login_tokens *tokens, struct slice text)
{
    char *copy = secret_keep(text);
    if (!copy) {
        login_tokens_free(tokens);
        return false;
    }
    bool same = equal(k->tokens.access, tokens->access);
    login_tokens_free(&k->tokens);
    secret_free(k->text);
    k->tokens = *tokens;
    k->text = copy;
    k->final.kind = FAILURE_NONE;
    if (!*k->account_id)
        memcpy(k->account_id, tokens->account_id, sizeof k->account_id);
    if (!same) {
        k->generation++;
        k->rejected = false;
        k->renewed_ms = 0;
    }
    return true;
}

static bool is_other_account(const struct login_known *k, const struct login_tokens *t)
{
    return *k->account_id && *t->account_id && strcmp(k->account_id, t->account_id) != 0;
}

static enum login_reload take_text(struct login_known *k, struct slice text, struct failure *f, struct buf *why)
{
    struct login_tokens tokens;
    if (is_known(k, text))
        return LOGIN_RELOADED;
    buf_add_format(why, "%s ", k->store.path);
    enum login_file result = login_file_read(text, &tokens, why);
    if (result != LOGIN_FILE_READ) {
        login_final(f, buf_text(why));
        return result == LOGIN_FILE_TORN ? LOGIN_RELOAD_TORN : LOGIN_RELOAD_FAILED;
    }
    if (is_other_account(k, &tokens)) {
        login_tokens_free(&tokens);
        BUF_ADD(why, "now has the login of another ChatGPT account; restart the proxy to use it");
        login_final(f, buf_text(why));
        return LOGIN_RELOAD_FAILED;
    }
    if (!adopt(k, &tokens, text)) {
        failure_set(f, FAILURE_INTERNAL, "out of locked memory: can't use the ChatGPT login");
        return LOGIN_RELOAD_FAILED;
    }
    hash_text(text, k->file);
    return LOGIN_RELOADED;
}

enum login_reload login_known_reload(struct login_known *k, struct failure *f)
{
    struct buf text, why;
    enum login_reload result = LOGIN_RELOAD_FAILED;
    buf_init(&text, LOGIN_STORE_MAX + 1);
    buf_init(&why, WHY_MAX);
    if (login_store_read(&k->store, &text, &why)) {
        result = take_text(k, buf_slice(&text), f, &why);
    } else {
        BUF_ADD(&why, "; " LOGIN_ADVICE);
        login_final(f, buf_text(&why));
    }
    buf_wipe(&text);
    buf_free(&why);
    return result;
}

/* The file has changed. Returns whether it still has the refresh token that was used: then the new one must be written
 * to it. Otherwise the user has logged in again. */
static bool still_ours(const struct login_known *k, struct slice text)
{
    struct login_tokens tokens;
    struct buf why;
    buf_init(&why, WHY_MAX);
    bool ours = login_file_read(text, &tokens, &why) == LOGIN_FILE_READ && equal(tokens.refresh, k->tokens.refresh);
    login_tokens_free(&tokens);
    buf_free(&why);
    return ours;
}

/* Writes `base` with the reply's tokens to `out`, and stores them. */
static bool take_reply(struct login_known *k, struct slice base, struct slice reply, struct buf *out)
{
    struct login_tokens tokens;
    struct buf why;
    buf_init(&why, WHY_MAX);
    bool ok = login_file_update(base, reply, now_s(), out) &&
              login_file_read(buf_slice(out), &tokens, &why) == LOGIN_FILE_READ && adopt(k, &tokens, buf_slice(out));
    buf_free(&why);
    return ok;
}

static void write_back(struct login_known *k, struct slice text)
{
    struct buf why;
    buf_init(&why, WHY_MAX);
    bool written = login_store_write(&k->store, text, &why);
    if (written)
        hash_text(text, k->file);
    else if (!k->warned)
        log_warning(
            "%s; the renewed ChatGPT login is only in memory: when this process ends, Codex may have to log in again",
            buf_text(&why));
    k->warned = !written;
    buf_free(&why);
}

bool login_known_renew(struct login_known *k, struct slice reply)
{
    struct buf now, fresh, why;
    buf_init(&now, LOGIN_STORE_MAX + 1);
    buf_init(&fresh, 4 * LOGIN_STORE_MAX);
    buf_init(&why, WHY_MAX);
    bool there = login_store_read(&k->store, &now, &why), known = there && is_known(k, buf_slice(&now));
    bool changed = there && !known && still_ours(k, buf_slice(&now));
    bool ok = buf_reserve(&fresh, 2 * LOGIN_STORE_MAX) &&
              take_reply(k, changed ? buf_slice(&now) : slice_of(k->text), reply, &fresh);
    if (ok && (known || changed))
        write_back(k, buf_slice(&fresh));
    k->renewed_ms = clock_monotonic_ms();
    buf_wipe(&now);
    buf_wipe(&fresh);
    buf_free(&why);
    return ok;
}
