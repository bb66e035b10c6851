/* secret: random tokens, constant-time comparison, keys in locked memory, and the redaction of output. */
#ifndef POINTSMAN_SECRET_H
#define POINTSMAN_SECRET_H

#include "common/buf.h"

#define SECRET_TOKEN_LEN 64 /* 256 bits in hexadecimal */
#define SECRET_TOKEN_SIZE (SECRET_TOKEN_LEN + 1)

/* Initializes libsodium; call first. false: cannot get random bytes; exit. */
MUST_CHECK bool secret_init(void);
/* Fills `out` with random bytes. */
void secret_random(void *out, size_t len);
/* Writes 256 random bits in hexadecimal, NUL-terminated. */
void secret_random_token(char out[SECRET_TOKEN_SIZE]);
/* Compares in constant time, except for the lengths. Two empty slices are not equal, so that an absent key matches
 * none. */
bool secret_equal(struct slice a, struct slice b);

/* Returns whether the text can be a key in a header: printable ASCII without blanks. */
bool secret_is_clean(struct slice text);
/* Returns a NUL-terminated copy in guarded, locked memory (sodium_malloc); NULL: out of memory. secret_redact() hides
 * the text until secret_free(), which overwrites it. */
char *secret_keep(struct slice text);
void secret_free(char *kept);

/* Appends `text` with "[redacted]" in place of each kept secret of at least 8 bytes, and of whatever follows "Bearer ".
 * For all text that leaves the process: errors, logs, status. */
bool secret_redact(struct buf *out, struct slice text);

#endif
