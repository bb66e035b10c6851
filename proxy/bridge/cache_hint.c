/* pure: the hint that names a conversation to a provider's prompt cache. */
#include "proxy/bridge/cache_hint.h"

#include <sodium.h>
#include <string.h>

#define HASH_BYTES 16 /* 32 hexadecimal digits */

/* Whether it can be sent as it is: in a JSON string and in a header. */
static bool is_plain(struct slice text)
{
    if (!text.len || text.len > CACHE_HINT_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~' || text.ptr[i] == '"' || text.ptr[i] == '\\')
            return false;
    return true;
}

static void write_hash(struct cache_hint *hint, struct slice of, const unsigned char *key)
{
    unsigned char hash[HASH_BYTES];
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)of.ptr, of.len, key, CACHE_HINT_KEY_SIZE);
    (void)sodium_bin2hex(hint->value, sizeof hint->value, hash, sizeof hash);
}

const struct prompt_cache *cache_hint_row(const struct deployment *d, const char *model)
{
    if (!d->prompt_cache)
        return prompt_cache_unknown();
    bool wildcard = d->upstream_model && model != d->upstream_model;
    return wildcard ? prompt_cache_find(d->provider, d->api_base, model) : d->prompt_cache;
}

struct cache_hint cache_hint_make(const struct model_request *request, const struct prompt_cache *row, enum wire wire,
                                  bool passed, const struct omissions *omit, const unsigned char *key)
{
    struct cache_hint hint = {.place = CACHE_HINT_NONE};
    enum hint_place place = prompt_cache_place(row, wire);
    const char *field = hint_field(place);
    if (place == CACHE_HINT_NONE || !key)
        return hint;
    if (field && ((passed && json_get(&request->top, 0, field)) || omits_field(omit, field)))
        return hint;
    struct slice own = json_inner(&request->top, json_get(&request->top, 0, "prompt_cache_key"));
    hint.place = place;
    if (is_plain(own))
        memcpy(hint.value, own.ptr, own.len);
    else if (own.len)
        write_hash(&hint, own, key);
    else
        write_hash(&hint, (struct slice){(const char *)&request->conversation, sizeof request->conversation}, key);
    return hint;
}

bool cache_hint_write(const struct cache_hint *hint, struct buf *out)
{
    const char *field = hint ? hint_field(hint->place) : NULL;
    return !field || buf_add_format(out, ",\"%s\":\"%s\"", field, hint->value);
}
