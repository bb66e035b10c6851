/* pure: except for its file. The deployments' state between two runs of the proxy. */
#include "proxy/record/saved_state.h"

#include "common/clock.h"
#include "common/document.h"
#include "common/file.h"
#include "common/json.h"
#include "common/log.h"
#include "common/replace.h"
#include "proxy/terms/failure.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT_VERSION 1
#define FILE_MAX (4u << 20)       /* bytes */
#define TIME_MAX (7 * 86400000.0) /* ms, 7 days; older averages and longer cooldowns are ignored */

static const struct {
    const char *name;
    size_t offset;
} AVERAGES[] = {
    {"ttft_ms", offsetof(struct observed, ttft_ms)},
    {"total_ms", offsetof(struct observed, total_ms)},
    {"tokens_per_second", offsetof(struct observed, tokens_per_second)},
    {"output_tokens", offsetof(struct observed, output_tokens)},
    {"cost_usd", offsetof(struct observed, cost_usd)},
    {"errors", offsetof(struct observed, errors)},
    {"queue_depth", offsetof(struct observed, queue_depth)},
};

#define AVERAGE_COUNT (sizeof AVERAGES / sizeof *AVERAGES)

static const struct ewma *average_of(const struct observed *o, size_t i)
{
    return (const struct ewma *)(const void *)((const char *)o + AVERAGES[i].offset);
}

static double left_ms(uint64_t until_ms, uint64_t now_ms)
{
    return until_ms > now_ms ? (double)(until_ms - now_ms) : 0;
}

static void describe(const struct deployment *d, const struct health *h, uint64_t now_ms, struct container in)
{
    document_add_text(in, "id", d->id);
    document_add_text(in, "model", d->model);
    document_add_text(in, "api_base", d->api_base ? d->api_base : "");
    document_add_count(in, "calls", (int64_t)h->ended);
    document_add_count(in, "successes", (int64_t)h->successes);
    document_add_count(in, "failures", h->failures);
    document_add_text(in, "reason", failure_rule(h->reason)->name);
    document_add_count(in, "last_status", h->last_status);
    document_add_fixed(in, "rest_ms", left_ms(h->cooldown_until_ms, now_ms), 0);
    document_add_count(in, "opened", h->breaker.opened);
    document_add_fixed(in, "open_ms", left_ms(h->breaker.until_ms, now_ms), 0);
    for (size_t i = 0; i < AVERAGE_COUNT; i++) {
        const struct ewma *e = average_of(&h->seen, i);
        if (!(e->weight > 0 && isfinite(e->sum)))
            continue;
        struct container average = document_add_array(in, AVERAGES[i].name);
        document_add_number(average, NULL, e->sum, 9);
        document_add_number(average, NULL, e->weight, 9);
        document_add_fixed(average, NULL, left_ms(now_ms, e->at_ms), 0);
    }
}

bool saved_state_write(const struct config *c, const struct health *health, const struct saved_state_clocks *now,
                       struct buf *out)
{
    struct document d;
    struct container root = document_object(&d);
    document_add_count(root, "version", FORMAT_VERSION);
    document_add_count(root, "saved_at_ms", now->unix_ms);
    struct container deployments = document_add_array(root, "deployments");
    for (unsigned i = 0; i < c->deployment_count; i++)
        describe(&c->deployments[i], &health[i], now->monotonic_ms, document_add_object(deployments, NULL));
    return document_print(&d, out) && BUF_ADD(out, "\n");
}

/* A number of the object, from 0 to `most`; 0 if it is anything else. */
static double number(const struct json *j, uint32_t object, const char *key, double most)
{
    double value;
    return json_double(j, json_get(j, object, key), &value) && value >= 0 && value <= most ? value : 0;
}

static enum failure_kind kind_named(const struct json *j, uint32_t node)
{
    for (enum failure_kind k = 0; node && k < FAILURE_KINDS; k++)
        if (json_string_is(j, node, failure_rule(k)->name))
            return k;
    return FAILURE_NONE;
}

/* "[sum, weight, age]", age in ms; leaves `e` empty if one is missing or out of range. */
static void read_average(const struct json *j, uint32_t array, double passed_ms, uint64_t now_ms, struct ewma *e)
{
    double of[3];
    uint32_t node = json_is(j, array, JSON_ARRAY) ? json_first(j, array) : JSON_NONE;
    for (size_t i = 0; i < 3; i++, node = json_next(j, node))
        if (!node || !json_double(j, node, &of[i]) || !isfinite(of[i]))
            return;
    double age = of[2] + passed_ms;
    if (of[1] <= 0 || of[1] > 1e9 || fabs(of[0]) > 1e15 || of[2] < 0 || age > TIME_MAX)
        return;
    *e = (struct ewma){of[0], of[1], now_ms > (uint64_t)age ? now_ms - (uint64_t)age : 0};
}

