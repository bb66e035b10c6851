/* Keeps sums of log files that are removed. */
#include "usage/sums_file.h"

#include "common/document.h"
#include "common/file.h"
#include "common/log.h"
#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (32u << 20) /* bytes; CELLS_MAX cells take about 12 MB */
#define CELLS_MAX 20000
#define PIECE (256u << 10) /* bytes per read */
#define NAMES                                                                                                          \
    ((1u << BY_DAY) | (1u << BY_MODEL) | (1u << BY_PROVIDER) | (1u << BY_ALIAS) | (1u << BY_CLIENT) | (1u << BY_KEY))

static const char *const FIGURE_NAMES[FIGURES] = {
    [FIGURE_INPUT] = "input",         [FIGURE_CACHED] = "cached",       [FIGURE_CACHE_WRITE] = "cache_write",
    [FIGURE_OUTPUT] = "output",       [FIGURE_REASONING] = "reasoning", [FIGURE_COST] = "cost",
    [FIGURE_BASELINE] = "baseline",   [FIGURE_SAVED] = "saved",         [FIGURE_CACHE_SAVED] = "cache_saved",
    [FIGURE_HEDGE_COST] = "hedge_cost", [FIGURE_PROMPT_CACHE_SAVED] = "prompt_cache_saved",
};

/* The counts of a cell, by name. */
static const struct {
    const char *name;
    size_t offset;
} COUNTS[] = {
    {"requests", offsetof(struct usage_sums, requests)},
    {"failed", offsetof(struct usage_sums, failed)},
    {"cancelled", offsetof(struct usage_sums, cancelled)},
    {"fallbacks", offsetof(struct usage_sums, fallbacks)},
    {"attempts_failed", offsetof(struct usage_sums, attempts_failed)},
    {"cache_hits", offsetof(struct usage_sums, cache_hits)},
    {"estimated", offsetof(struct usage_sums, estimated)},
};

/* The file beside `log`. false: the path is too long. */
static bool name_file(const char *log, char path[PATH_MAX])
{
    const char *slash = strrchr(log, '/');
    int len = snprintf(path, PATH_MAX, "%.*s" SUMS_FILE, slash ? (int)(slash + 1 - log) : 0, log);
    return len > 0 && len < PATH_MAX;
}

