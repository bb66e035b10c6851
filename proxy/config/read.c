/* pure. Reads a section's keys by their rows in the table, and says what is wrong with them and where. */
#include "common/yaml_scalar.h"
#include "proxy/config/private.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENVIRON "os.environ/"

static void report(struct buf *out, const char *path, unsigned line, const char *format, va_list args)
{
    char what[1024];
    vsnprintf(what, sizeof what, format, args);
    if (line)
        buf_add_format(out, "%s:%u: %s", path, line, what);
    else
        buf_add_format(out, "%s: %s", path, what);
}

void config_error(struct config_loader *l, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    l->errors++;
    if (l->error->len)
        buf_add_char(l->error, '\n');
    report(l->error, l->options->path, line, format, args);
    va_end(args);
}

void config_no_memory(struct config_loader *l)
{
    l->no_memory = true;
    config_error(l, 0, "out of memory");
}

void config_warn(struct config_loader *l, unsigned line, const char *format, ...)
{
    l->config->warnings++;
    if (!l->options->warn)
        return;
    struct buf message;
    buf_init(&message, 8192);
    va_list args;
    va_start(args, format);
    report(&message, l->options->path, line, format, args);
    va_end(args);
    l->options->warn(buf_message(&message), l->options->warn_ctx);
    buf_free(&message);
}

const char *config_env(const struct config_loader *l, const char *name)
{
    const char *value = l->options->env(name, l->options->env_ctx);
    return value && *value ? value : NULL;
}

static void wrong_type(struct config_loader *l, const char *what, const struct config_key *key,
                       const struct yaml_node *n)
{
    char expected[96], found[96];
    config_key_expects(key, expected, sizeof expected);
    yaml_describe(n, key->type == KEY_SECRET, found, sizeof found);
    bool quotes = key->type <= KEY_LABEL && (yaml_is_number(n) || yaml_is_true(n) || yaml_is_false(n));
    config_error(l, n->line, "%s: expected %s, found %s%s", what, expected, found, quotes ? "; put it in quotes" : "");
}

/* Follows os.environ/NAME. What a variable holds for a key is judged later: it is no fault of the file. */
static bool resolve_text(struct config_loader *l, const char *what, enum key_type type, const struct yaml_node *n,
                         struct config_text *out)
{
    *out = (struct config_text){.text = n->scalar, .line = n->line};
    if (strncmp(n->scalar, ENVIRON, strlen(ENVIRON)) == 0) {
        out->variable = n->scalar + strlen(ENVIRON);
        if (!*out->variable || strpbrk(out->variable, "= \t\r\n")) {
            config_error(l, n->line, "%s: a variable's name must follow \"" ENVIRON "\"", what);
            *out = (struct config_text){.line = n->line};
            return false;
        }
        out->text = config_env(l, out->variable);
    }
    bool judged = out->text && !(out->variable && type == KEY_SECRET);
    if (judged && !yaml_is_clean(out->text)) {
        config_error(l, n->line, "%s: control characters, or more than %d bytes", what, YAML_TEXT_MAX);
        *out = (struct config_text){.line = n->line};
        return false;
    }
    return true;
}

/* Numbers may come from a variable, or stand in quotes; LiteLLM takes both. */
static bool read_number(struct config_loader *l, const char *what, const struct config_key *key,
                        const struct yaml_node *n, double *value)
{
    struct config_text t;
    if (n->kind != YAML_SCALAR) {
        wrong_type(l, what, key, n);
        return false;
    }
    if (!resolve_text(l, what, key->type, n, &t))
        return false;
    if (!t.text) {
        config_warn(l, n->line, "%s: %s is not set; the default is taken", what, t.variable);
        return false;
    }
    bool number = yaml_parse_number(t.text, value);
    if (!number || *value < key->min || *value > key->max || (key->type == KEY_COUNT && *value != floor(*value))) {
        wrong_type(l, what, key, n);
        return false;
    }
    if (n->quoted && !t.variable)
        config_warn(l, n->line, "%s: a number in quotes is text; leave the quotes out", what);
    return true;
}

static bool is_text(const struct yaml_node *n, enum key_type type)
{
    if (n->kind != YAML_SCALAR)
        return false;
    return n->quoted || (!yaml_is_true(n) && !yaml_is_false(n) && (!yaml_is_number(n) || type == KEY_LABEL));
}

