/* cache_hint: pure. Names the conversation of a request to the provider, whose servers keep prefixes of prompts. */
#ifndef POINTSMAN_CACHE_HINT_H
#define POINTSMAN_CACHE_HINT_H

#include "proxy/bridge/model_request.h"
#include "proxy/terms/prompt_cache.h"

#define CACHE_HINT_KEY_SIZE 32 /* bytes of the key */
#define CACHE_HINT_MAX 64      /* characters: OpenAI's limit */

/* CACHE_HINT_NONE: there is nothing to add to the request. The value is ASCII that needs no escapes. */
struct cache_hint {
    enum hint_place place;
    char value[CACHE_HINT_MAX + 1];
};

/* The row of a deployment's model: a wildcard's deployment has many. Never NULL. */
const struct prompt_cache *cache_hint_row(const struct deployment *d, const char *model);
/* The hint of a request for a model of the row, in the API `wire`: the client's prompt_cache_key, else a hash of
 * the conversation. A client's key that is too long, or has other characters, is hashed too. `key`
 * (CACHE_HINT_KEY_SIZE bytes) makes hashes of this installation unlike those of others; NULL: no hint. None either if
 * the field is among the `omit`ted ones, or if the body is `passed` on and has it. */
struct cache_hint cache_hint_make(const struct model_request *request, const struct prompt_cache *row, enum wire wire,
                                  bool passed, const struct omissions *omit, const unsigned char *key);
/* Appends `,"field":"value"` if the hint is a field of the body. `hint` may be NULL. */
bool cache_hint_write(const struct cache_hint *hint, struct buf *out);

#endif
