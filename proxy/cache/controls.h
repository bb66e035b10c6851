/* controls: pure. A request's own settings for the cache: LiteLLM's field `cache` and the header Cache-Control. */
#ifndef POINTSMAN_CACHE_CONTROLS_H
#define POINTSMAN_CACHE_CONTROLS_H

#include "common/json.h"

enum cache_use { CACHE_USE_UNSAID, CACHE_USE_YES, CACHE_USE_NO };

struct cache_controls {
    enum cache_use use;     /* use-cache */
    bool no_cache;          /* do not look up; store the new answer */
    bool no_store;          /* neither look up nor store */
    bool malformed;         /* `cache` is not an object, or a value has the wrong type */
    int64_t ttl_s;          /* s; life of the stored answer; -1: not given */
    int64_t max_age_s;      /* s; highest accepted age of an answer; -1: not given */
    struct slice namespace; /* borrowed from the body's text, JSON escapes included; empty: not given */
};

/* Sets all members from the JSON text of a body's field `cache` and the value of the header Cache-Control; empty:
 * absent. */
void controls_read(struct slice cache, struct slice header, struct cache_controls *out);

#endif
