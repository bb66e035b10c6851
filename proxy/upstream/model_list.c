/* pure. Looks a model up in a server's list. */
#include "proxy/upstream/model_list.h"

#include "common/json.h"

#include <stdio.h>

bool model_list_has(struct slice text, const char *model)
{
    struct json j = {0};
    bool found = false;
    if (json_parse(&j, text.ptr ? text.ptr : "", text.len)) {
        uint32_t data = json_get(&j, 0, "data");
        char latest[256];
        (void)snprintf(latest, sizeof latest, "%s:latest", model);
        for (uint32_t m = data ? json_first(&j, data) : JSON_NONE; m && !found; m = json_next(&j, m)) {
            uint32_t id = json_get(&j, m, "id");
            found = id && (json_string_is(&j, id, model) || json_string_is(&j, id, latest));
        }
    }
    json_free(&j);
    return found;
}
