/* pure: classifies items by their type and role. Both usually precede the content, so little is read. */
#include "proxy/bridge/item_head.h"

#include <string.h>

#define HEAD 256 /* bytes of a message; Codex's texts begin within them */

/* Returns what follows the string at `at`. */
static const char *skip_string(const char *at, const char *end)
{
    for (const char *quote = at + 1; (quote = memchr(quote, '"', (size_t)(end - quote))); quote++) {
        const char *slash = quote;
        while (slash[-1] == '\\')
            slash--;
        if ((quote - slash) % 2 == 0)
            return quote + 1;
    }
    return end;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t' || *at == ':' || *at == ','))
        at++;
    return at;
}

static const char *skip_value(const char *at, const char *end)
{
    unsigned depth = 0;
    if (at < end && *at == '"')
        return skip_string(at, end);
    do {
        char c = at < end ? *at : '\0';
        if (c == '"') {
            at = skip_string(at, end);
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    } while (at < end && (depth || (*at != ',' && *at != '}')));
    return at;
}

/* Reads type and role, with their quotes; empty: missing. A message may lack the type, and other items the role. */
static void read_head(struct slice item, struct slice *type, struct slice *role)
{
    const char *at = item.ptr + 1, *end = item.ptr + item.len;
    *type = *role = (struct slice){NULL, 0};
    while ((at = skip_space(at, end)) < end && *at == '"') {
        const char *key = at, *value = skip_space(at = skip_string(at, end), end);
        struct slice name = {key, (size_t)(at - key)};
        at = skip_value(value, end);
        if (slice_is(name, "\"type\""))
            *type = (struct slice){value, (size_t)(at - value)};
        else if (slice_is(name, "\"role\""))
            *role = (struct slice){value, (size_t)(at - value)};
        if ((type->len && !slice_is(*type, "\"message\"")) || (role->len && !slice_is(*role, "\"user\"")) ||
            (type->len && role->len))
            return;
    }
}

static bool ends_with(struct slice text, const char *end)
{
    size_t len = strlen(end);
    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

/* Returns whether the item's first text begins with one of Codex's tags or headings. */
static bool is_environment(struct slice item)
{
    static const char *const texts[] = {"\"<environment_context>", "\"<user_instructions>",
                                        "\"# AGENTS.md instructions"};
    size_t head = item.len < HEAD ? item.len : HEAD;
    const char *at = memchr(item.ptr, '<', head);
    at = at ? at : memchr(item.ptr, '#', head);
    struct slice text = {at ? at - 1 : NULL, at ? (size_t)(item.ptr + item.len - at + 1) : 0};
    for (size_t i = 0; at && i < sizeof texts / sizeof *texts; i++)
        if (slice_starts(text, texts[i]))
            return true;
    return false;
}

static enum item_class class_of_type(struct slice type)
{
    if (slice_is(type, "\"additional_tools\"") || slice_is(type, "\"tool_search_output\""))
        return ITEM_IS_TOOLS;
    return ends_with(type, "_output\"") ? ITEM_IS_OUTPUT : ITEM_IS_MODEL;
}

enum item_class item_classify(struct slice item)
{
    struct slice type, role;
    read_head(item, &type, &role);
    if (type.len && !slice_is(type, "\"message\""))
        return class_of_type(type);
    if (slice_is(role, "\"assistant\""))
        return ITEM_IS_MODEL;
    if (slice_is(role, "\"tool\"") || slice_is(role, "\"function\""))
        return ITEM_IS_OUTPUT;
    if (slice_is(role, "\"system\"") || slice_is(role, "\"developer\""))
        return ITEM_IS_SYSTEM;
    return is_environment(item) ? ITEM_IS_ENVIRONMENT : ITEM_IS_USER;
}
