/* loop. Appends one JSON line per request to requests.jsonl, and rotates it by size. See doc/journal.md. */
#include "proxy/record/journal.h"

#include "common/json.h"
#include "common/log.h"
#include "proxy/route/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX (64u << 10)
#define FLUSH_AT (16u << 10)     /* bytes of lines that wait for journal_flush() */

struct journal {
    char *path, *rotated;    /* PATH, PATH.1 */
    size_t max_bytes;
    int fd;                  /* -1: could not be opened again; the next line tries */
    size_t size;
    bool torn;               /* the file does not end with a newline */
    bool failing;            /* told already */
    struct buf lines;        /* whole lines that are not written yet, after a newline of their own */
    time_t second;           /* what `clock` says */
    char clock[32];
};

/* Opens PATH, and notes how long it is and how it ends. errno is set on failure. */
static bool open_file(struct journal *j)
{
    struct stat info;
    char last = '\n';
    int fd = open(j->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return false;
    if (fstat(fd, &info) != 0)
        goto failed;
    if (!S_ISREG(info.st_mode)) {
        errno = EINVAL;
        goto failed;
    }
    if ((info.st_mode & 077) != 0 && fchmod(fd, 0600) != 0)
        goto failed;
    if (info.st_size > 0 && pread(fd, &last, 1, info.st_size - 1) != 1)
        goto failed;
    j->fd = fd;
    j->size = (size_t)info.st_size;
    j->torn = last != '\n';
    return true;
failed:
    (void)close(fd);
    return false;
}

struct journal *journal_open(const char *path, size_t max_bytes, struct buf *error)
{
    size_t len = strlen(path);
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        goto no_memory;
    j->fd = -1;
    j->max_bytes = max_bytes;
    buf_init(&j->lines, FLUSH_AT + LINE_MAX);
    j->path = strdup(path);
    j->rotated = malloc(len + 3);
    if (!j->path || !j->rotated)
        goto no_memory;
    snprintf(j->rotated, len + 3, "%s.1", path);
    if (open_file(j))
        return j;
    buf_add_format(error, "%s: the journal can't be opened: %s", path,
                   errno == ELOOP ? "it is a symbolic link" : errno == EINVAL ? "it is no file" : strerror(errno));
    journal_close(j);
    return NULL;
no_memory:
    buf_add_format(error, "%s: no memory for the journal", path);
    journal_close(j);
    return NULL;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    journal_flush(j);
    if (j->fd >= 0)
        (void)close(j->fd);
    buf_free(&j->lines);
    free(j->rotated);
    free(j->path);
    free(j);
}

/* Begins a new file. Where another process has rotated already, its new file is opened instead. */
static void rotate(struct journal *j)
{
    struct stat ours, named;
    bool same = fstat(j->fd, &ours) == 0 && lstat(j->path, &named) == 0 && ours.st_ino == named.st_ino &&
                ours.st_dev == named.st_dev;
    if (same && rename(j->path, j->rotated) != 0)
        return;     /* one that is too long is better than none */
    (void)close(j->fd);
    j->fd = -1;
    (void)open_file(j);
}

static void add_time(struct journal *j, int64_t time_ms)
{
    time_t second = (time_t)(time_ms / 1000);
    int ms = (int)(time_ms % 1000);
    struct tm utc;
    if (second != j->second || !*j->clock) {
        j->second = second;
        if (!gmtime_r(&second, &utc) || strftime(j->clock, sizeof j->clock, "%Y-%m-%dT%H:%M:%S", &utc) == 0)
            snprintf(j->clock, sizeof j->clock, "1970-01-01T00:00:00");
    }
    buf_add_char(&j->lines, '"');
    buf_add_text(&j->lines, j->clock);
    buf_add(&j->lines, (const char[]){'.', (char)('0' + ms / 100), (char)('0' + ms / 10 % 10), (char)('0' + ms % 10)}, 4);
    BUF_ADD(&j->lines, "Z\"");
}

static void add_string(struct buf *out, const char *text)
{
    if (text)
        json_add_string(out, slice_of(text));
    else
        BUF_ADD(out, "null");
}

/* A count; null where it is unknown (-1). */
static void add_count(struct buf *out, const char *key, int64_t value)
{
    buf_add_text(out, key);
    if (value < 0)
        BUF_ADD(out, ":null");
    else {
        BUF_ADD(out, ":");
        buf_add_number(out, value);
    }
}

static void add_attempts(struct buf *out, const struct journal_entry *e)
{
    BUF_ADD(out, ",\"attempts\":[");
    for (unsigned i = 0; i < e->attempt_count; i++) {
        const struct journal_attempt *a = &e->attempts[i];
        buf_add_text(out, i ? ",{\"deployment\":" : "{\"deployment\":");
        add_string(out, a->deployment->id);
        BUF_ADD(out, ",\"outcome\":");
        add_string(out, failure_rule(a->outcome)->name);
        add_count(out, ",\"status\"", a->status);
        add_count(out, ",\"ms\"", a->ms);
        buf_add_char(out, '}');
    }
    BUF_ADD(out, "]");
}

static void add_entry(struct journal *j, const struct journal_entry *e)
{
    struct buf *out = &j->lines;
    const struct journal_attempt *last = e->attempt_count ? &e->attempts[e->attempt_count - 1] : NULL;
    const struct deployment *served = last && last->outcome == FAILURE_NONE ? last->deployment : NULL;

    BUF_ADD(out, "{\"timestamp\":");
    add_time(j, e->time_ms);
    BUF_ADD(out, ",\"request_id\":");
    add_string(out, e->request_id);
    BUF_ADD(out, ",\"alias\":");
    json_add_string(out, e->alias);
    BUF_ADD(out, ",\"deployment\":");
    add_string(out, served ? served->id : NULL);
    BUF_ADD(out, ",\"provider\":");
    add_string(out, served ? served->provider->prefix : NULL);
    add_attempts(out, e);
    BUF_ADD(out, ",\"wire\":{\"client\":");
    add_string(out, wire_name(e->client_wire));
    BUF_ADD(out, ",\"upstream\":");
    add_string(out, wire_name(e->upstream_wire));
    buf_add_text(out, e->stream ? "},\"stream\":true," : "},\"stream\":false,");
    add_count(out, "\"ttft_ms\"", e->ttft_ms);
    add_count(out, ",\"total_ms\"", e->total_ms);
    add_count(out, ",\"tokens\":{\"input\"", e->usage.input);
    add_count(out, ",\"cached\"", e->usage.cached_input);
    add_count(out, ",\"output\"", e->usage.output);
    add_count(out, ",\"reasoning\"", e->usage.reasoning);
    buf_add_text(out, e->usage.estimated ? ",\"estimated\":true},\"cost_usd\":" : ",\"estimated\":false},\"cost_usd\":");
    if (isfinite(e->cost_usd))
        buf_add_format(out, "%.9g", e->cost_usd);
    else
        BUF_ADD(out, "null");
    add_count(out, ",\"dropped\"", e->dropped);
    add_count(out, ",\"status\"", e->status);
    BUF_ADD(out, ",\"end\":");
    add_string(out, e->end);
    BUF_ADD(out, "}\n");
}

/* Whether the lines went to disk whole; errno says why not. */
static bool write_lines(struct journal *j)
{
    if (j->lines.failed) {
        errno = EMSGSIZE;
        return false;
    }
    if (j->fd >= 0 && j->size > 0 && j->size + j->lines.len > j->max_bytes)
        rotate(j);
    if (j->fd < 0 && !open_file(j))
        return false;
    /* After a torn line the newline that it lacks goes first. The buffer holds one at its start for that. */
    size_t skip = j->torn ? 0 : 1;
    size_t len = j->lines.len - skip;
    ssize_t written;
    do
        written = write(j->fd, j->lines.data + skip, len);
    while (written < 0 && errno == EINTR);
    if (written <= 0)
        return false;
    j->size += (size_t)written;
    j->torn = (size_t)written < len;
    if (j->torn)
        errno = ENOSPC;
    return !j->torn;
}

bool journal_add(struct journal *j, const struct journal_entry *entry)
{
    if (!j->lines.len)
        BUF_ADD(&j->lines, "\n");
    add_entry(j, entry);
    return j->lines.failed || j->lines.len >= FLUSH_AT;
}

void journal_flush(struct journal *j)
{
    if (!j->lines.len)
        return;
    bool written = write_lines(j);
    if (!written && !j->failing)
        log_warning("%s: requests are served, but not recorded: %s", j->path, strerror(errno));
    else if (written && j->failing)
        log_info("%s: requests are recorded again", j->path);
    j->failing = !written;
    buf_clear(&j->lines);
}

double journal_cost(const struct deployment *d, const struct usage *u)
{
    if (u->input < 0 || u->output < 0)
        return NAN;
    /* A provider that does not speak of its cache gives no discount for it. */
    double cached = u->cached_input > 0 ? (double)u->cached_input : 0;
    if (cached > (double)u->input)
        cached = (double)u->input;
    double cost = ((double)u->input - cached) * d->input_cost + (double)u->output * d->output_cost;
    return cached > 0 ? cost + cached * d->cached_input_cost : cost;
}
