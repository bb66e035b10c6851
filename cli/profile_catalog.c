/* Model metadata files for the managed profiles. */
#include "cli/profile_catalog.h"

#include "cli/own_config.h"
#include "proxy/answers/catalog.h"

/* The largest context window, tokens: of the deployments that are ready in this environment, else of all. */
static int64_t window_of(const struct model_group *group)
{
    int64_t largest[2] = {0, 0}; /* of all deployments; of the ready ones */
    for (unsigned i = 0; i < group->count; i++)
        for (unsigned k = 0; k <= !group->deployments[i]->not_ready; k++)
            if (group->deployments[i]->max_input_tokens > largest[k])
                largest[k] = group->deployments[i]->max_input_tokens;
    return largest[1] ? largest[1] : largest[0];
}

static bool add_entries(const struct config *config, struct slice codex_models, bool hf, struct buf *out,
                        struct buf *why)
{
    struct catalog *catalog = catalog_read(codex_models, config, why);
    struct document d;
    if (!catalog)
        return false;
    struct container models = document_add_array(document_object(&d), "models");
    if (hf)
        (void)catalog_describe(catalog, slice_of(PROFILE_HF_MODEL), PROFILE_HF_WINDOW, 1,
                               document_add_object(models, NULL));
    for (unsigned i = 0; !hf && i < config->group_count; i++)
        if (!config->groups[i].wildcard)
            (void)catalog_describe(catalog, slice_of(config->groups[i].alias), window_of(&config->groups[i]), i + 1,
                                   document_add_object(models, NULL));
    catalog_free(catalog);
    if (document_print(&d, out) && BUF_ADD(out, "\n"))
        return true;
    buf_add_text(why, out->full ? "the model catalog is too large" : "out of memory");
    return false;
}

bool profile_catalog_make(enum profile_file file, const char *config_path, struct slice codex_models, struct buf *out,
                          struct buf *why)
{
    struct config none = {0}, *config = NULL;
    bool hf = file == PROFILE_FILE_HF_CATALOG;
    if (!hf && !(config = own_config_load_file(config_path, why)))
        return false;
    bool ok = add_entries(hf ? &none : config, codex_models, hf, out, why);
    config_free(config);
    return ok;
}
