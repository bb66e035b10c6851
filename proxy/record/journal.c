/* loop. The request log: appends one JSON line per request to requests.jsonl. See doc/observability.md. */
#include "proxy/record/journal.h"

#include "common/json.h"
#include "common/jsonl.h"
#include "common/log.h"
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

struct journal {
    struct jsonl *file;
    bool failing;  /* the failure has been logged */
    uint64_t lost; /* lines that were dropped before it */
    time_t second; /* the second that `clock` shows */
    char clock[32];
};

struct journal *journal_open(const char *path, const struct log_limits *limits, struct buf *error)
{
    struct journal *j = calloc(1, sizeof *j);
    if (j && (j->file = jsonl_open(path, limits, FLUSH_AT + LINE_MAX, error)))
        return j;
    if (!j)
        buf_add_format(error, "%s: out of memory", path);
    free(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    journal_flush(j);
    jsonl_close(j->file);
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

static void add_string(struct buf *out, const char *text)
{
    if (text)
        json_add_string(out, slice_of(text));
    else
        BUF_ADD(out, "null");
}

/* A text that needs no escape, such as a name of a table; NULL: null. */
static void add_word(struct buf *out, const char *word)
{
    if (!word) {
        BUF_ADD(out, "null");
        return;
    }
    buf_add_char(out, '"');
    buf_add_text(out, word);
    buf_add_char(out, '"');
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
    add_word(out, client->name);
    BUF_ADD(out, ",\"version\":");
    add_word(out, *client->version ? client->version : NULL);
    buf_add_char(out, '}');
}

static void add_number(struct buf *out, const char *key, size_t key_len, int64_t value)
{
    buf_add(out, key, key_len);
    if (value < 0)
        BUF_ADD(out, "null");
    else
        buf_add_number(out, value);
}

/* A key, a literal with its quotes, and a count; null if unknown (-1). */
#define ADD_COUNT(out, key, value) add_number((out), key ":", sizeof(key ":") - 1, (value))

/* By which words its failure was known, and what was left out of the request then. */
static void add_refusal(struct buf *out, const struct journal_attempt *a)
{
    const char *between = "";
    if (!a->pattern)
        return;
    BUF_ADD(out, ",\"rule\":");
    add_string(out, failure_pattern_name(a->pattern));
    if (!a->again_without)
        return;
    BUF_ADD(out, ",\"again_without\":[");
    for (unsigned part = 1; part <= PART_API; part <<= 1) {
        if (!(a->again_without->parts & part))
            continue;
        buf_add_text(out, between);
        add_string(out, part == PART_FIELD ? a->again_without->fields[0] : part_name(part));
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
        add_string(out, a->deployment->id);
        BUF_ADD(out, ",\"outcome\":");
        add_word(out, a->lost ? "lost" : failure_rule(a->outcome)->name);
        if (a->outcome != FAILURE_NONE) {
            BUF_ADD(out, ",\"provider\":");
            add_string(out, a->deployment->provider->prefix);
        }
        ADD_COUNT(out, ",\"status\"", a->status);
        ADD_COUNT(out, ",\"ms\"", a->ms);
        add_refusal(out, a);
        if (a->lost && isfinite(a->cost_usd))
            buf_add_format(out, ",\"cost_usd\":%.9g", a->cost_usd);
        buf_add_char(out, '}');
    }
    BUF_ADD(out, "]");
}

static void add_candidate(const struct choice *c, struct buf *out)
{
    BUF_ADD(out, "{\"deployment\":");
    add_string(out, c->deployment->id);
    if (c->limit != LIMIT_NONE) {
        BUF_ADD(out, ",\"limit\":");
        add_word(out, limit_name(c->limit));
        if (c->limit_s > 0)
            ADD_COUNT(out, ",\"limit_s\"", (int64_t)ceil((double)c->limit_s));
    } else if (isfinite(c->score)) {
        BUF_ADD(out, ",\"score\":");
        buf_add_double(out, c->score, 4);
    }
    buf_add_char(out, '}');
}

/* The routing decision: strategy, stickiness, candidates. */
static void add_decision(struct buf *out, const struct plan *plan)
{
    BUF_ADD(out, ",\"strategy\":");
    add_word(out, plan && plan->strategy ? strategy_name(plan->strategy->id) : NULL);
    buf_add_text(out, plan && plan->sticky ? ",\"stuck\":true,\"candidates\":[" : ",\"stuck\":false,\"candidates\":[");
    for (unsigned i = 0; plan && i < plan->choice_count; i++) {
        if (i)
            buf_add_char(out, ',');
        add_candidate(&plan->choices[i], out);
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
    add_word(out, c->tier);
    BUF_ADD(out, ",\"status\":");
    add_word(out, c->status);
    BUF_ADD(out, ",\"reason\":");
    add_string(out, c->reason);
    ADD_COUNT(out, ",\"age_s\"", c->age_s);
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
    for (unsigned i = 0; i < 16; i++)
        name[i] = "0123456789abcdef"[e->conversation >> (60 - 4 * i) & 15];
    name[16] = '\0';
    BUF_ADD(out, ",\"conversation\":\"");
    buf_add_text(out, name);
    buf_add_char(out, '"');
    if (!e->prompt)
        return;
    if (e->prompt->turn)
        ADD_COUNT(out, ",\"turn\"", e->prompt->turn);
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
        add_word(out, segment_name(e->prompt->changed));
    }
    if (e->near_window) {
        ADD_COUNT(out, ",\"context_warning\":{\"tokens\"", e->usage.input);
        ADD_COUNT(out, ",\"window\"", e->near_window);
        buf_add_char(out, '}');
    }
}

static void add_entry(struct journal *j, const struct journal_entry *e)
{
    struct buf *out = jsonl_line(j->file);
    const struct journal_attempt *last = e->attempt_count ? &e->attempts[e->attempt_count - 1] : NULL;
    const struct deployment *served = last && last->outcome == FAILURE_NONE ? last->deployment : NULL;

    BUF_ADD(out, "{\"timestamp\":");
    add_time(j, out, e->time_ms);
    BUF_ADD(out, ",\"request_id\":");
    add_word(out, e->request_id);
    BUF_ADD(out, ",\"run_id\":");
    add_string(out, e->run_id && *e->run_id ? e->run_id : NULL);
    BUF_ADD(out, ",\"alias\":");
    json_add_string(out, e->alias);
    BUF_ADD(out, ",\"deployment\":");
    add_string(out, served ? served->id : NULL);
    BUF_ADD(out, ",\"provider\":");
    add_word(out, served ? served->provider->prefix : NULL);
    if (served) {
        BUF_ADD(out, ",\"model\":");
        add_string(out, served->model);
    }
    add_client(out, e->client);
    add_conversation(out, e);
    add_decision(out, e->plan);
    add_attempts(out, e);
    BUF_ADD(out, ",\"wire\":{\"client\":");
    add_word(out, wire_name(e->client_wire));
    BUF_ADD(out, ",\"upstream\":");
    add_word(out, wire_name(e->upstream_wire));
    buf_add_text(out, e->stream ? "},\"stream\":true," : "},\"stream\":false,");
    ADD_COUNT(out, "\"ttft_ms\"", e->ttft_ms);
    ADD_COUNT(out, ",\"total_ms\"", e->total_ms);
    ADD_COUNT(out, ",\"tokens\":{\"input\"", e->usage.input);
    ADD_COUNT(out, ",\"cached\"", e->usage.cached_input);
    ADD_COUNT(out, ",\"cache_write\"", e->usage.cache_write);
    ADD_COUNT(out, ",\"output\"", e->usage.output);
    ADD_COUNT(out, ",\"reasoning\"", e->usage.reasoning);
    buf_add_text(out,
                 e->usage.estimated ? ",\"estimated\":true},\"cost_usd\":" : ",\"estimated\":false},\"cost_usd\":");
    add_usd(out, e->cost_usd);
    if (e->has_baseline) {
        BUF_ADD(out, ",\"baseline_usd\":");
        add_usd(out, e->baseline_usd);
    }
    ADD_COUNT(out, ",\"dropped\"", e->dropped);
    ADD_COUNT(out, ",\"status\"", e->status);
    BUF_ADD(out, ",\"end\":");
    add_word(out, e->end);
    if (e->adaptive) {
        BUF_ADD(out, ",\"adaptive_router\":");
        markov_write(e->adaptive, out);
    }
    if (e->cache)
        add_cache(out, e->cache);
    BUF_ADD(out, "}\n");
}

bool journal_add(struct journal *j, const struct journal_entry *entry)
{
    add_entry(j, entry);
    return j->file->lines.failed || j->file->lines.len >= FLUSH_AT;
}

void journal_flush(struct journal *j)
{
    if (!j->file->waiting)
        return;
    uint64_t before = j->file->dropped;
    bool written = jsonl_flush(j->file);
    if (!written && !j->failing) {
        j->lost = before;
        log_warning("%s: request log: write failed: %s: requests are still served", j->file->path, strerror(errno));
    } else if (written && j->failing) {
        log_info("%s: request log: writing again; lines lost: %" PRIu64, j->file->path, before - j->lost);
    }
    j->failing = !written;
}

uint64_t journal_dropped(const struct journal *j)
{
    return j ? j->file->dropped : 0;
}

void journal_reopen(struct journal *j)
{
    if (!j)
        return;
    journal_flush(j);
    if (jsonl_reopen(j->file))
        log_info("%s: request log reopened", j->file->path);
    else
        log_warning("%s: can't reopen the request log: %s", j->file->path, strerror(errno));
}
