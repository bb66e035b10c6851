/* prompt_cache: pure. The properties of the providers' prompt caches: a table by provider and model. */
#ifndef POINTSMAN_PROMPT_CACHE_H
#define POINTSMAN_PROMPT_CACHE_H

#include "proxy/terms/provider.h"

/* Where a request names its conversation for the provider, which then sends it to the server that has the
 * conversation's prefix. Other servers may refuse an unknown field, so each is sent only if a row has it. */
enum hint_place {
    CACHE_HINT_NONE,
    CACHE_HINT_PROMPT_CACHE_KEY, /* field of the body */
    CACHE_HINT_SESSION_ID,       /* field of the body */
    CACHE_HINT_GROK_CONV_ID,     /* header x-grok-conv-id */
};

struct prompt_cache {
    const char *provider; /* prefix of its row in provider.c */
    const char *model;    /* beginning of the models' names; NULL: all models */
    enum hint_place chat, responses;
    unsigned life_s;     /* s; how long a prefix is stored at least after its last use */
    unsigned min_tokens; /* shorter prompts are not cached */
    double write_factor; /* documented price of a written token, as a multiple of the input price; 0: that price */
    bool breakpoints;    /* caches only up to `cache_control` marks in the request */
};

/* Returns the first row for the model. Servers other than the provider's own (provider_is_at_home()) get
 * prompt_cache_unknown(). Never NULL. */
const struct prompt_cache *prompt_cache_find(const struct provider *provider, const char *api_base, const char *model);
/* Returns the row of servers with an unknown cache: it has no hints. */
const struct prompt_cache *prompt_cache_unknown(void);
/* Returns where a request of this API has the hint. */
enum hint_place prompt_cache_place(const struct prompt_cache *cache, enum wire wire);
/* Returns the name of the field of the body; NULL: the place is not in the body. */
const char *hint_field(enum hint_place place);

#endif
