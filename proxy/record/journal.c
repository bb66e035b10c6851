/* loop. The request log: appends one JSON line per request to requests.jsonl. See doc/observability.md. */
#include "proxy/record/journal.h"

#include "common/json.h"
#include "common/jsonl.h"
#include "common/log.h"
#include "proxy/record/journal_line.h"
#include "proxy/terms/failure_patterns.h"
#include "proxy/terms/usage.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_MAX (64u << 10) /* bytes */
#define FLUSH_AT (16u << 10) /* bytes of waiting lines; then journal_flush() */

struct log {
    struct jsonl *file; /* NULL: not open */
    bool failing;       /* the failure has been logged */
    uint64_t lost;      /* lines that were dropped before it */
};

struct journal {
    struct log logs[JOURNAL_LOGS];
    _Atomic uint64_t *dropped; /* shared with other processes; NULL: not */
    time_t second;             /* the second that `clock` shows */
    char clock[32];
};

static const char *const NAMES[] = {"request log", "session log", "debug log"};

bool journal_open_log(struct journal *j, enum journal_log log, const char *path, const struct log_limits *limits,
                      struct buf *error)
{
    j->logs[log].file = jsonl_open(path, limits, FLUSH_AT + LINE_MAX, error);
    return j->logs[log].file;
}

struct journal *journal_open(const char *path, const struct log_limits *limits, struct buf *error)
{
    struct journal *j = calloc(1, sizeof *j);
    if (j && journal_open_log(j, JOURNAL_REQUESTS, path, limits, error))
        return j;
    if (!j)
        buf_add_format(error, "%s: out of memory", path);
    free(j);
    return NULL;
}

bool journal_has(const struct journal *j, enum journal_log log)
{
    return j && j->logs[log].file;
}

void journal_share_dropped(struct journal *j, _Atomic uint64_t *dropped)
{
    j->dropped = dropped;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    journal_flush(j);
    for (unsigned i = 0; i < JOURNAL_LOGS; i++)
        jsonl_close(j->logs[i].file);
    free(j);
}

/* "2026-11-30T23:49:09": strftime(3) takes ten times as long. */
static void write_clock(const struct tm *utc, char clock[32])
{
    const int numbers[] = {(utc->tm_year + 1900) / 100,
                           (utc->tm_year + 1900) % 100,
                           utc->tm_mon + 1,
                           utc->tm_mday,
                           utc->tm_hour,
                           utc->tm_min,
                           utc->tm_sec};
    static const char between[] = {0, '-', '-', 'T', ':', ':', 0};
    char *at = clock;
    for (size_t i = 0; i < sizeof between; i++) {
        *at++ = (char)('0' + numbers[i] / 10);
        *at++ = (char)('0' + numbers[i] % 10);
        if (between[i])
            *at++ = between[i];
    }
    *at = '\0';
}

