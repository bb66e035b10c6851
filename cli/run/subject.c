/* Finds a run and its requests, or a request, in the run log and the request log. */
#include "cli/run/subject.h"

#include "cli/run/history.h"
#include "cli/run/run_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EARLIER_MS 2000 /* tolerance between the clocks of the two logs' writers */

/* The last line of the log whose member `key` is `id`; the last line of all if `id` is NULL. Free with free(); NULL:
 * not found. */
static char *find(const char *path, const char *key, const char *id)
{
    struct lines lines;
    struct slice line;
    struct json json = {0};
    char *found = NULL;
    lines_open(&lines, path, true);
    while (!found && history_next(&lines, &json, &line))
        if (!id || json_string_is(&json, json_get(&json, 0, key), id))
            found = strndup(line.ptr, line.len);
    lines_close(&lines);
    json_free(&json);
    return found;
}

static bool parse(struct json *json, const char *line)
{
    return json_parse(json, line, strlen(line));
}

static int64_t time_of(const char *line)
{
    struct json json = {0};
    int64_t time_ms = 0;
    if (!line || !parse(&json, line) || !request_log_time(&json, &time_ms))
        time_ms = 0;
    json_free(&json);
    return time_ms;
}

static bool keep(struct subject *subject, struct slice line)
{
    char **more = realloc(subject->lines, (subject->count + 1) * sizeof *more);
    if (!more)
        return false;
    subject->lines = more;
    subject->lines[subject->count] = strndup(line.ptr, line.len);
    return subject->lines[subject->count] && ++subject->count;
}

/* Collects the run's requests: reads the request log backwards to the start of the run. */
static void find_requests(struct subject *subject, const char *requests)
{
    struct lines lines;
    struct slice line;
    struct json run = {0}, json = {0};
    char *id = parse(&run, subject->run) ? json_strdup(&run, json_get(&run, 0, "run_id")) : NULL;
    int64_t began = time_of(subject->run), at;
    lines_open(&lines, requests, true);
    while (id && history_next(&lines, &json, &line)) {
        double total = history_number(&json, 0, "total_ms");
        if (json_string_is(&json, json_get(&json, 0, "run_id"), id)) {
            if (!keep(subject, line))
                break;
        } else if (request_log_time(&json, &at) && at + (isfinite(total) ? (int64_t)total : 0) + EARLIER_MS < began) {
            break;
        }
    }
    lines_close(&lines);
    json_free(&json);
    json_free(&run);
    free(id);
}

static void look_up(struct subject *subject, const char *runs, const char *requests, const char *id)
{
    char *request = find(requests, "request_id", id);
    subject->run = find(runs, "run_id", id);
    struct json json = {0};
    bool of_run = subject->run && request && !id && parse(&json, request) &&
                  json_is(&json, json_get(&json, 0, "run_id"), JSON_STRING);
    if (subject->run && (id || of_run || time_of(subject->run) >= time_of(request))) {
        find_requests(subject, requests);
    } else if (request) {
        free(subject->run);
        subject->run = NULL;
        (void)keep(subject, slice_of(request));
    }
    json_free(&json);
    free(request);
}

void subject_find(struct subject *subject, const char *id)
{
    char *runs = history_path(RUN_LOG_FILE), *requests = history_path(REQUEST_LOG_FILE);
    *subject = (struct subject){.run = NULL};
    if (runs && requests)
        look_up(subject, runs, requests, id);
    free(runs);
    free(requests);
}

void subject_free(struct subject *subject)
{
    for (unsigned i = 0; i < subject->count; i++)
        free(subject->lines[i]);
    free(subject->lines);
    free(subject->run);
}
