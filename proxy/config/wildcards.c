/* pure. Wildcards: which names a model_name with a '*' matches, and the model name sent to the provider. */
#include "proxy/config/config.h"

#include <string.h>

/* Whether the pattern, which has one '*', matches. The '*' stands for at least one character, but not for another '*'.
 */
static bool matches(const char *pattern, struct slice name, struct slice *star)
{
    size_t before = strcspn(pattern, "*"), after = strlen(pattern + before + 1);
    if (name.len <= before + after || memchr(name.ptr, '*', name.len) || memcmp(pattern, name.ptr, before) != 0 ||
        memcmp(pattern + before + 1, name.ptr + name.len - after, after) != 0)
        return false;
    *star = (struct slice){name.ptr + before, name.len - before - after};
    return true;
}

const struct model_group *config_match(const struct config *c, struct slice name, struct slice *star)
{
    const struct model_group *best = NULL;
    struct slice part, found = {NULL, 0};
    for (unsigned i = 0; i < c->group_count; i++) {
        const struct model_group *g = &c->groups[i];
        if (!g->wildcard && slice_is(name, g->alias)) {
            found = (struct slice){NULL, 0};
            best = g;
            break;
        }
        if (g->wildcard && matches(g->alias, name, &part) && (!best || strlen(g->alias) > strlen(best->alias))) {
            found = part;
            best = g;
        }
    }
    if (star)
        *star = found;
    return best;
}

const char *config_upstream_model(const struct deployment *d, struct slice star, struct buf *name)
{
    const char *at = d->wildcard ? strchr(d->model, '*') : NULL;
    struct buf model;
    if (!at)
        return d->upstream_model;
    buf_init(&model, name->max);
    bool made = buf_add(&model, d->model, (size_t)(at - d->model)) && buf_add_slice(&model, star) &&
                buf_add_text(&model, at + 1) && provider_name(d->provider, buf_slice(&model), name);
    buf_free(&model);
    return made ? buf_text(name) : NULL;
}