static void add_time(struct journal *j, struct buf *out, int64_t time_ms)
{
    time_t second = (time_t)(time_ms / 1000);
    int ms = (int)(time_ms % 1000);
    struct tm utc;
    if (second != j->second || !*j->clock) {
        j->second = second;
        if (!gmtime_r(&second, &utc) || utc.tm_year < -1900 || utc.tm_year > 9999 - 1900)
            utc = (struct tm){.tm_year = 70, .tm_mday = 1};
        write_clock(&utc, j->clock);
    }
    buf_add_char(out, '"');
    buf_add_text(out, j->clock);
    buf_add(out, (const char[]){'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10)}, 4);
    BUF_ADD(out, "Z\"");
}

/* USD; null if unknown. */
static void add_usd(struct buf *out, double usd)
{
    if (isfinite(usd))
        buf_add_double(out, usd, 9);
    else
        BUF_ADD(out, "null");
}

/* The client's name and version, which are plain text. */
static void add_client(struct buf *out, const struct client_name *client)
{
    if (!client || !*client->name)
        return;
    BUF_ADD(out, ",\"client\":{\"name\":");
    journal_line_word(out, client->name);
    BUF_ADD(out, ",\"version\":");
    journal_line_word(out, *client->version ? client->version : NULL);
    buf_add_char(out, '}');
}

/* By which words its failure was known, and what was left out of the request then. */
static void add_refusal(struct buf *out, const struct journal_attempt *a)
{
    const char *between = "";
    if (!a->pattern)
        return;
    BUF_ADD(out, ",\"rule\":");
    journal_line_string(out, failure_pattern_name(a->pattern));
    if (!a->again_without)
        return;
    BUF_ADD(out, ",\"again_without\":[");
    for (unsigned part = 1; part <= PART_API; part <<= 1) {
        if (!(a->again_without->parts & part))
            continue;
        buf_add_text(out, between);
        journal_line_string(out, part == PART_FIELD ? a->again_without->fields[0] : part_name(part));
        between = ",";
    }
    BUF_ADD(out, "]");
}

static void add_attempts(struct buf *out, const struct journal_entry *e)
{
    BUF_ADD(out, ",\"attempts\":[");
    for (unsigned i = 0; i < e->attempt_count; i++) {
        const struct journal_attempt *a = &e->attempts[i];
        buf_add_text(out, i ? ",{\"deployment\":" : "{\"deployment\":");
        journal_line_string(out, a->deployment->id);
        BUF_ADD(out, ",\"outcome\":");
        journal_line_word(out, a->lost ? "lost" : failure_rule(a->outcome)->name);
        if (a->outcome != FAILURE_NONE) {
            BUF_ADD(out, ",\"provider\":");
            journal_line_string(out, a->deployment->provider->prefix);
        }
        JOURNAL_LINE_COUNT(out, ",\"status\"", a->status);
        JOURNAL_LINE_COUNT(out, ",\"ms\"", a->ms);
        add_refusal(out, a);
        if (a->lost && isfinite(a->cost_usd))
            buf_add_format(out, ",\"cost_usd\":%.9g", a->cost_usd);
        buf_add_char(out, '}');
    }
    BUF_ADD(out, "]");
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void add_cache(struct buf *out, const struct journal_cache *c)
{
    BUF_ADD(out, ",\"cache\":{\"tier\":");
    journal_line_word(out, c->tier);
    BUF_ADD(out, ",\"status\":");
    journal_line_word(out, c->status);
    BUF_ADD(out, ",\"reason\":");
    journal_line_string(out, c->reason);
    JOURNAL_LINE_COUNT(out, ",\"age_s\"", c->age_s);
    BUF_ADD(out, ",\"saved_usd\":");
    add_usd(out, c->saved_usd);
    if (isfinite(c->similarity)) {
        BUF_ADD(out, ",\"semantic\":{\"similarity\":");
        buf_add_double(out, c->similarity, 6);
        buf_add_format(out, ",\"agrees\":%s,\"guards\":%s,\"words\":%s,\"proven\":%s}",
                       c->served ? "null" : truth(c->agrees), truth(c->guards), truth(c->words), truth(c->proven));
    }
    buf_add_char(out, '}');
}

static void add_tokens(struct buf *out, const struct journal_entry *e, enum segment segment)
{
    buf_add_number(out, usage_tokens(e->prompt->bytes[segment], e->bytes_per_token));
}

/* The conversation, the turn, the tokens of each segment, and where the prefix changed. Tokens are estimates. */
static void add_conversation(struct buf *out, const struct journal_entry *e)
{
    char name[17];
    if (!e->conversation)
        return;
    journal_line_conversation(e->conversation, name);
    BUF_ADD(out, ",\"conversation\":\"");
    buf_add_text(out, name);
    buf_add_char(out, '"');
    if (!e->prompt)
        return;
    if (e->prompt->turn)
        JOURNAL_LINE_COUNT(out, ",\"turn\"", e->prompt->turn);
    BUF_ADD(out, ",\"segments\":{\"instructions\":");
    add_tokens(out, e, SEGMENT_INSTRUCTIONS);
    BUF_ADD(out, ",\"tools\":");
    add_tokens(out, e, SEGMENT_TOOLS);
    BUF_ADD(out, ",\"environment\":");
    add_tokens(out, e, SEGMENT_ENVIRONMENT);
    BUF_ADD(out, ",\"history\":");
    add_tokens(out, e, SEGMENT_HISTORY);
    BUF_ADD(out, ",\"tool_output\":");
    add_tokens(out, e, SEGMENT_TOOL_OUTPUT);
    BUF_ADD(out, "}");
    if (e->prompt->changed != SEGMENT_NONE) {
        BUF_ADD(out, ",\"prefix_changed\":");
        journal_line_word(out, segment_name(e->prompt->changed));
    }
    if (e->near_window) {
        JOURNAL_LINE_COUNT(out, ",\"context_warning\":{\"tokens\"", e->usage.input);
        JOURNAL_LINE_COUNT(out, ",\"window\"", e->near_window);
        buf_add_char(out, '}');
    }
}

static void add_entry(struct journal *j, const struct journal_entry *e)
{
    struct buf *out = jsonl_line(j->logs[JOURNAL_REQUESTS].file);
    const struct journal_attempt *last = e->attempt_count ? &e->attempts[e->attempt_count - 1] : NULL;
    const struct deployment *served = last && last->outcome == FAILURE_NONE ? last->deployment : NULL;

    BUF_ADD(out, "{\"timestamp\":");
    add_time(j, out, e->time_ms);
    BUF_ADD(out, ",\"request_id\":");
    journal_line_word(out, e->request_id);
    BUF_ADD(out, ",\"run_id\":");
    journal_line_string(out, e->run_id && *e->run_id ? e->run_id : NULL);
    BUF_ADD(out, ",\"alias\":");
    json_add_string(out, e->alias);
    BUF_ADD(out, ",\"deployment\":");
    journal_line_string(out, served ? served->id : NULL);
    BUF_ADD(out, ",\"provider\":");
    journal_line_word(out, served ? served->provider->prefix : NULL);
    if (served) {
        BUF_ADD(out, ",\"model\":");
        journal_line_string(out, served->model);
    }
    add_client(out, e->client);
    journal_line_key(out, e->key);
    add_conversation(out, e);
    journal_line_decision(out, e->plan);
    add_attempts(out, e);
    BUF_ADD(out, ",\"wire\":{\"client\":");
    journal_line_word(out, wire_name(e->client_wire));
    BUF_ADD(out, ",\"upstream\":");
    journal_line_word(out, wire_name(e->upstream_wire));
    buf_add_text(out, e->stream ? "},\"stream\":true," : "},\"stream\":false,");
    JOURNAL_LINE_COUNT(out, "\"ttft_ms\"", e->ttft_ms);
    JOURNAL_LINE_COUNT(out, ",\"total_ms\"", e->total_ms);
    buf_add_char(out, ',');
    journal_line_tokens(out, &e->usage);
    BUF_ADD(out, ",\"cost_usd\":");
    add_usd(out, e->cost_usd);
    if (e->has_baseline) {
        BUF_ADD(out, ",\"baseline_usd\":");
        add_usd(out, e->baseline_usd);
    }
    if (e->uncached_usd > 0) {
        BUF_ADD(out, ",\"uncached_usd\":");
        add_usd(out, e->uncached_usd);
    }
    JOURNAL_LINE_COUNT(out, ",\"dropped\"", e->dropped);
    JOURNAL_LINE_COUNT(out, ",\"status\"", e->status);
    BUF_ADD(out, ",\"end\":");
    journal_line_word(out, e->end);
    if (e->adaptive) {
        BUF_ADD(out, ",\"adaptive_router\":");
        markov_write(e->adaptive, out);
    }
    if (e->cache)
        add_cache(out, e->cache);
    BUF_ADD(out, "}\n");
}

static void add_session(struct journal *j, const struct journal_entry *e)
{
    struct buf *out = jsonl_line(j->logs[JOURNAL_SESSION].file);
    const struct journal_attempt *last = e->attempt_count ? &e->attempts[e->attempt_count - 1] : NULL;
    char conversation[17];
    BUF_ADD(out, "{\"ts\":");
    add_time(j, out, e->time_ms);
    journal_line_conversation(e->conversation, conversation);
    BUF_ADD(out, ",\"session_id\":");
    journal_line_word(out, e->conversation ? conversation : NULL);
    BUF_ADD(out, ",\"model\":");
    journal_line_string(out, last && last->outcome == FAILURE_NONE ? last->deployment->model : NULL);
    BUF_ADD(out, ",\"effort\":");
    journal_line_word(out, e->effort && *e->effort ? e->effort : NULL);
    buf_add_char(out, ',');
    journal_line_tokens(out, &e->usage);
    BUF_ADD(out, "}\n");
}

static bool is_full(const struct log *log)
{
    return log->file && (log->file->lines.failed || log->file->lines.len >= FLUSH_AT);
}

bool journal_add(struct journal *j, const struct journal_entry *entry)
{
    add_entry(j, entry);
    if (j->logs[JOURNAL_SESSION].file)
        add_session(j, entry);
    return is_full(&j->logs[JOURNAL_REQUESTS]) || is_full(&j->logs[JOURNAL_SESSION]);
}

struct buf *journal_debug(struct journal *j, int64_t time_ms, const char *event)
{
    if (!journal_has(j, JOURNAL_DEBUG))
        return NULL;
    if (is_full(&j->logs[JOURNAL_DEBUG]))
        journal_flush(j);
    struct buf *out = jsonl_line(j->logs[JOURNAL_DEBUG].file);
    BUF_ADD(out, "{\"timestamp\":");
    add_time(j, out, time_ms);
    BUF_ADD(out, ",\"event\":");
    journal_line_word(out, event);
    return out;
}

static void flush(struct journal *j, enum journal_log which)
{
    struct log *log = &j->logs[which];
    if (!log->file || !log->file->waiting)
        return;
    uint64_t before = log->file->dropped;
    bool written = jsonl_flush(log->file);
    if (j->dropped)
        *j->dropped += log->file->dropped - before;
    if (!written && !log->failing) {
        log->lost = before;
        log_warning("%s: %s: write failed: %s: requests are still served", log->file->path, NAMES[which],
                    strerror(errno));
    } else if (written && log->failing) {
        log_info("%s: %s: writing again; lines lost: %" PRIu64, log->file->path, NAMES[which], before - log->lost);
    }
    log->failing = !written;
}

void journal_flush(struct journal *j)
{
    for (unsigned i = 0; i < JOURNAL_LOGS; i++)
        flush(j, (enum journal_log)i);
}

uint64_t journal_dropped(const struct journal *j)
{
    uint64_t dropped = 0;
    if (j && j->dropped)
        return *j->dropped;
    for (unsigned i = 0; j && i < JOURNAL_LOGS; i++)
        dropped += j->logs[i].file ? j->logs[i].file->dropped : 0;
    return dropped;
}

void journal_reopen(struct journal *j)
{
    if (!j)
        return;
    journal_flush(j);
    for (unsigned i = 0; i < JOURNAL_LOGS; i++) {
        struct jsonl *file = j->logs[i].file;
        if (file && jsonl_reopen(file))
            log_info("%s: %s reopened", file->path, NAMES[i]);
        else if (file)
            log_warning("%s: can't reopen the %s: %s", file->path, NAMES[i], strerror(errno));
    }
}
