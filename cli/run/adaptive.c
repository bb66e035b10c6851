/* Reads and writes the adaptive router's state for routed runs, and asks it to decide. */
#include "cli/run/adaptive.h"

#include "cli/run/lines.h"
#include "cli/run/run_log.h"
#include "common/canary.h"
#include "common/file.h"
#include "common/mix.h"
#include "common/paths.h"
#include "common/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define STATE_MAX (64u << 10) /* bytes */

static void read_state(struct run_adaptive *a)
{
    char text[STATE_MAX];
    struct json json = {0};
    ssize_t len = file_read_start(AT_FDCWD, a->path, O_NOFOLLOW, text, sizeof text);
    int64_t version = 0;
    memset(a->known, 0, sizeof a->known);
    bool ours = len > 0 && json_parse(&json, text, (size_t)len) &&
                json_int64(&json, json_get(&json, 0, "version"), &version) && version == 1;
    uint32_t providers = ours ? json_get(&json, 0, "providers") : JSON_NONE;
    for (unsigned i = CODEX_AUTO + 1; providers != JSON_NONE && i < CODEX_PROVIDERS; i++) {
        uint32_t node = json_get(&json, providers, codex_provider_name(i));
        if (node != JSON_NONE && !markov_read_state(&json, node, &a->known[i]))
            a->known[i] = (struct markov_provider){0};
    }
    json_free(&json);
}

static bool write_state(const struct run_adaptive *a)
{
    struct document d;
    struct buf text;
    buf_init(&text, STATE_MAX);
    struct container root = document_object(&d);
    document_add_count(root, "version", 1);
    struct container providers = document_add_object(root, "providers");
    for (unsigned i = CODEX_AUTO + 1; i < CODEX_PROVIDERS; i++)
        if (a->known[i].count)
            markov_describe_state(&a->known[i], document_add_object(providers, codex_provider_name(i)));
    const struct replace_owner owner = {0600, geteuid(), getegid()};
    bool written = document_print(&d, &text) && BUF_ADD(&text, "\n") &&
                   replace_file(a->path, ".new", &owner, buf_slice(&text));
    buf_free(&text);
    return written;
}

static double number_of(const struct json *j, const char *key)
{
    double value;
    return json_double(j, json_get(j, 0, key), &value) ? value : NAN;
}

/* Adds one run to the canary. Each run counts as its own conversation. */
static void add_run(const struct json *j, unsigned nth, struct canary *canary)
{
    uint32_t decision = json_get(j, 0, "adaptive_router");
    if (!json_is(j, json_get(j, decision, "would_switch"), JSON_TRUE))
        return;
    bool applied = json_is(j, json_get(j, decision, "applied"), JSON_TRUE);
    (void)canary_add(canary, applied ? CANARY_SUGGESTED : CANARY_BASELINE,
                     &(struct canary_sample){
                         .conversation = nth,
                         .ttft_ms = number_of(j, "ttft_ms"),
                         .total_ms = number_of(j, "total_ms"),
                         .cost_usd = number_of(j, "actual_cost_usd"),
                         .quality = NAN,
                         .error = !json_is(j, json_get(j, 0, "success"), JSON_TRUE),
                     });
}

/* Adds the latest `most` runs to the canary, oldest first. */
static void read_runs(const char *folder, unsigned most, struct canary *canary)
{
    char *path = paths_join(folder, RUN_LOG_FILE);
    char **texts = calloc(most, sizeof *texts);
    struct json json = {0};
    struct lines lines;
    struct slice line;
    unsigned count = 0;
    if (path && texts) {
        lines_open(&lines, path, true);
        while (count < most && lines_next(&lines, &line))
            if ((texts[count] = strndup(line.ptr, line.len)))
                count++;
        lines_close(&lines);
    }
    while (count-- > 0) {
        if (json_parse(&json, texts[count], strlen(texts[count])) && json_type(&json, 0) == JSON_OBJECT)
            add_run(&json, count, canary);
        free(texts[count]);
    }
    json_free(&json);
    free(texts);
    free(path);
}

/* Whether the suggestion is applied to this run: live mode, or the canary selects it. `reason`: why it was rolled back.
 */
static bool is_live(const struct run_adaptive *a, const struct markov_settings *s, const char *run_id, char *reason,
                    size_t size)
{
    if (s->shadow_mode || !a->path)
        return false;
    struct canary *canary = canary_new(s);
    char *folder = strdup(a->path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    uint64_t hash = 0;
    for (const char *c = run_id; *c; c++)
        hash = mix(hash ^ (unsigned char)*c);
    if (slash && canary && s->canary_share < 1) {
        *slash = '\0';
        read_runs(folder, s->max_history, canary);
    }
    bool live = canary && canary_live(canary, hash);
    const char *why = canary ? canary_rollback_reason(canary) : NULL;
    (void)snprintf(reason, size, "%s", why ? why : "");
    canary_free(canary);
    free(folder);
    return live;
}

void run_adaptive_load(struct run_adaptive *a, const struct markov_settings *settings)
{
    struct buf error;
    *a = (struct run_adaptive){0};
    if (!settings->enabled)
        return;
    buf_init(&error, 4096);
    char *folder = paths_log_dir(&error);
    a->path = folder ? paths_join(folder, ADAPTIVE_FILE) : NULL;
    if (a->path)
        read_state(a);
    free(folder);
    buf_free(&error);
}

void run_adaptive_free(struct run_adaptive *a)
{
    free(a->path);
}

void run_adaptive_decide(struct run_adaptive *a, const struct markov_settings *settings, const char *run_id,
                         int64_t now_ms, struct run_plan *plan, struct markov_decision *decision)
{
    struct markov_candidate candidates[RUN_STEPS_MAX];
    unsigned steps[RUN_STEPS_MAX], count = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        const struct run_step *step = &plan->steps[i];
        if (*step->blocked || step->ollama)
            continue;
        candidates[count] = (struct markov_candidate){step->name, &a->known[step->codex], step->cost_usd};
        steps[count++] = i;
    }
    bool live = settings->enabled && is_live(a, settings, run_id, a->rolled_back, sizeof a->rolled_back);
    markov_decide(settings, candidates, count, live, now_ms, decision);
    bool ollama = run_plan_first(plan) < plan->count && plan->steps[run_plan_first(plan)].ollama;
    if (decision->applied && !ollama)
        run_plan_prefer(plan, steps[decision->order[0]]);
}

bool run_adaptive_observe(struct run_adaptive *a, const struct markov_settings *settings, enum codex_provider provider,
                          const struct markov_observation *observation, int64_t now_ms, struct buf *error)
{
    if (!settings->enabled || !a->path)
        return true;
    char *folder = strdup(a->path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        *slash = '\0';
    int lock = slash ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool done = lock >= 0 && flock(lock, LOCK_EX) == 0;
    if (done) {
        read_state(a);
        markov_observe(&a->known[provider], settings, observation, now_ms);
        done = write_state(a);
    }
    if (!done)
        buf_add_format(error, "%s: can't save the adaptive router's state: %s", a->path, strerror(errno));
    if (lock >= 0)
        (void)close(lock);
    free(folder);
    return done;
}