static void read_value(struct config_loader *l, const char *what, const struct config_key *key,
                       const struct yaml_node *n, char *field)
{
    double number;
    switch (key->type) {
    case KEY_TEXT:
    case KEY_SECRET:
    case KEY_LABEL:
        if (is_text(n, key->type))
            (void)resolve_text(l, what, key->type, n, (struct config_text *)(void *)field);
        else
            wrong_type(l, what, key, n);
        break;
    case KEY_BOOL:
        if (yaml_is_true(n) || yaml_is_false(n))
            *(bool *)field = yaml_is_true(n);
        else
            wrong_type(l, what, key, n);
        break;
    case KEY_TEXT_OR_BOOL:
        if (is_text(n, key->type))
            (void)resolve_text(l, what, key->type, n, (struct config_text *)(void *)field);
        else if (yaml_is_true(n) || yaml_is_false(n))
            *(struct config_text *)(void *)field =
                (struct config_text){yaml_is_true(n) ? "true" : "false", NULL, n->line};
        else
            wrong_type(l, what, key, n);
        break;
    case KEY_COUNT:
        if (read_number(l, what, key, n, &number))
            *(int64_t *)(void *)field = (int64_t)number;
        break;
    case KEY_NUMBER:
        if (read_number(l, what, key, n, &number))
            *(double *)(void *)field = number;
        break;
    case KEY_SECONDS:
        if (read_number(l, what, key, n, &number))
            *(int *)(void *)field = (int)ceil(number * 1000);
        break;
    case KEY_LIST:
    case KEY_MAPPING:
        if (n->kind == (key->type == KEY_LIST ? YAML_SEQUENCE : YAML_MAPPING))
            *(const struct yaml_node **)(void *)field = n;
        else
            wrong_type(l, what, key, n);
        break;
    case KEY_ANY: break;
    }
}

/* Whether `name` is among `names`, which are separated by blanks; "x_*" stands for all that begin with "x_". */
static bool names_hold(const char *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = names; *at;) {
        size_t n = strcspn(at, " ");
        bool open = at[n - 1] == '*';
        if (open ? len >= n - 1 && strncmp(at, name, n - 1) == 0 : len == n && strncmp(at, name, n) == 0)
            return true;
        at += n;
        at += strspn(at, " ");
    }
    return false;
}

/* Rows that are used come before those with wildcards. */
static const struct config_key *find_key(enum config_section section, const char *name)
{
    const struct config_key *found = NULL;
    for (const struct config_key *k = config_keys(); k->name; k++)
        if (k->section == section && names_hold(k->name, name) && (!found || k->use == KEY_USED))
            found = k;
    return found;
}

/* The length of a key as messages show it: without a blank behind its colon, a flow mapping's "api_key:sk-…" is all
 * key. */
static int shown_len(const char *name)
{
    size_t len = strcspn(name, ":");
    return len < 64 ? (int)len : 64;
}

void config_read(struct config_loader *l, enum config_section section, const struct yaml_node *mapping, void *into)
{
    for (const struct yaml_node *n = mapping ? mapping->children : NULL; n; n = n->next) {
        char what[160];
        const char *parent = config_section_name(section);
        const struct config_key *key = find_key(section, n->key);
        if (!yaml_is_clean(n->key)) {
            config_error(l, n->key_line, "a key with control characters in it");
            continue;
        }
        snprintf(what, sizeof what, "%s%s%.*s", parent, *parent ? "." : "", shown_len(n->key), n->key);
        if (!key)
            config_warn(l, n->key_line, "%s: this key is not known and has no effect", what);
        else if (key->use == KEY_WARNS && !yaml_is_null(n) && !yaml_is_false(n))
            config_warn(l, n->key_line, "%s: has no effect here: %s", what, key->doc);
        else if (key->use == KEY_USED && !yaml_is_null(n))
            read_value(l, what, key, n, (char *)into + key->offset);
    }
}

bool config_read_number(struct config_loader *l, const char *what, const struct yaml_node *n, double min, double max,
                        double *out)
{
    const struct config_key number = {.type = KEY_NUMBER, .min = min, .max = max};
    return read_number(l, what, &number, n, out);
}

bool config_read_text(struct config_loader *l, const char *what, const struct yaml_node *n, struct config_text *out)
{
    static const struct config_key TEXT = {.type = KEY_TEXT};
    if (is_text(n, KEY_TEXT) && !yaml_is_null(n))
        return resolve_text(l, what, KEY_TEXT, n, out);
    wrong_type(l, what, &TEXT, n);
    return false;
}

bool config_read_usd(struct config_loader *l, const char *what, const struct yaml_node *n, double *out)
{
    static const struct config_key USD = {.type = KEY_NUMBER, .min = 0, .max = 1e9};
    return read_number(l, what, &USD, n, out);
}
