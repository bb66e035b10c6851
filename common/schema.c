/* Defaults, values and reference of a table of keys. */
#include "common/schema.h"
#include "common/yaml_scalar.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ENVIRON "os.environ/"

const char *schema_env(const struct schema_reader *r, const char *name)
{
    const char *value = r->env(name, r->env_ctx);
    return value && *value ? value : NULL;
}

bool schema_find_word(const char *const *words, const char *text, unsigned *index)
{
    for (*index = 0; words[*index]; ++*index)
        if (strcmp(words[*index], text) == 0)
            return true;
    return false;
}

void schema_expects(const struct schema_row *row, struct buf *out)
{
    static const char *const TYPES[] = {
        [SCHEMA_TEXT] = "text",          [SCHEMA_SECRET] = "text",
        [SCHEMA_LABEL] = "text",         [SCHEMA_TEXT_OR_BOOL] = "text, or true or false",
        [SCHEMA_BOOL] = "true or false", [SCHEMA_WORD] = "one",
        [SCHEMA_INT] = "a whole number", [SCHEMA_COUNT] = "a whole number",
        [SCHEMA_NUMBER] = "a number",    [SCHEMA_NUMBERS] = "a number",
        [SCHEMA_SECONDS] = "seconds",    [SCHEMA_LIST] = "a list",
        [SCHEMA_MAPPING] = "a mapping",
    };
    buf_add_text(out, TYPES[row->type]);
    for (unsigned i = 0; row->words && row->words[i]; i++)
        buf_add_format(out, "%s%s", i ? ", " : " of ", row->words[i]);
    if (row->max > row->min)
        buf_add_format(out, " from %.10g", row->min);
    if (row->max > row->min && row->max < SCHEMA_ENDLESS)
        buf_add_format(out, " to %.10g", row->max);
}

static bool value_error(struct schema_reader *r, const char *what, const struct schema_row *row,
                        const struct yaml_node *n)
{
    char found[64];
    struct buf expected;
    buf_init(&expected, 512);
    schema_expects(row, &expected);
    yaml_describe(n, row->type == SCHEMA_SECRET, found, sizeof found);
    bool quotes = row->type <= SCHEMA_LABEL && (yaml_is_number(n) || yaml_is_true(n) || yaml_is_false(n));
    schema_error(r, n->line, "%s: expected %s, found %s%s", what, buf_text(&expected), found,
                 quotes ? "; put it in quotes" : "");
    buf_free(&expected);
    return false;
}

/* Resolves os.environ/NAME; without that variable the default stays. A key's value in a variable is checked later,
 * because it is not an error of the file. */
static bool read_text(struct schema_reader *r, const char *what, const struct schema_row *row,
                      const struct yaml_node *n, struct schema_text *out)
{
    const char *fallback = out->line ? NULL : out->text;
    *out = (struct schema_text){.text = n->scalar, .line = n->line};
    if (r->env && strncmp(n->scalar, ENVIRON, strlen(ENVIRON)) == 0) {
        out->variable = n->scalar + strlen(ENVIRON);
        if (!*out->variable || strpbrk(out->variable, "= \t\r\n")) {
            schema_error(r, n->line, "%s: missing variable name after \"" ENVIRON "\"", what);
            *out = (struct schema_text){.text = fallback, .line = n->line};
            return false;
        }
        const char *value = schema_env(r, out->variable);
        out->text = value ? value : fallback;
    }
    bool checked = out->text && !(out->variable && row->type == SCHEMA_SECRET);
    if (checked && !yaml_is_clean(out->text)) {
        schema_error(r, n->line, "%s: contains control characters or exceeds %d bytes", what, YAML_TEXT_MAX);
        *out = (struct schema_text){.text = fallback, .line = n->line};
        return false;
    }
    return true;
}

/* LiteLLM also accepts numbers in variables and in quotes. */
static bool read_number(struct schema_reader *r, const char *what, const struct schema_row *row,
                        const struct yaml_node *n, double *value)
{
    struct schema_text t = {0};
    if (n->kind != YAML_SCALAR || (n->quoted && !r->env))
        return value_error(r, what, row, n);
    if (!read_text(r, what, row, n, &t))
        return false;
    if (!t.text) {
        schema_warn(r, n->line, "%s: %s is not set; using the default", what, t.variable);
        return false;
    }
    bool whole = row->type == SCHEMA_INT || row->type == SCHEMA_COUNT;
    if (!yaml_parse_number(t.text, value) || *value < row->min || *value > row->max ||
        (whole && *value != floor(*value)))
        return value_error(r, what, row, n);
    if (n->quoted && !t.variable)
        schema_warn(r, n->line, "%s: a number in quotes is text; remove the quotes", what);
    return true;
}

