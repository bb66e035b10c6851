/* journal: loop. The request log: one JSON line per request in requests.jsonl, without prompts or keys; and, if they
 * are configured, the session log and the debug log (debug_log.h) beside it. */
#ifndef POINTSMAN_JOURNAL_H
#define POINTSMAN_JOURNAL_H

#include "common/log_files.h"
#include "proxy/config/config.h"
#include "proxy/keys/gate.h"
#include "proxy/route/plan.h"
#include "proxy/terms/client_name.h"
#include "proxy/terms/segments.h"

struct journal_attempt {
    const struct deployment *deployment;
    enum failure_kind outcome; /* FAILURE_NONE: it answered */
    int status;                /* HTTP status; 0: none */
    uint32_t ms;
    bool lost;                             /* cancelled because another deployment produced content first */
    double cost_usd;                       /* USD, written only if `lost`; NAN: unknown */
    const struct failure_pattern *pattern; /* the row that identified the failure; NULL: none */
    struct omissions *again_without;       /* what the request was then sent again without; NULL: it was not */
};

/* What the cache of replies did. */
struct journal_cache {
    const char *tier;                   /* "memory", "redis", "semantic" */
    const char *status;                 /* "hit", "miss", "stored", "collapsed", "bypass" */
    const char *reason;                 /* why not looked up or kept; NULL: does not apply */
    int64_t age_s;                      /* of the kept reply; -1: none was used */
    double saved_usd;                   /* cost of the call that was not needed, USD; NAN: none, or unknown */
    double similarity;                  /* of the nearest earlier question; NAN: not compared */
    bool served;                        /* its reply was sent, so that `agrees` is not known */
    bool agrees, guards, words, proven; /* see struct semantic_match */
};

struct journal_entry {
    int64_t time_ms; /* Unix time */
    const char *request_id;
    const char *run_id;               /* "pointsman run"'s id; "": the request named none */
    const struct client_name *client; /* NULL: unknown */
    const struct gate_names *key;     /* of the virtual key; NULL: no such key */
    struct slice alias;
    enum wire client_wire;
    bool stream;
    enum wire upstream_wire; /* of the deployment that answered; 0: none did */
    const struct journal_attempt *attempts;
    unsigned attempt_count;
    const struct plan *plan; /* the routing decision; NULL: none */
    int64_t ttft_ms;         /* ms; -1: no content */
    int64_t total_ms;
    struct usage usage;
    double cost_usd;     /* USD; NAN: unknown, written as null */
    bool has_baseline;   /* `baseline_usd` is written */
    double baseline_usd; /* USD: the same tokens at the baseline's prices; NAN: unknown, null */
    double uncached_usd; /* USD: `cost_usd` without the provider's prompt cache; 0, NAN: not written */
    unsigned dropped;    /* parts of the request that the bridge left out */
    int status;          /* status sent to the client; 499: it disconnected first */
    const struct markov_decision *adaptive; /* NULL: the adaptive router made no decision */
    const struct journal_cache *cache;      /* NULL: no cache is configured */
    uint64_t conversation;                  /* a keyed hash; 0: not written */
    const struct prompt_segments *prompt;   /* NULL: not known */
    int64_t near_window;                    /* tokens: the context window that the prompt is near; 0: it is not */
    double bytes_per_token;                 /* for estimates of tokens; 0: the default */
    const char *effort;                     /* of the session log: the reasoning effort asked for; "": none */
    const char *end;                        /* "completed", "incomplete", "failed", "cut", "cancelled", "refused" */
};

struct journal;

enum journal_log { JOURNAL_REQUESTS, JOURNAL_SESSION, JOURNAL_DEBUG, JOURNAL_LOGS };

/* Opens `path` for appending (0600, O_NOFOLLOW, created if missing). Rotates it by `limits`. NULL: one line in `error`.
 * Close with journal_close(). */
struct journal *journal_open(const char *path, const struct log_limits *limits, struct buf *error);
/* Opens another log in the same way; it closes with the journal. false: one line in `error`. */
MUST_CHECK bool journal_open_log(struct journal *j, enum journal_log log, const char *path,
                                 const struct log_limits *limits, struct buf *error);
/* Returns whether the log is open; false for NULL. */
bool journal_has(const struct journal *j, enum journal_log log);
/* From now on counts lines that could not be written in `dropped`, which other processes may share and which must
 * outlive the journal; their sum is what journal_dropped() returns. */
void journal_share_dropped(struct journal *j, _Atomic uint64_t *dropped);
/* Adds the entry's line to the waiting lines. Returns true if enough wait: call journal_flush() now. */
bool journal_add(struct journal *j, const struct journal_entry *entry);
/* Begins a line of the debug log: `{"timestamp":…,"event":…`. End it with "}\n". NULL: there is no debug log. */
struct buf *journal_debug(struct journal *j, int64_t time_ms, const char *event);
/* Appends the waiting lines, of each log with one write(2). Logs a failure once, and the recovery. */
void journal_flush(struct journal *j);
/* Returns how many lines of all its logs could not be written; 0 for NULL. */
uint64_t journal_dropped(const struct journal *j);
/* Flushes and reopens the files, after a log rotation moved it. NULL is allowed. */
void journal_reopen(struct journal *j);
/* Flushes, closes and frees. NULL is allowed. */
void journal_close(struct journal *j);

#endif
