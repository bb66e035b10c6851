/* Random tokens, constant-time comparison, keys in locked memory, and redaction. */
#include "common/secret.h"

#include <sodium.h>
#include <string.h>

#define KEPT_MAX 256     /* secrets at a time: a master key and one key per deployment */
#define REDACT_MIN_LEN 8 /* shorter "keys" would redact ordinary words */
#define REDACTED "[redacted]"

static char *kept[KEPT_MAX];
static size_t kept_len[KEPT_MAX];

bool secret_init(void)
{
    return sodium_init() >= 0;
}

void secret_random(void *out, size_t len)
{
    randombytes_buf(out, len);
}

void secret_random_token(char out[SECRET_TOKEN_SIZE])
{
    unsigned char bytes[SECRET_TOKEN_LEN / 2];
    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2hex(out, SECRET_TOKEN_SIZE, bytes, sizeof bytes);
    sodium_memzero(bytes, sizeof bytes);
}

bool secret_equal(struct slice a, struct slice b)
{
    return a.len == b.len && a.len && sodium_memcmp(a.ptr, b.ptr, a.len) == 0;
}

bool secret_is_clean(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return false;
    return true;
}

char *secret_keep(struct slice text)
{
    char *copy = sodium_malloc(text.len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (!kept[i]) {
            kept[i] = copy;
            kept_len[i] = text.len;
            return copy;
        }
    }
    sodium_free(copy); /* a key that cannot be redacted is not kept */
    return NULL;
}

void secret_free(char *text)
{
    if (!text)
        return;
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (kept[i] == text)
            kept[i] = NULL;
    sodium_free(text);
}

/* Length of the secret at the start of `text`; 0: none. */
static size_t secret_at(struct slice text)
{
    size_t longest = 0;
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (kept[i] && kept_len[i] >= REDACT_MIN_LEN && kept_len[i] <= text.len && kept_len[i] > longest &&
            memcmp(text.ptr, kept[i], kept_len[i]) == 0)
            longest = kept_len[i];
    return longest;
}

/* Length of the credential at the start of `text`, after "Bearer ". */
static size_t credential_length(struct slice text)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] > ' ' && !strchr("\"'<>,;", text.ptr[n]))
        n++;
    return n;
}

bool secret_redact(struct buf *out, struct slice text)
{
    static const char bearer[] = "bearer ";
    while (text.len) {
        size_t hidden = secret_at(text), shown = 0;
        if (!hidden && text.len > sizeof bearer - 1 &&
            slice_is_nocase((struct slice){text.ptr, sizeof bearer - 1}, bearer)) {
            shown = sizeof bearer - 1;
            hidden = credential_length((struct slice){text.ptr + shown, text.len - shown});
        }
        if (!hidden)
            shown = 1;
        buf_add(out, text.ptr, shown);
        if (hidden)
            BUF_ADD(out, REDACTED);
        text.ptr += shown + hidden;
        text.len -= shown + hidden;
    }
    return !out->failed;
}