static bool is_text(const struct yaml_node *n, enum schema_type type)
{
    if (n->kind != YAML_SCALAR)
        return false;
    return n->quoted || (!yaml_is_true(n) && !yaml_is_false(n) && (!yaml_is_number(n) || type == SCHEMA_LABEL));
}

/* Whether a name, which may have a '*' anywhere, matches `key`; *star: the part that matched the '*'. */
static bool matches(struct slice name, struct slice key, struct slice *star)
{
    const char *at = name.len ? memchr(name.ptr, '*', name.len) : NULL;
    if (!at)
        return slice_equal(name, key);
    size_t before = (size_t)(at - name.ptr), after = name.len - before - 1;
    if (key.len < before + after || memcmp(name.ptr, key.ptr, before) != 0 ||
        memcmp(at + 1, key.ptr + key.len - after, after) != 0)
        return false;
    *star = (struct slice){key.ptr + before, key.len - before - after};
    return true;
}

/* The later one of two equal keys wins: they are from two sections. */
static bool add_number(struct schema_reader *r, const char *what, const struct schema_row *row,
                       const struct yaml_node *n, double value, struct schema_numbers *numbers)
{
    struct slice star = {NULL, 0};
    unsigned i = 0;
    (void)matches(slice_of(row->name), slice_of(n->key), &star);
    while (i < numbers->count && !slice_equal(numbers->of[i].star, star))
        i++;
    if (i == SCHEMA_NUMBERS_MAX) {
        schema_error(r, n->key_line, "%s: more than %d keys of the form %s", what, SCHEMA_NUMBERS_MAX, row->name);
        return false;
    }
    numbers->of[i] = (struct schema_number){star, n->key_line, value};
    if (i == numbers->count)
        numbers->count++;
    return true;
}

bool schema_read_value(struct schema_reader *r, const char *what, const struct schema_row *row,
                       const struct yaml_node *n, void *field)
{
    double number;
    bool boolean = yaml_is_true(n) || yaml_is_false(n);
    unsigned index;
    switch (row->type) {
    case SCHEMA_TEXT_OR_BOOL:
        if (boolean) {
            *(struct schema_text *)field = (struct schema_text){yaml_is_true(n) ? "true" : "false", NULL, n->line};
            return true;
        }
        /* fall through */
    case SCHEMA_TEXT:
    case SCHEMA_SECRET:
    case SCHEMA_LABEL:
        if (!is_text(n, row->type) || yaml_is_null(n))
            return value_error(r, what, row, n);
        return read_text(r, what, row, n, field);
    case SCHEMA_BOOL:
        if (!boolean)
            return value_error(r, what, row, n);
        *(bool *)field = yaml_is_true(n);
        return true;
    case SCHEMA_WORD:
        if (n->kind != YAML_SCALAR || !schema_find_word(row->words, n->scalar, &index))
            return value_error(r, what, row, n);
        *(unsigned *)field = index;
        return true;
    case SCHEMA_LIST:
    case SCHEMA_MAPPING:
        if (n->kind != (row->type == SCHEMA_LIST ? YAML_SEQUENCE : YAML_MAPPING))
            return value_error(r, what, row, n);
        *(const struct yaml_node **)field = n;
        return true;
    case SCHEMA_INT:
    case SCHEMA_COUNT:
    case SCHEMA_NUMBER:
    case SCHEMA_NUMBERS:
    case SCHEMA_SECONDS: break;
    }
    if (!read_number(r, what, row, n, &number))
        return false;
    if (row->type == SCHEMA_NUMBERS)
        return add_number(r, what, row, n, number, field);
    if (row->type == SCHEMA_NUMBER)
        *(double *)field = number;
    else if (row->type == SCHEMA_COUNT)
        *(int64_t *)field = (int64_t)number;
    else
        *(int *)field = (int)(row->type == SCHEMA_SECONDS ? ceil(number * 1000) : number);
    return true;
}

static void unset(enum schema_type type, void *field)
{
    switch (type) {
    case SCHEMA_TEXT_OR_BOOL:
    case SCHEMA_TEXT:
    case SCHEMA_SECRET:
    case SCHEMA_LABEL: *(struct schema_text *)field = (struct schema_text){0}; break;
    case SCHEMA_BOOL: *(bool *)field = false; break;
    case SCHEMA_WORD: *(unsigned *)field = 0; break;
    case SCHEMA_INT:
    case SCHEMA_SECONDS: *(int *)field = SCHEMA_UNSET; break;
    case SCHEMA_COUNT: *(int64_t *)field = SCHEMA_UNSET; break;
    case SCHEMA_NUMBER: *(double *)field = NAN; break;
    case SCHEMA_NUMBERS: ((struct schema_numbers *)field)->count = 0; break;
    case SCHEMA_LIST:
    case SCHEMA_MAPPING: *(const struct yaml_node **)field = NULL; break;
    }
}

