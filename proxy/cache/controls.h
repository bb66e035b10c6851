/* controls: pure. What one request says about the cache: its field `cache` (LiteLLM's) and its header Cache-Control. */
#ifndef POINTSMAN_CACHE_CONTROLS_H
#define POINTSMAN_CACHE_CONTROLS_H

#include "common/json.h"

enum cache_use { CACHE_USE_UNSAID, CACHE_USE_YES, CACHE_USE_NO };

struct cache_controls {
    enum cache_use use;     /* use-cache */
    bool no_cache;          /* the answer must be new; it is kept */
    bool no_store;          /* neither look up nor keep */
    bool malformed;         /* `cache` is not an object, or a value has the wrong type */
    int64_t ttl_s;          /* s to keep the answer; -1: not given */
    int64_t max_age_s;      /* highest age of an answer, s; -1: not given */
    struct slice namespace; /* escaped, in the body's text; empty: not given */
};

/* Reads the object `cache` of a body, as text (empty: absent), and a Cache-Control header (empty: absent). */
void controls_read(struct slice cache, struct slice header, struct cache_controls *out);

#endif
