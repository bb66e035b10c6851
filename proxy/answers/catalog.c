/* pure: entries of Codex's model catalog for the aliases. */
#include "proxy/answers/catalog.h"

#include "common/json.h"

#include <stdlib.h>
#include <string.h>

/* Tokens. By default Codex compacts a conversation at nine tenths of the window and truncates tool output at 10,000
 * tokens. Smaller windows lack room for the last output and the summary: they compact at three quarters and limit
 * outputs to one eighth. */
#define SMALL_WINDOW 100000

struct entry {
    struct json top; /* parsed from `text` */
    char *text;
};

struct catalog {
    struct entry *entries; /* the base entry first */
    unsigned count;
};

/* Keys that are not copied from Codex's entry. Some are replaced. Keys about OpenAI's service (tiers, upgrades) are
 * dropped, as are defaults that other models reject. */
static const char *const REPLACED[] =
    {
        "slug",
        "display_name",
        "description",
        "visibility",
        "supported_in_api",
        "priority",
        "upgrade",
        "availability_nux",
        "service_tiers",
        "additional_speed_tiers",
        "comp_hash",
        "default_service_tier",
        "default_reasoning_level",
        "default_verbosity",
        NULL,
    },
                         *const WINDOW[] =
                             {
                                 "context_window",
                                 "max_context_window",
                                 "auto_compact_token_limit",
                                 NULL,
                             },
                         *const OUTPUTS[] = {
                             "truncation_policy",
                             NULL,
                         };

static bool is_one_of(const struct json *j, uint32_t key, const char *const *names)
{
    while (*names && !json_string_is(j, key, *names))
        names++;
    return *names;
}

static bool is_ordinary(const struct json *j, uint32_t model)
{
    uint32_t mode = json_get(j, model, "tool_mode");
    return (!mode || json_is(j, mode, JSON_NULL)) && !json_is(j, json_get(j, model, "use_responses_lite"), JSON_TRUE);
}

static bool keep(struct catalog *c, struct slice raw)
{
    struct entry *e = &c->entries[c->count];
    e->text = malloc(raw.len);
    if (!e->text)
        return false;
    memcpy(e->text, raw.ptr, raw.len);
    c->count++;
    return json_parse_top(&e->top, e->text, raw.len);
}

static bool is_alias(const struct config *config, const struct json *j, uint32_t model)
{
    return config_group(config, json_inner(j, json_get(j, model, "slug"))) != NULL;
}

/* Keeps the base entry, then the entries named like our aliases. */
static bool choose(struct catalog *c, const struct config *config, const struct json *j, uint32_t models)
{
    uint32_t base = JSON_NONE;
    for (uint32_t m = json_first(j, models); m && !base; m = json_next(j, m))
        base = json_is(j, m, JSON_OBJECT) && is_ordinary(j, m) ? m : JSON_NONE;
    if (!base || !keep(c, json_raw(j, base)))
        return false;
    for (uint32_t m = json_first(j, models); m && c->count <= config->group_count; m = json_next(j, m))
        if (json_is(j, m, JSON_OBJECT) && is_alias(config, j, m) && !keep(c, json_raw(j, m)))
            return false;
    return true;
}

struct catalog *catalog_read(struct slice text, const struct config *config, struct buf *error)
{
    struct json j = {0};
    struct catalog *c = calloc(1, sizeof *c);
    bool ok = c && (c->entries = calloc(config->group_count + 1u, sizeof *c->entries));
    if (!ok)
        buf_add_text(error, "out of memory");
    else if (!(ok = json_parse(&j, text.ptr, text.len)))
        buf_add_format(error, "invalid JSON: %s at byte %zu", j.error, j.error_at);
    else if (!(ok = json_is(&j, json_get(&j, 0, "models"), JSON_ARRAY) &&
                    choose(c, config, &j, json_get(&j, 0, "models"))))
        buf_add_text(error, "not the output of 'codex debug models': no usable entry in \"models\"");
    json_free(&j);
    if (ok)
        return c;
    catalog_free(c);
    return NULL;
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    for (unsigned i = 0; i < c->count; i++) {
        json_free(&c->entries[i].top);
        free(c->entries[i].text);
    }
    free(c->entries);
    free(c);
}

static const struct json *entry_of(const struct catalog *c, struct slice alias)
{
    for (unsigned i = 1; i < c->count; i++) {
        const struct json *j = &c->entries[i].top;
        struct slice slug = json_inner(j, json_get(j, 0, "slug"));
        if (slug.len == alias.len && memcmp(slug.ptr, alias.ptr, slug.len) == 0)
            return j;
    }
    return &c->entries[0].top;
}

static void add_window(int64_t window, struct container in)
{
    document_add_count(in, "context_window", window);
    document_add_count(in, "max_context_window", window);
    if (window < SMALL_WINDOW) {
        document_add_count(in, "auto_compact_token_limit", window * 3 / 4);
        struct container policy = document_add_object(in, "truncation_policy");
        document_add_text(policy, "mode", "tokens");
        document_add_count(policy, "limit", window / 8);
    }
}

size_t catalog_describe(const struct catalog *c, struct slice alias, int64_t window, unsigned priority,
                        struct container in)
{
    const struct json *j = entry_of(c, alias);
    struct buf name;
    size_t bytes = 0;
    buf_init(&name, 4096);
    document_add_slice(in, "slug", alias);
    document_add_slice(in, "display_name", alias);
    document_add_text(in, "description", "Routed by pointsman");
    document_add_text(in, "visibility", "list");
    document_add_bool(in, "supported_in_api", true);
    document_add_count(in, "priority", priority);
    if (window)
        add_window(window, in);
    for (uint32_t key = json_first(j, 0); key; key = json_next(j, key)) {
        if (is_one_of(j, key, REPLACED) || (window && is_one_of(j, key, WINDOW)) ||
            (window && window < SMALL_WINDOW && is_one_of(j, key, OUTPUTS)))
            continue;
        struct slice value = json_raw(j, json_value(key));
        buf_clear(&name);
        (void)json_unescape(j, key, &name);
        document_add_raw(in, buf_text(&name), value);
        bytes += value.len;
    }
    buf_free(&name);
    return bytes;
}