static uint64_t time_left(double ms, double passed_ms, uint64_t now_ms)
{
    return ms > passed_ms ? now_ms + (uint64_t)(ms - passed_ms) : 0;
}

static void read_health(const struct json *j, uint32_t node, double passed_ms, uint64_t now_ms, struct health *h)
{
    h->calls = (uint64_t)number(j, node, "calls", 1e15);
    h->ended = h->calls;
    h->successes = (uint64_t)number(j, node, "successes", (double)h->calls);
    h->failures = (unsigned)number(j, node, "failures", 1e6);
    h->reason = kind_named(j, json_get(j, node, "reason"));
    h->last_status = (int)number(j, node, "last_status", 999);
    h->cooldown_until_ms = time_left(number(j, node, "rest_ms", TIME_MAX), passed_ms, now_ms);
    h->breaker.opened = (unsigned)number(j, node, "opened", 64);
    h->breaker.until_ms = time_left(number(j, node, "open_ms", TIME_MAX), passed_ms, now_ms);
    for (size_t i = 0; i < AVERAGE_COUNT; i++)
        read_average(j, json_get(j, node, AVERAGES[i].name), passed_ms, now_ms,
                     (struct ewma *)(void *)((char *)&h->seen + AVERAGES[i].offset));
}

static bool is_of(const struct json *j, uint32_t node, const struct deployment *d)
{
    const char *base = d->api_base ? d->api_base : "";
    return json_string_is(j, json_get(j, node, "id"), d->id) &&
           json_string_is(j, json_get(j, node, "model"), d->model) &&
           json_string_is(j, json_get(j, node, "api_base"), base);
}

bool saved_state_read(struct slice text, const struct config *c, struct health *health,
                      const struct saved_state_clocks *now)
{
    struct json j = {.text = NULL};
    int64_t version = 0, saved_ms = 0;
    bool ours = json_parse(&j, text.ptr, text.len) && json_int64(&j, json_get(&j, 0, "version"), &version) &&
                version == FORMAT_VERSION && json_int64(&j, json_get(&j, 0, "saved_at_ms"), &saved_ms) &&
                saved_ms > 0 && saved_ms <= now->unix_ms && json_is(&j, json_get(&j, 0, "deployments"), JSON_ARRAY);
    uint32_t node = ours ? json_first(&j, json_get(&j, 0, "deployments")) : JSON_NONE;
    for (; node; node = json_next(&j, node))
        for (unsigned i = 0; json_is(&j, node, JSON_OBJECT) && i < c->deployment_count; i++)
            if (is_of(&j, node, &c->deployments[i]))
                read_health(&j, node, (double)(now->unix_ms - saved_ms), now->monotonic_ms, &health[i]);
    json_free(&j);
    return ours;
}

static struct saved_state_clocks clocks_now(void)
{
    return (struct saved_state_clocks){clock_monotonic_ms(), clock_unix_ms()};
}

void saved_state_save(const char *path, const struct config *c, const struct health *health)
{
    const struct replace_owner owner = {0600, getuid(), getgid()};
    struct saved_state_clocks now = clocks_now();
    struct buf text;
    buf_init(&text, FILE_MAX);
    if (!saved_state_write(c, health, &now, &text) || !replace_file(path, ".new", &owner, buf_slice(&text)))
        log_warning("%s: can't save deployment state: %s", path, text.failed ? "too large" : strerror(errno));
    buf_free(&text);
}

/* Reads the whole file. false: see errno. */
static bool read_all(const char *path, struct buf *out)
{
    struct stat info;
    int fd = file_open(AT_FDCWD, path, O_NOFOLLOW);
    if (fd < 0)
        return false;
    bool ours = fstat(fd, &info) == 0 && info.st_uid == getuid();
    bool whole = ours && file_read_open(fd, FILE_MAX - 1, out);
    int error = ours ? errno : EPERM;
    close(fd);
    errno = error;
    return whole;
}

void saved_state_load(const char *path, const struct config *c, struct health *health)
{
    struct saved_state_clocks now = clocks_now();
    struct buf text;
    buf_init(&text, FILE_MAX);
    if (!read_all(path, &text)) {
        if (errno != ENOENT)
            log_warning("%s: ignored saved deployment state: %s", path, file_reason(errno));
    } else if (!saved_state_read(buf_slice(&text), c, health, &now)) {
        log_warning("%s: ignored saved deployment state: not a file of this version", path);
    }
    buf_free(&text);
}