static struct sums_version version_of(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return (struct sums_version){0};
    return (struct sums_version){(uint64_t)info.st_ino, (int64_t)info.st_size,
                                 (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec};
}

struct sums_version sums_file_version(const char *log)
{
    char path[PATH_MAX];
    return name_file(log, path) ? version_of(path) : (struct sums_version){0};
}

bool sums_version_equal(const struct sums_version *a, const struct sums_version *b)
{
    return a->inode == b->inode && a->size == b->size && a->time_ns == b->time_ns;
}

static double number_at(const struct json *j, uint32_t node)
{
    double value;
    return node != JSON_NONE && json_double(j, node, &value) && isfinite(value) ? value : 0;
}

static uint64_t count_at(const struct json *j, uint32_t node)
{
    double value = number_at(j, node);
    return value > 0 && value < 0x1p53 ? (uint64_t)value : 0;
}

/* Reads [total, known, unknown]. */
static struct known_sum sum_at(const struct json *j, uint32_t array)
{
    double parts[3] = {0};
    unsigned i = 0;
    for (uint32_t at = array != JSON_NONE ? json_first(j, array) : JSON_NONE; at != JSON_NONE && i < 3;
         at = json_next(j, at))
        parts[i++] = number_at(j, at);
    return (struct known_sum){parts[0], (uint32_t)fmin(parts[1], UINT32_MAX), (uint32_t)fmin(parts[2], UINT32_MAX)};
}

/* Reads [requests, saved USD, seconds] of the member with that name. */
static struct reply_sum replies_at(const struct json *j, uint32_t replies, const char *name)
{
    uint32_t of = json_is(j, replies, JSON_OBJECT) ? json_get(j, replies, name) : JSON_NONE;
    uint32_t count = json_is(j, of, JSON_ARRAY) ? json_first(j, of) : JSON_NONE;
    uint32_t saved = count ? json_next(j, count) : JSON_NONE, age = saved ? json_next(j, saved) : JSON_NONE;
    return (struct reply_sum){count ? count_at(j, count) : 0, number_at(j, saved), number_at(j, age)};
}

static bool read_ttft(const struct json *j, uint32_t array, struct sketch *sketch)
{
    uint32_t at = array != JSON_NONE ? json_first(j, array) : JSON_NONE;
    for (; at != JSON_NONE; at = json_next(j, at)) { /* bucket, count, bucket, count, … */
        uint32_t next = json_next(j, at);
        if (next == JSON_NONE)
            return true;
        if (!sketch_add_bucket(sketch, (unsigned)fmin(number_at(j, at), SKETCH_BUCKETS - 1),
                               (uint32_t)fmin(number_at(j, next), UINT32_MAX)))
            return false;
        at = next;
    }
    return true;
}

static bool read_sums(const struct json *j, struct usage_sums *s)
{
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        *(uint64_t *)((char *)s + COUNTS[i].offset) = count_at(j, json_get(j, 0, COUNTS[i].name));
    for (unsigned i = 0; i < FIGURES; i++)
        s->figures[i] = sum_at(j, json_get(j, 0, FIGURE_NAMES[i]));
    for (unsigned i = 0; i < REPLY_CACHES; i++)
        s->replies[i] = replies_at(j, json_get(j, 0, "replies"), reply_cache_name((enum reply_cache)i));
    s->rated_input = number_at(j, json_get(j, 0, "rated_input"));
    s->streamed_tokens = number_at(j, json_get(j, 0, "streamed_tokens"));
    s->stream_s = number_at(j, json_get(j, 0, "stream_s"));
    s->first_ms = (int64_t)number_at(j, json_get(j, 0, "first_ms"));
    s->last_ms = (int64_t)number_at(j, json_get(j, 0, "last_ms"));
    return read_ttft(j, json_get(j, 0, "ttft"), &s->ttft);
}

/* Whether the day begins in the fold's range. */
static bool in_range(const struct fold *f, int64_t day)
{
    char name[12];
    int64_t start;
    dates_name_day((int)day, name);
    return dates_read_option(name, 0, false, &start) && start >= f->settings.since_ms && start < f->settings.until_ms;
}

/* Adds a line's cell. false: out of memory. */
static bool add_line(struct fold *f, const struct json *j)
{
    int64_t day = (int64_t)number_at(j, json_get(j, 0, "day"));
    struct usage_sums sums = {0};
    char names[BY_CONVERSATION][LINE_NAME_MAX + 1];
    struct slice parts[BY_CONVERSATION] = {{0}};
    if (day < 19700101 || day > 99991231) {
        f->foreign++;
        return true;
    }
    if (!in_range(f, day))
        return true;
    for (unsigned by = BY_MODEL; by < BY_CONVERSATION; by++) {
        struct buf text;
        uint32_t node = json_get(j, 0, usage_by_name((enum usage_by)by));
        buf_init(&text, LINE_NAME_MAX + 1);
        if (node != JSON_NONE && json_type(j, node) == JSON_STRING)
            (void)json_unescape(j, node, &text);
        (void)snprintf(names[by], sizeof names[by], "%s", buf_text(&text));
        parts[by] = slice_of(names[by]);
        buf_free(&text);
    }
    bool unknown;
    if (!usage_filter_admits_sums(&f->settings.filter, parts[BY_ALIAS], parts[BY_PROVIDER], &unknown)) {
        f->sums_outside += unknown ? count_at(j, json_get(j, 0, "requests")) : 0;
        return true;
    }
    bool ok = read_sums(j, &sums);
    struct usage_sums *cell = ok ? fold_named_cell(f, day, parts) : NULL;
    ok = cell && sums_merge(cell, &sums);
    sums_free(&sums);
    return ok;
}

static struct sums_version read_head(const struct json *j)
{
    const char *time_ns = json_inner(j, json_get(j, 0, "time_ns")).ptr; /* ends with a quotation mark */
    return (struct sums_version){count_at(j, json_get(j, 0, "inode")), (int64_t)count_at(j, json_get(j, 0, "size")),
                                 time_ns ? strtoll(time_ns, NULL, 10) : 0};
}

/* Reads the file into the fold, and the file that was added last into `last`. false: errno is set. */
static bool read_file(struct fold *f, const char *path, struct sums_version *last)
{
    struct buf text;
    struct json j = {0};
    bool ok = true, first = true;
    buf_init(&text, FILE_MAX);
    if (!file_read(AT_FDCWD, path, O_NOFOLLOW, FILE_MAX - 1, &text)) {
        int reason = errno;
        buf_free(&text);
        errno = reason;
        return reason == ENOENT;
    }
    for (struct slice rest = buf_slice(&text); ok && rest.len;) {
        const char *end = memchr(rest.ptr, '\n', rest.len);
        struct slice line = {rest.ptr, end ? (size_t)(end - rest.ptr) : rest.len};
        rest.ptr += line.len + (end != NULL);
        rest.len -= line.len + (end != NULL);
        if (!json_parse(&j, line.ptr, line.len) || json_type(&j, 0) != JSON_OBJECT) {
            ok = !j.no_memory;
            f->torn++;
        } else if (first) {
            *last = read_head(&j);
        } else {
            ok = add_line(f, &j);
        }
        first = false;
    }
    json_free(&j);
    buf_free(&text);
    errno = ok ? 0 : ENOMEM;
    return ok;
}

bool sums_file_read(struct fold *f, const char *log, struct buf *error)
{
    char path[PATH_MAX];
    struct sums_version last;
    if (!name_file(log, path) || read_file(f, path, &last))
        return true;
    buf_add_format(error, "can't read the sums of the request log: %s: %s", path, file_reason(errno));
    return false;
}

static bool print_line(struct document *d, struct buf *out)
{
    return document_print(d, out) && BUF_ADD(out, "\n");
}

static bool add_cell(const struct fold *f, const struct cell *cell, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    const struct usage_sums *s = &cell->sums;
    document_add_count(root, "day", cell->key.day);
    for (unsigned by = BY_MODEL; by < BY_CONVERSATION; by++) {
        const char *name = names_text(&f->names, cell->key.of[by]);
        document_add_text(root, usage_by_name((enum usage_by)by), cell->key.other ? "(other)" : name ? name : "");
    }
    for (size_t i = 0; i < sizeof COUNTS / sizeof *COUNTS; i++)
        document_add_count(root, COUNTS[i].name, (int64_t)*(const uint64_t *)((const char *)s + COUNTS[i].offset));
    for (unsigned i = 0; i < FIGURES; i++) {
        if (!s->figures[i].known && !s->figures[i].unknown)
            continue;
        struct container parts = document_add_array(root, FIGURE_NAMES[i]);
        document_add_number(parts, NULL, s->figures[i].total, 17);
        document_add_count(parts, NULL, s->figures[i].known);
        document_add_count(parts, NULL, s->figures[i].unknown);
    }
    struct container replies = document_add_object(root, "replies");
    for (unsigned i = 0; i < REPLY_CACHES; i++) {
        if (!s->replies[i].requests)
            continue;
        struct container parts = document_add_array(replies, reply_cache_name((enum reply_cache)i));
        document_add_count(parts, NULL, (int64_t)s->replies[i].requests);
        document_add_number(parts, NULL, s->replies[i].saved_usd, 17);
        document_add_number(parts, NULL, s->replies[i].age_s, 17);
    }
    document_add_number(root, "rated_input", s->rated_input, 17);
    document_add_number(root, "streamed_tokens", s->streamed_tokens, 17);
    document_add_number(root, "stream_s", s->stream_s, 17);
    document_add_count(root, "first_ms", s->first_ms);
    document_add_count(root, "last_ms", s->last_ms);
    struct container ttft = document_add_array(root, "ttft");
    for (unsigned i = 0; i < s->ttft.size; i++) {
        if (!s->ttft.buckets[i])
            continue;
        document_add_count(ttft, NULL, s->ttft.first + i);
        document_add_count(ttft, NULL, s->ttft.buckets[i]);
    }
    return print_line(&d, out);
}

static bool add_head(const struct sums_version *added, struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    char time_ns[24];
    (void)snprintf(time_ns, sizeof time_ns, "%lld", (long long)added->time_ns);
    document_add_count(root, "inode", (int64_t)added->inode);
    document_add_count(root, "size", added->size);
    document_add_text(root, "time_ns", time_ns); /* a JSON number is exact up to 2^53 only */
    return print_line(&d, out);
}

/* Feeds all lines of the log file. false: errno is set. */
static bool feed(struct fold *f, const char *path)
{
    int fd = file_open(AT_FDCWD, path, O_NOFOLLOW);
    char *piece = malloc(PIECE);
    ssize_t count = fd >= 0 && piece ? 1 : -1;
    bool ok = count > 0;
    while (ok && count > 0) {
        count = read(fd, piece, PIECE);
        ok = count >= 0 && fold_feed(f, (struct slice){piece, (size_t)count});
    }
    ok = ok && fold_end_file(f);
    int reason = ok ? 0 : errno ? errno : ENOMEM;
    free(piece);
    if (fd >= 0)
        (void)close(fd);
    errno = reason;
    return ok;
}

static bool write_file(const struct fold *f, const char *path, const struct sums_version *added)
{
    struct replace_owner owner = {0600, geteuid(), getegid()};
    struct buf text;
    buf_init(&text, FILE_MAX);
    bool ok = add_head(added, &text);
    for (uint32_t i = 0; ok && i < f->cell_count; i++)
        ok = add_cell(f, &f->cells[i], &text);
    errno = ok ? 0 : ENOMEM;
    ok = ok && replace_file(path, ".new", &owner, buf_slice(&text));
    int reason = errno;
    buf_free(&text);
    errno = reason;
    return ok;
}

void sums_file_add(const char *log_file)
{
    const struct fold_settings settings = {.apart = NAMES, .until_ms = INT64_MAX, .cells_max = CELLS_MAX};
    const struct sums_version added = version_of(log_file);
    struct sums_version last = {0};
    struct fold f;
    char path[PATH_MAX];
    if (!name_file(log_file, path))
        return;
    fold_init(&f, &settings);
    if (!read_file(&f, path, &last) ||
        (!sums_version_equal(&last, &added) && (!feed(&f, log_file) || !write_file(&f, path, &added))))
        log_warning("%s: can't add the sums of %s, which is removed: %s", path, log_file, file_reason(errno));
    fold_free(&f);
}
