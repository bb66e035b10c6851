/* The meaning of plain scalars. */
#include "common/yaml_scalar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_one_of(const struct yaml_node *n, const char *const *words)
{
    if (n->kind != YAML_SCALAR || n->quoted)
        return false;
    for (; *words; words++)
        if (strcasecmp(n->scalar, *words) == 0)
            return true;
    return false;
}

bool yaml_is_null(const struct yaml_node *n)
{
    static const char *const WORDS[] = {"", "~", "null", NULL};
    return is_one_of(n, WORDS);
}

bool yaml_is_true(const struct yaml_node *n)
{
    static const char *const WORDS[] = {"true", "yes", "on", NULL};
    return is_one_of(n, WORDS);
}

bool yaml_is_false(const struct yaml_node *n)
{
    static const char *const WORDS[] = {"false", "no", "off", NULL};
    return is_one_of(n, WORDS);
}

bool yaml_parse_number(const char *text, double *value)
{
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    char *end;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

bool yaml_is_number(const struct yaml_node *n)
{
    double value;
    return n->kind == YAML_SCALAR && !n->quoted && yaml_parse_number(n->scalar, &value);
}

bool yaml_is_clean(const char *text)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return false;
    return strlen(text) <= YAML_TEXT_MAX;
}

void yaml_describe(const struct yaml_node *n, bool secret, char *out, size_t size)
{
    if (n->kind == YAML_SEQUENCE)
        snprintf(out, size, "a list");
    else if (n->kind == YAML_MAPPING)
        snprintf(out, size, "a mapping");
    else if (yaml_is_null(n))
        snprintf(out, size, "nothing");
    else if (!secret && yaml_is_number(n))
        snprintf(out, size, "the number %.40s", n->scalar);
    else if (yaml_is_number(n))
        snprintf(out, size, "a number");
    else if (!secret && (yaml_is_true(n) || yaml_is_false(n)))
        snprintf(out, size, "%.8s", n->scalar);
    else if (secret || !yaml_is_clean(n->scalar) || strlen(n->scalar) > 40)
        snprintf(out, size, "text");
    else
        snprintf(out, size, "the text \"%s\"", n->scalar);
}
