/* pure: the efforts of the ChatGPT backend's models. */
#include "proxy/bridge/chatgpt_model.h"

#include <string.h>

enum effort { NONE, MINIMAL, LOW, MEDIUM, HIGH, XHIGH, MAX, ULTRA, EFFORT_COUNT };

static const char *const EFFORTS[EFFORT_COUNT] = {"none", "minimal", "low", "medium", "high", "xhigh", "max", "ultra"};

/* The lowest and highest effort of the models that accept fewer than the newest ones. The first row that matches
 * counts. */
static const struct {
    const char *model;
    enum effort least, most;
} MODELS[] = {
    {"gpt-5.1-codex-max", LOW, XHIGH},
    {"gpt-5.1-codex-mini", MEDIUM, HIGH},
    {"gpt-5-codex-mini", MEDIUM, HIGH},
    {"codex-mini", MEDIUM, HIGH},
    {"gpt-5.1-codex", LOW, HIGH},
    {"gpt-5-codex", LOW, HIGH},
    {"gpt-5.1", NONE, HIGH},
    {"gpt-5", LOW, HIGH},
};

static enum effort find_effort(struct slice word)
{
    enum effort e = NONE;
    while (e < EFFORT_COUNT && !slice_is(word, EFFORTS[e]))
        e++;
    return e;
}

struct chatgpt_model chatgpt_model(struct slice name)
{
    struct chatgpt_model m = {.name = name};
    const char *dash = name.len ? memrchr(name.ptr, '-', name.len) : NULL;
    if (!dash || dash == name.ptr)
        return m;
    struct slice word = {dash + 1, (size_t)(name.ptr + name.len - dash - 1)};
    if (find_effort(word) > XHIGH)
        return m;
    m.name.len = (size_t)(dash - name.ptr);
    m.effort = word;
    return m;
}

/* Returns whether the name is the model's or that of a dated or named variant: "gpt-5-mini", but not "gpt-5.5". */
static bool is_model(struct slice name, const char *model)
{
    size_t len = strlen(model);
    return slice_starts(name, model) && (name.len == len || name.ptr[len] == '-');
}

struct slice chatgpt_effort(struct slice model, struct slice effort)
{
    enum effort e = find_effort(effort), least = NONE, most = ULTRA;
    if (e == EFFORT_COUNT)
        return effort;
    for (size_t i = 0; i < sizeof MODELS / sizeof *MODELS; i++)
        if (is_model(model, MODELS[i].model)) {
            least = MODELS[i].least;
            most = MODELS[i].most;
            break;
        }
    if (e == MINIMAL)
        e = LOW; /* the backend refuses "minimal" for every model */
    if (e < least)
        e = least;
    if (e > most)
        e = most;
    return slice_of(EFFORTS[e]);
}
