/* pure: classifies items by their type and role. */
#include "proxy/bridge/item_head.h"

#include <string.h>

#define HEAD 256 /* bytes of a message; Codex's texts begin within them */

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

uint8_t item_classify(struct slice item, struct slice type, struct slice role)
{
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
