/* journal: one JSON line per request in requests.jsonl: no prompt, no key. */
#ifndef POINTSMAN_JOURNAL_H
#define POINTSMAN_JOURNAL_H

#include "proxy/config/config.h"
#include "proxy/route/plan.h"

struct journal_attempt {
    const struct deployment *deployment;
    enum failure_kind outcome; /* FAILURE_NONE: it served */
    int status;                /* HTTP status, 0 without one */
    uint32_t ms;
    bool lost;       /* given up, for another deployment had content first */
    double cost_usd; /* what it has cost, written where it was lost; NAN: unknown */
};

struct journal_entry {
    int64_t time_ms; /* Unix time */
    const char *request_id;
    const char *run_id; /* of the CLI's run; "" where the request named none */
    struct slice alias;
    enum wire client_wire;
    bool stream;
    enum wire upstream_wire; /* of the deployment that served; 0 when none did */
    const struct journal_attempt *attempts;
    unsigned attempt_count;
    const struct plan *plan; /* how it was decided; NULL: it was not */
    int64_t ttft_ms;         /* -1: no content came */
    int64_t total_ms;
    struct usage usage;
    double cost_usd;                        /* NAN: unknown, written as null */
    unsigned dropped;                       /* parts of the request that the bridge had to leave out */
    int status;                             /* what the client got; 499 when it hung up first */
    const struct markov_decision *adaptive; /* NULL: the adaptive router decided nothing */
    const char *end;                        /* "completed", "incomplete", "failed", "cut", "cancelled", "refused" */
};

struct journal;

/* Opens PATH for appending (0600, O_NOFOLLOW, made where absent), rotated to PATH.1 above `max_bytes`. NULL with a
 * message in `error`. */
struct journal *journal_open(const char *path, size_t max_bytes, struct buf *error);
/* Adds an entry's line to those that wait. true: enough wait, call journal_flush() now. */
bool journal_add(struct journal *j, const struct journal_entry *entry);
/* Appends the waiting lines in one write(2). A failing disk is reported once by log_warning, and again when it went and
 * came back; requests are served all the same. */
void journal_flush(struct journal *j);
/* Flushes, and opens the file anew, for who has moved it away. NULL is allowed. */
void journal_reopen(struct journal *j);
/* Flushes, and closes. */
void journal_close(struct journal *j);

#endif
