/* pure: answers outside of the process. */
#include "proxy/cache/seal.h"

#include <sodium.h>

#define SEAL_VERSION 1
#define NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG crypto_aead_xchacha20poly1305_ietf_ABYTES

struct head {
    int64_t stored_ms, expires_ms;
    double saved_usd;
};

_Static_assert(SEAL_OVERHEAD == 1 + NONCE + sizeof(struct head) + TAG, "layout");
_Static_assert(CACHE_KEY_SIZE == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");

void seal_key(const unsigned char *secret, unsigned char *key)
{
    static const unsigned char purpose[] = "sealed answers";
    crypto_generichash(key, CACHE_KEY_SIZE, purpose, sizeof purpose - 1, secret, CACHE_KEY_SIZE);
}

bool seal_make(const struct sealed *s, const unsigned char *key, const unsigned char *name, struct buf *out)
{
    const struct head head = {s->stored_ms, s->expires_ms, s->saved_usd};
    unsigned char nonce[NONCE];
    struct buf plain;
    buf_init(&plain, out->max);
    buf_add(&plain, &head, sizeof head);
    buf_add_slice(&plain, s->text);
    randombytes_buf(nonce, sizeof nonce);
    buf_add_char(out, SEAL_VERSION);
    buf_add(out, nonce, sizeof nonce);
    buf_fail_with(out, &plain);
    if (buf_reserve(out, plain.len + TAG) && !out->failed) {
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt((unsigned char *)out->data + out->len, NULL,
                                                         (const unsigned char *)plain.data, plain.len, name,
                                                         CACHE_KEY_SIZE, NULL, nonce, key);
        out->len += plain.len + TAG;
    }
    buf_free(&plain);
    return !out->failed;
}

bool seal_open(struct slice value, const unsigned char *key, const unsigned char *name, struct buf *out,
               struct sealed *s)
{
    struct head head;
    const unsigned char *bytes = (const unsigned char *)value.ptr;
    if (value.len < SEAL_OVERHEAD || bytes[0] != SEAL_VERSION)
        return false;
    size_t len = value.len - 1 - NONCE;
    buf_clear(out);
    if (!buf_reserve(out, len) ||
        crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)out->data, NULL, NULL, bytes + 1 + NONCE, len, name,
                                                   CACHE_KEY_SIZE, bytes + 1, key) != 0)
        return false;
    out->len = len - TAG;
    memcpy(&head, out->data, sizeof head);
    *s = (struct sealed){
        head.stored_ms, head.expires_ms, head.saved_usd, {out->data + sizeof head, out->len - sizeof head}};
    return true;
}
