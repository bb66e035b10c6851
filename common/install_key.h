/* install_key: the secret of this installation, from which keyed hashes and seals get their keys: 32 random bytes in
 * FOLDER/install.key, mode 0600, created when first needed. It makes hashes of guessable texts useless to others, and
 * keeps them the same over restarts. It is no provider's key and not the master key. */
#ifndef POINTSMAN_INSTALL_KEY_H
#define POINTSMAN_INSTALL_KEY_H

#include "common/buf.h"

#define INSTALL_KEY_BYTES 32
#define INSTALL_KEY_FILE "install.key"

/* The purposes: each has a key of its own, so that what one publishes says nothing about the others. */
#define INSTALL_KEY_CONVERSATION "conversation" /* the request log's name of a conversation */
#define INSTALL_KEY_HINT "hint"                 /* the name of a conversation for providers' prompt caches */
#define INSTALL_KEY_CACHE "cache"               /* names and seals of stored replies */
#define INSTALL_KEY_CARRIER "carrier"           /* authenticates a provider's state that clients return */

/* Loads the key into locked memory, before the sandbox. `folder`: where the request log and the saved state are; NULL:
 * none, so nothing is created. Creates the file if missing; processes that race get the same key. Returns whether the
 * key is that of the file. If not, it is random and lasts as long as the process; a file that can't be used, or not
 * created, is logged once. In a worker, after fork(2), the parent's key stays and its memory is locked again. */
bool install_key_load(const char *folder);
/* Writes the key for a purpose, a keyed BLAKE2b hash of its name. Overwrite it with sodium_memzero() when done. Without
 * install_key_load() the key is random. */
void install_key_derive(const char *purpose, unsigned char out[INSTALL_KEY_BYTES]);
/* Overwrites the key, in tests or at the end. The next install_key_load() reads the file again. */
void install_key_forget(void);

#endif
