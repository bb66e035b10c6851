/* line: pure. Reads a line of the request log (doc/observability.md) as a request. */
#ifndef POINTSMAN_USAGE_LINE_H
#define POINTSMAN_USAGE_LINE_H

#include "common/json.h"

#include <math.h>

#define FAILED_PROVIDERS 8
#define LINE_NAME_MAX 128 /* bytes of a name; longer ones are truncated */

/* What is summed. Tokens, or USD. */
enum usage_figure {
    FIGURE_INPUT,
    FIGURE_CACHED,      /* part of the input: read from the provider's prompt cache */
    FIGURE_CACHE_WRITE, /* part of the input: written to it */
    FIGURE_OUTPUT,
    FIGURE_REASONING, /* part of the output */
    FIGURE_COST,
    FIGURE_BASELINE,    /* what the same tokens cost at the baseline's prices */
    FIGURE_SAVED,       /* baseline - cost, if both are known */
    FIGURE_CACHE_SAVED, /* cost of the calls that the reply cache saved */
    FIGURE_HEDGE_COST,  /* cost of hedges that lost; not in the cost */
    FIGURE_PROMPT_CACHE_SAVED, /* what the providers' prompt caches saved, less what was paid to write them */
    FIGURES
};

/* What the reply cache did for a request: the tier that answered it, and why none did. */
enum reply_cache {
    REPLY_MEMORY,
    REPLY_REDIS,
    REPLY_SEMANTIC,  /* the reply to a similar question */
    REPLY_COLLAPSED, /* that of an equal request in flight */
    REPLY_MISSED,
    REPLY_BYPASSED, /* it was not cacheable */
    REPLY_CACHES,   /* no cache is configured */
};

enum line_kind {
    LINE_REQUEST,
    LINE_TORN,    /* not JSON: a write was interrupted */
    LINE_FOREIGN, /* JSON, but not a request of this log */
    LINE_NO_MEMORY
};

/* A request. Names that are absent are empty. Its slices are valid until the next line is read. */
struct usage_request {
    int64_t time_ms; /* Unix time */
    struct slice raw, id, alias, deployment, model, provider, client, key, end, prefix_changed;
    struct slice segments, cache; /* as JSON */
    uint64_t conversation;        /* 0: unknown */
    int64_t turn;                 /* 0: unknown */
    double figures[FIGURES];      /* NAN: unknown */
    double ttft_ms, total_ms;     /* NAN: unknown */
    bool stream, estimated;       /* tokens were estimated from bytes */
    bool used;        /* a model may have worked for it: what is unknown of its tokens and cost is counted as unknown */
    bool failed;      /* it failed, was truncated, or was refused */
    bool cancelled;   /* the client disconnected */
    bool cache_hit;   /* answered from the reply cache */
    enum reply_cache reply_cache;
    double cache_age_s; /* of the cached reply; NAN: none */
    bool fallback;    /* answered by another deployment than the one tried first */
    unsigned attempts_failed;
    struct slice failed_providers[FAILED_PROVIDERS]; /* of the first failed attempts, as far as the log names them */
    struct slice failed_outcomes[FAILED_PROVIDERS];  /* of the same attempts: "rate_limit" */
    unsigned failed_provider_count;
};

/* The reader's memory. Zeroed before its first use. */
struct line_reader {
    struct json line, part;
    struct buf names; /* unescaped names */
};

/* Returns what the reply cache did, from a request's member `cache`, an object; 0: the root is that object. */
enum reply_cache usage_reply_cache(const struct json *j, uint32_t cache);
/* Reads a line without its newline. *r is complete only after LINE_REQUEST. */
enum line_kind usage_line_read(struct line_reader *reader, struct slice line, struct usage_request *r);
/* Reads a conversation's name, 16 hexadecimal digits. false: it is not one. */
bool usage_conversation_read(struct slice text, uint64_t *conversation);
void usage_line_free(struct line_reader *reader);

#endif
