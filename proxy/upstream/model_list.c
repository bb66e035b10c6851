/* pure: looks a model up in a server's list. */
#include "proxy/upstream/model_list.h"

#include "common/json.h"

#include <stdio.h>

/* Returns whether the name is the model's, without or with ":latest". */
static bool is_model(const struct json *j, uint32_t name, const char *model)
{
    char latest[256];
    (void)snprintf(latest, sizeof latest, "%s:latest", model);
    return name && (json_string_is(j, name, model) || json_string_is(j, name, latest));
}

bool model_list_has(struct slice text, const char *model)
{
    struct json j = {0};
    bool found = false;
    if (json_parse(&j, text.ptr ? text.ptr : "", text.len)) {
        uint32_t data = json_get(&j, 0, "data");
        for (uint32_t m = data ? json_first(&j, data) : JSON_NONE; m && !found; m = json_next(&j, m))
            found = is_model(&j, json_get(&j, m, "id"), model);
    }
    json_free(&j);
    return found;
}

int64_t model_list_window(struct slice text, const char *model)
{
    struct json j = {0};
    int64_t window = 0, number;
    if (json_parse(&j, text.ptr ? text.ptr : "", text.len)) {
        uint32_t models = json_get(&j, 0, "models");
        window = json_is(&j, models, JSON_ARRAY) ? -1 : 0;
        for (uint32_t m = window ? json_first(&j, models) : JSON_NONE; m; m = json_next(&j, m)) {
            uint32_t length = json_get(&j, m, "context_length");
            if (is_model(&j, json_get(&j, m, "model"), model))
                window = length && json_int64(&j, length, &number) && number > 0 ? number : MODEL_LIST_LEAST_WINDOW;
        }
    }
    json_free(&j);
    return window;
}
