/* words: the proxy's standard error, line by line: passed on to our own, and its end kept for the case that it dies.
 *
 * The session keeps no key, and still must not pass one on. So it keeps a fingerprint of each key that it handed out (a
 * keyed BLAKE2b hash under a random salt of this process) and blots out whatever part of a line has that fingerprint.
 */
#ifndef POINTSMAN_CGI_WORDS_H
#define POINTSMAN_CGI_WORDS_H

#include "common/buf.h"

#include <sodium.h>

#define WORDS_LINE_MAX 2048
#define WORDS_KEPT 1024
#define WORDS_KEYS_MAX 72 /* the master key, and a start's fields */
#define WORDS_KEY_MIN 8   /* shorter texts are no keys, and would blot out ordinary words */

struct fingerprint {
    size_t len;
    unsigned char hash[crypto_generichash_BYTES_MIN];
};

struct words {
    int fd;                    /* the pipe's reading end, non-blocking; -1 when closed */
    bool skipping;             /* within a line that was too long */
    char line[WORDS_LINE_MAX]; /* the line that is being read */
    size_t line_len;
    char kept[WORDS_KEPT]; /* the last whole lines */
    size_t kept_len;
    unsigned char salt[crypto_generichash_KEYBYTES_MIN];
    struct fingerprint keys[WORDS_KEYS_MAX];
    size_t key_count;
};

/* A new child: its pipe, no words, no fingerprints. An old pipe is closed. */
void words_open(struct words *words, int fd);
/* Remembers the fingerprint of a key that the child is given. */
void words_hide(struct words *words, struct slice key);
/* Reads what is there; closes the pipe at its end. */
void words_read(struct words *words);
/* Reads what is left and closes the pipe: the child is gone. */
void words_close(struct words *words);
/* The last lines, without the final line break. */
struct slice words_last(const struct words *words);
/* Replaces each hidden key in the `len` bytes at `text` by asterisks of the same length. */
void words_blot(const struct words *words, char *text, size_t len);

#endif
