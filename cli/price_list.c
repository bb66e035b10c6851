/* Reads LiteLLM's list of models. */
#include "cli/price_list.h"

#include "cli/price_list_model.h"

#include <stdlib.h>

/* A line of the table. */
struct entry {
    char *line; /* owned */
    struct slice key;
    bool prefixed; /* LiteLLM's name has the provider; it wins over the same model's name without */
};

struct list {
    struct json json;
    struct entry *entries;
    unsigned count, cap;
    unsigned aliases; /* followed; each is a search of the list */
    struct buf *error;
};

#define ALIASES_MAX 2000u

static bool fail(struct list *l, const char *what)
{
    if (!l->error->len)
        buf_add_text(l->error, what);
    return false;
}

static bool no_memory(struct list *l)
{
    return fail(l, "out of memory");
}

static bool add_entry(struct list *l, const struct price_row *row, bool prefixed)
{
    struct buf line;
    if (l->count == PRICE_TABLE_ROWS_MAX)
        return fail(l, "too many models");
    if (l->count == l->cap) {
        unsigned cap = l->cap ? 2 * l->cap : 1024;
        struct entry *more = realloc(l->entries, cap * sizeof *more);
        if (!more)
            return no_memory(l);
        l->entries = more;
        l->cap = cap;
    }
    buf_init(&line, 8192);
    price_row_write(&line, row);
    const char *text = buf_text(&line);
    if (line.failed) {
        buf_free(&line);
        return no_memory(l);
    }
    l->entries[l->count++] = (struct entry){line.data, {text, row->key.len}, prefixed};
    return true;
}

/* Adds the model under one of its names. */
static bool add_name(struct list *l, struct slice name, const char *provider, struct price_row *row)
{
    size_t len = strlen(provider);
    bool prefixed = slice_starts(name, provider) && name.len > len && name.ptr[len] == '/';
    struct buf key;
    if (name.len == 0 || name.len + len + 1 > PRICE_KEY_MAX)
        return true;
    for (size_t i = 0; i < name.len; i++) {
        if ((unsigned char)name.ptr[i] < ' ' || name.ptr[i] == '\\')
            return fail(l, "a model's name with control characters or escapes");
        if (name.ptr[i] == ' ' || (unsigned char)name.ptr[i] > '~')
            return true;
    }
    buf_init(&key, PRICE_KEY_MAX + 1);
    bool ok = prefixed || (buf_add_text(&key, provider) && buf_add_char(&key, '/'));
    ok = ok && buf_add_slice(&key, name);
    row->key = buf_slice(&key);
    ok = ok ? add_entry(l, row, prefixed) : no_memory(l);
    buf_free(&key);
    return ok;
}

/* The model that an entry with "alias_of" stands for; the entry itself without. JSON_NONE: there is none. */
static uint32_t follow(const struct json *j, uint32_t model)
{
    struct slice target = json_inner(j, json_get(j, model, "alias_of"));
    uint32_t found = target.ptr ? json_find(j, 0, target) : model;
    bool valid = json_is(j, found, JSON_OBJECT) && (!target.ptr || !json_get(j, found, "alias_of"));
    return valid ? found : JSON_NONE;
}

static bool add_model(struct list *l, uint32_t key)
{
    const struct json *j = &l->json;
    struct slice name = json_inner(j, key);
    struct price_row row;
    bool is_model = json_is(j, json_value(key), JSON_OBJECT);
    if (is_model && json_get(j, json_value(key), "alias_of") && l->aliases++ == ALIASES_MAX)
        return fail(l, "too many aliases");
    uint32_t model = is_model ? follow(j, json_value(key)) : JSON_NONE;
    const char *provider = model ? price_table_provider(json_inner(j, json_get(j, model, "litellm_provider"))) : NULL;
    if (!provider || slice_is(name, "sample_spec") || price_list_is_size_class(name))
        return true;
    struct buf why;
    buf_init(&why, 512);
    enum price_list_kind kind = price_list_model(j, model, &row, &why);
    if (kind == PRICE_LIST_WRONG)
        buf_add_format(l->error, "%.*s: %s", (int)(name.len < 100 ? name.len : 100), name.ptr, buf_message(&why));
    buf_free(&why);
    if (kind != PRICE_LIST_PRICED)
        return kind != PRICE_LIST_WRONG;
    bool ok = add_name(l, name, provider, &row);
    uint32_t aliases = json_get(j, model, "aliases");
    for (uint32_t n = json_is(j, aliases, JSON_ARRAY) ? json_first(j, aliases) : JSON_NONE; ok && n;
         n = json_next(j, n))
        ok = !json_is(j, n, JSON_STRING) || add_name(l, json_inner(j, n), provider, &row);
    return ok;
}

/* By key, then names with the provider first. */
static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = price_key_compare(x->key, y->key);
    return order ? order : y->prefixed - x->prefixed ? y->prefixed - x->prefixed : strcmp(x->line, y->line);
}

static bool write(struct list *l, struct slice date, struct slice source, struct buf *out)
{
    unsigned kept = 0;
    if (l->count)
        qsort(l->entries, l->count, sizeof *l->entries, compare);
    for (unsigned i = 0; i < l->count; i++)
        kept += i == 0 || price_key_compare(l->entries[i - 1].key, l->entries[i].key) != 0;
    if (!kept)
        return fail(l, "no model with a price of a provider that pointsman calls");
    price_table_write_header(out, date, source, kept);
    for (unsigned i = 0; i < l->count; i++)
        if (i == 0 || price_key_compare(l->entries[i - 1].key, l->entries[i].key) != 0)
            buf_add_text(out, l->entries[i].line);
    return !out->failed || fail(l, out->full ? "too many models" : "out of memory");
}

bool price_list_read(struct slice text, struct slice date, struct slice source, struct buf *out, struct buf *error)
{
    struct list l = {.error = error};
    bool ok = json_parse(&l.json, text.ptr ? text.ptr : "", text.len);
    if (!ok && l.json.no_memory)
        (void)no_memory(&l);
    else if (!ok)
        buf_add_format(error, "not JSON: %s at byte %zu", l.json.error, l.json.error_at);
    else if (!(ok = json_type(&l.json, 0) == JSON_OBJECT))
        (void)fail(&l, "not LiteLLM's list of models: expected one JSON object");
    for (uint32_t key = ok ? json_first(&l.json, 0) : JSON_NONE; ok && key; key = json_next(&l.json, key))
        ok = add_model(&l, key);
    ok = ok && write(&l, date, source, out);
    for (unsigned i = 0; i < l.count; i++)
        free(l.entries[i].line);
    free(l.entries);
    json_free(&l.json);
    return ok;
}
