/* The variables that the proxy's configuration names. */
#include "cgi/variables.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SPACE (16u << 10) /* bytes; a body has at most REQUEST_BODY_MAX */

/* NUL-terminated copies of values, which are not terminated in the request's body; in locked memory, because they are
 * keys. */
struct lookup {
    const struct fields *fields;
    char *space;
    size_t used;
};

static const char *look_up(const char *name, void *ctx)
{
    struct lookup *lookup = ctx;
    const struct field *field = fields_get(lookup->fields, name);
    if (!field && (strcmp(name, "HOME") == 0 || strcmp(name, "CODEX_HOME") == 0))
        return getenv(name);
    if (!field && strcmp(name, "HUGGINGFACE_API_KEY") == 0)
        field = fields_get(lookup->fields, "HF_TOKEN");
    struct slice value = !field                      ? (struct slice){NULL, 0}
                         : field->kind == FIELD_TRUE ? SLICE("1")
                                                     : slice_trim(field->value);
    if (!value.len || value.len >= SPACE - lookup->used)
        return NULL;
    char *place = lookup->space + lookup->used;
    memcpy(place, value.ptr, value.len);
    place[value.len] = '\0';
    lookup->used += value.len + 1;
    return place;
}

bool variables_learn(const char *config, const struct fields *fields, struct config_variables *out,
                     struct buf *warnings, struct buf *error)
{
    struct lookup lookup = {fields, sodium_malloc(SPACE), 0};
    bool learned = lookup.space && config_variables_learn(out, config, look_up, &lookup, warnings, error);
    if (!lookup.space)
        BUF_ADD(error, "can't lock memory for the variables");
    sodium_free(lookup.space); /* overwrites it */
    return learned;
}
