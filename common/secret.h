/* secret: random tokens, constant-time comparison, keys in locked memory, and the redaction of outgoing text. */
#ifndef POINTSMAN_SECRET_H
#define POINTSMAN_SECRET_H

#include "common/buf.h"

#define SECRET_TOKEN_LEN 64 /* 256 bits in hexadecimal */
#define SECRET_TOKEN_SIZE (SECRET_TOKEN_LEN + 1)

/* Starts libsodium; call before anything else here. false: no randomness to be had, do not go on. */
MUST_CHECK bool secret_init(void);
/* Fills `out` with random bytes. */
void secret_random(void *out, size_t len);
/* 256 random bits as hexadecimal, NUL-terminated. */
void secret_random_token(char out[SECRET_TOKEN_SIZE]);
/* Whether both hold the same bytes, in a time that does not depend on where they differ (their lengths may show).
 * Two empty slices are not equal: an absent key is nobody's key. */
bool secret_equal(struct slice a, struct slice b);

/* Whether the text can be a key, and so go into a header: printable ASCII without blanks. */
bool secret_is_clean(struct slice text);
/* A NUL-terminated copy in guarded, locked memory (sodium_malloc); NULL without memory. The text also becomes known to
 * secret_redact() while it is kept. Free with secret_free(), which overwrites it. */
char *secret_keep(struct slice text);
void secret_free(char *kept);

/* Copies `text` with each kept secret of 8 bytes and more, and whatever follows "Bearer ", replaced by "[redacted]".
 * For every string that leaves the process: errors, logs, status. */
bool secret_redact(struct buf *out, struct slice text);

#endif