static const char *initial_of(const struct schema *schema, const struct schema_row *row)
{
    const char *initial = row->initial[schema->variant];
    return initial ? initial : row->initial[0];
}

void schema_init(const struct schema *schema, unsigned section, void *into)
{
    struct schema_reader none = {0}; /* a default that its own row refuses is a bug of the table */
    for (const struct schema_row *row = schema->sections[section].rows; row->name; row++) {
        if (row->section != section || row->use != SCHEMA_USED)
            continue;
        const char *initial = initial_of(schema, row);
        const struct yaml_node n = {.kind = YAML_SCALAR, .scalar = (char *)(uintptr_t)initial};
        void *field = (char *)into + row->offset;
        unset(row->type, field);
        if (*initial && *initial != '(')
            (void)schema_read_value(&none, row->name, row, &n, field);
    }
}

/* Whether one of `names`, separated by blanks, matches `name`. */
static bool names_match(const char *names, const char *name)
{
    struct slice star;
    for (const char *at = names; *at;) {
        size_t n = strcspn(at, " ");
        if (matches((struct slice){at, n}, slice_of(name), &star))
            return true;
        at += n;
        at += strspn(at, " ");
    }
    return false;
}

/* Of several matching rows, one that is used wins, else the first. */
static const struct schema_row *find_row(const struct schema *schema, unsigned section, const char *name)
{
    const struct schema_row *found = NULL;
    for (const struct schema_row *row = schema->sections[section].rows; row->name; row++)
        if (row->section == section && names_match(row->name, name) && (!found || row->use == SCHEMA_USED))
            found = row;
    return found;
}

static void unknown_key(struct schema_reader *r, const struct schema *schema, unsigned section, const char *what,
                        const struct yaml_node *n)
{
    struct buf known;
    if (r->env) {
        schema_warn(r, n->key_line, "%s: unknown key, ignored", what);
        return;
    }
    buf_init(&known, 1024);
    for (const struct schema_row *row = schema->sections[section].rows; row->name; row++)
        if (row->section == section)
            buf_add_format(&known, "%s%s", known.len ? ", " : "", row->name);
    schema_error(r, n->key_line, "%s: unknown key; valid keys: %s", what, buf_text(&known));
    buf_free(&known);
}

/* Length of a key in messages. Without a blank after its colon, a flow mapping's "api_key:sk-…" is one key; the secret
 * must not show. */
static int shown_len(const char *name)
{
    size_t len = strcspn(name, ":");
    return len < 64 ? (int)len : 64;
}

void schema_read(struct schema_reader *r, const struct schema *schema, unsigned section,
                 const struct yaml_node *mapping, void *into)
{
    const char *parent = schema->sections[section].name;
    char what[160];
    if (mapping && mapping->kind != YAML_MAPPING) {
        yaml_describe(mapping, false, what, sizeof what);
        if (!yaml_is_null(mapping))
            schema_error(r, mapping->line, "%s%sexpected a mapping, found %s", parent, *parent ? ": " : "", what);
        return;
    }
    for (const struct yaml_node *n = mapping ? mapping->children : NULL; n; n = n->next) {
        const struct schema_row *row = find_row(schema, section, n->key);
        if (!yaml_is_clean(n->key)) {
            schema_error(r, n->key_line, "key with control characters");
            continue;
        }
        snprintf(what, sizeof what, "%s%s%.*s", parent, *parent ? "." : "", shown_len(n->key), n->key);
        if (!row)
            unknown_key(r, schema, section, what, n);
        else if (row->use == SCHEMA_WARNS && !yaml_is_null(n) && !yaml_is_false(n))
            schema_warn(r, n->key_line, "%s: has no effect here: %s", what, row->doc);
        else if (row->use == SCHEMA_USED && !yaml_is_null(n))
            (void)schema_read_value(r, what, row, n, (char *)into + row->offset);
    }
}

void schema_reference(const struct schema *schema, unsigned section, struct buf *out)
{
    BUF_ADD(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
    for (const struct schema_row *row = schema->sections[section].rows; row->name; row++) {
        if (row->section != section || row->use != SCHEMA_USED)
            continue;
        buf_add_format(out, "| `%s` | ", row->name);
        schema_expects(row, out);
        buf_add_format(out, " | %s | %s |\n", initial_of(schema, row), row->doc);
    }
}
