/* seal: pure. Encrypts answers for a store outside the process, and binds each to its name, so that the store can
 * neither read answers nor swap them. XChaCha20-Poly1305 with the name as additional data. */
#ifndef POINTSMAN_CACHE_SEAL_H
#define POINTSMAN_CACHE_SEAL_H

#include "proxy/cache/canonical.h"

/* Bytes that a seal adds to an answer: version, nonce, times, cost, authenticator. */
#define SEAL_OVERHEAD (1 + 24 + 24 + 16)

struct sealed {
    int64_t stored_ms, expires_ms; /* Unix time */
    double saved_usd;              /* NAN: unknown */
    struct slice text;             /* after seal_open(): in `out` */
};

/* Derives the encryption key from the cache's secret; both have CACHE_KEY_SIZE bytes. */
void seal_key(const unsigned char *secret, unsigned char *key);
/* Appends the encrypted answer with this name (CACHE_KEY_SIZE bytes). false: `out` failed. */
bool seal_make(const struct sealed *s, const unsigned char *key, const unsigned char *name, struct buf *out);
/* Decrypts a value of seal_make(): appends its text to `out`, and sets `s`. false: of another key or name, altered, too
 * short, or `out` failed. */
MUST_CHECK bool seal_open(struct slice value, const unsigned char *key, const unsigned char *name, struct buf *out,
                          struct sealed *s);

#endif
