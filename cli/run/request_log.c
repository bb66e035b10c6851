/* Sums the requests of a run in the request log. */
#include "cli/run/request_log.h"

#include "cli/run/lines.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define EARLIER_MS 2000 /* tolerance between the clocks of the two logs' writers */

static bool one_of(const struct json *j, uint32_t node, const char *const *texts)
{
    for (; *texts; texts++)
        if (json_string_is(j, node, *texts))
            return true;
    return false;
}

/* Whether the last attempt failed for a reason that will persist. */
static bool was_limited(const struct json *j)
{
    static const char *const LASTING[] = {"rate_limit", "quota", "auth", NULL};
    uint32_t last = JSON_NONE;
    for (uint32_t n = json_first(j, json_get(j, 0, "attempts")); n != JSON_NONE; n = json_next(j, n))
        last = n;
    return last != JSON_NONE && one_of(j, json_get(j, last, "outcome"), LASTING);
}

void request_log_add(struct run_requests *r, const struct json *j)
{
    static const char *const FINE[] = {"completed", "incomplete", "cancelled", NULL};
    uint32_t tokens = json_get(j, 0, "tokens"), end = json_get(j, 0, "end");
    int64_t count;
    double cost;
    if (!json_is(j, end, JSON_STRING))
        return;
    r->calls++;
    bool fine = one_of(j, end, FINE);
    r->failed += !fine;
    if (!fine)
        r->limited = was_limited(j);
    if (json_double(j, json_get(j, 0, "cost_usd"), &cost))
        r->cost_usd += cost;
    else
        r->unpriced += json_is(j, json_get(j, 0, "deployment"), JSON_STRING);
    if (json_int64(j, json_get(j, tokens, "input"), &count))
        r->input_tokens += count;
    if (json_int64(j, json_get(j, tokens, "cached"), &count))
        r->cached_tokens += count;
    if (json_int64(j, json_get(j, tokens, "output"), &count))
        r->output_tokens += count;
    if (json_int64(j, json_get(j, 0, "ttft_ms"), &count)) {
        r->ttft_ms += count;
        r->ttft_count++;
    }
}

bool request_log_time(const struct json *j, int64_t *time_ms)
{
    struct slice text = json_inner(j, json_get(j, 0, "timestamp"));
    char copy[32];
    struct tm utc = {0};
    int ms = 0;
    if (text.len < 19 || text.len >= sizeof copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    const char *rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &utc);
    if (!rest)
        return false;
    if (*rest == '.')
        (void)sscanf(rest, ".%3d", &ms);
    *time_ms = (int64_t)timegm(&utc) * 1000 + ms;
    return true;
}

/* Whether the request ended before the run began. Reading can stop there: earlier lines are older. */
static bool is_older(const struct json *j, int64_t began_ms)
{
    int64_t start, total = 0;
    if (!request_log_time(j, &start))
        return false;
    (void)json_int64(j, json_get(j, 0, "total_ms"), &total);
    return start + total + EARLIER_MS < began_ms;
}

bool request_log_of_run(const char *path, const char *run_id, int64_t began_ms, struct run_requests *r)
{
    struct lines lines;
    struct slice line;
    struct json json = {0};
    bool any = false;
    *r = (struct run_requests){0};
    lines_open(&lines, path, true);
    while (lines_next(&lines, &line)) {
        any = true;
        if (!json_parse(&json, line.ptr, line.len) || json_type(&json, 0) != JSON_OBJECT)
            continue;
        if (json_string_is(&json, json_get(&json, 0, "run_id"), run_id))
            request_log_add(r, &json);
        else if (is_older(&json, began_ms))
            break;
    }
    json_free(&json);
    lines_close(&lines);
    return any;
}
