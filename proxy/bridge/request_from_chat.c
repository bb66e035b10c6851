/* pure: decodes a Chat Completions request into a turn. */
#include "proxy/bridge/content.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/tools.h"

#include <stdio.h>

static void read_calls(struct turn *t, uint32_t calls)
{
    if (!json_is(t->doc, calls, JSON_ARRAY))
        return;
    for (uint32_t call = json_first(t->doc, calls); call; call = json_next(t->doc, call)) {
        uint32_t custom = object_field(t->doc, call, "custom"), function = object_field(t->doc, call, "function");
        uint32_t what = custom ? custom : function;
        turn_add_call(t, object_text(t->doc, call, "id"), tools_named(t, what, custom ? TOOL_CUSTOM : TOOL_FUNCTION),
                      object_field(t->doc, what, custom ? "input" : "arguments"));
    }
}

static bool read_message(struct turn *t, uint32_t message, unsigned index)
{
    static const struct {
        const char *name;
        enum role role;
    } roles[] = {
        {"user", ROLE_USER},
        {"assistant", ROLE_ASSISTANT},
        {"system", ROLE_SYSTEM},
        {"developer", ROLE_DEVELOPER},
    };
    char where[64];
    (void)snprintf(where, sizeof where, "messages[%u].content", index);
    uint32_t role = object_field(t->doc, message, "role"), content = object_field(t->doc, message, "content");
    if (json_string_is(t->doc, role, "tool")) {
        turn_add_result(t, object_text(t->doc, message, "tool_call_id"));
        return !t->no_memory && content_read(t, content, where);
    }
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (!json_string_is(t->doc, role, roles[i].name))
            continue;
        struct item *item = turn_add_item(t, ITEM_MESSAGE);
        if (!item)
            return false;
        item->role = roles[i].role;
        if (!content_read(t, content, where))
            return false;
        if (item->role == ROLE_ASSISTANT)
            read_calls(t, object_field(t->doc, message, "tool_calls"));
        return true;
    }
    (void)snprintf(where, sizeof where, "messages[%u].role", index);
    return turn_refuse(t, where, "%s must be one of system, developer, user, assistant, tool", where);
}

static void read_choice(struct turn *t)
{
    uint32_t choice = turn_field(t, "tool_choice");
    uint32_t function = object_field(t->doc, choice, "function"), custom = object_field(t->doc, choice, "custom");
    turn_read_choice(t, choice);
    if (function || custom) {
        t->choice = CHOICE_TOOL;
        t->choice_tool = tools_named(t, custom ? custom : function, custom ? TOOL_CUSTOM : TOOL_FUNCTION);
    } else {
        turn_read_choice(t, object_field(t->doc, object_field(t->doc, choice, "allowed_tools"), "mode"));
    }
}

static void read_settings(struct turn *t)
{
    uint32_t format = turn_field(t, "response_format");
    uint32_t type = object_field(t->doc, format, "type");
    uint32_t schema = object_field(t->doc, format, "json_schema");
    if (json_string_is(t->doc, type, "json_schema") && schema) {
        t->format = FORMAT_SCHEMA;
        t->schema = schema;
    } else if (json_string_is(t->doc, type, "json_object")) {
        t->format = FORMAT_JSON;
    }
    uint32_t effort = turn_field(t, "reasoning_effort"), verbosity = turn_field(t, "verbosity");
    t->effort = effort ? json_inner(t->doc, effort) : (struct slice){NULL, 0};
    t->verbosity = verbosity ? json_inner(t->doc, verbosity) : (struct slice){NULL, 0};
    uint32_t max_tokens = turn_field(t, "max_completion_tokens");
    if (!max_tokens)
        max_tokens = turn_field(t, "max_tokens");
    t->max_tokens = json_is(t->doc, max_tokens, JSON_NUMBER) ? max_tokens : JSON_NONE;
    t->include_usage =
        json_is(t->doc, object_field(t->doc, turn_field(t, "stream_options"), "include_usage"), JSON_TRUE);
    read_choice(t);
}

bool request_from_chat(struct turn *t)
{
    uint32_t messages = turn_field(t, "messages");
    if (!json_is(t->doc, messages, JSON_ARRAY) || !json_first(t->doc, messages))
        return turn_refuse(t, "messages", "messages must be a non-empty array");
    if (!tools_read(t))
        return false;
    turn_expect(t, messages);
    unsigned index = 0;
    for (uint32_t m = json_first(t->doc, messages); m; m = json_next(t->doc, m), index++)
        if (!read_message(t, m, index) || t->no_memory)
            return false;
    read_settings(t);
    return true;
}
