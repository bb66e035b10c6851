/* prompt_cache: pure. What is known of the providers' prompt caches: a table by provider and model. */
#ifndef POINTSMAN_PROMPT_CACHE_H
#define POINTSMAN_PROMPT_CACHE_H

#include "proxy/terms/provider.h"

/* How a provider is told which conversation a request belongs to, so that the request reaches the server that has the
 * conversation's prefix. Another server may refuse an unknown field, so each is sent only where a row has it. */
enum hint_carrier {
    CACHE_HINT_NONE,
    CACHE_HINT_PROMPT_CACHE_KEY, /* field of the body */
    CACHE_HINT_SESSION_ID,       /* field of the body */
    CACHE_HINT_GROK_CONV_ID,     /* header x-grok-conv-id */
};

struct prompt_cache {
    const char *provider; /* prefix of its row in provider.c */
    const char *model;    /* beginning of the models' names */
    enum hint_carrier chat, responses;
    unsigned life_s;     /* s: a prefix is kept for at least this long after its last use */
    unsigned min_tokens; /* shorter prompts are not cached */
    double write_factor; /* documented price of a written token, as a multiple of the input price; 0: that price */
    bool breakpoints;    /* caches only up to `cache_control` marks in the request */
};

/* The row for a model at a server. The first row of provider and model counts, and only at the provider's own server
 * (provider_is_at_home()): any other gets a row without hints, never NULL. */
const struct prompt_cache *prompt_cache_find(const struct provider *provider, const char *api_base, const char *model);
/* The row of servers that nothing is known of. */
const struct prompt_cache *prompt_cache_unknown(void);
/* The carrier for a request of that API. */
enum hint_carrier prompt_cache_carrier(const struct prompt_cache *cache, enum wire wire);
/* The name of the carrier's field in the body; NULL: none. */
const char *hint_field(enum hint_carrier carrier);

#endif
