/* pure: decodes a Responses request into a turn. */
#include "proxy/bridge/carrier.h"
#include "proxy/bridge/content.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/tools.h"

#include <stdio.h>

/* An item of `input`. */
struct input_item {
    uint32_t node;
    unsigned index; /* for error messages */
};

static bool read_content(struct turn *t, const struct input_item *p, const char *key)
{
    char where[64];
    (void)snprintf(where, sizeof where, "input[%u].%s", p->index, key);
    return content_read(t, object_field(t->doc, p->node, key), where);
}

static bool read_message(struct turn *t, const struct input_item *p)
{
    static const struct {
        const char *name;
        enum role role;
    } roles[] = {
        {"system", ROLE_SYSTEM},
        {"developer", ROLE_DEVELOPER},
        {"assistant", ROLE_ASSISTANT},
    };
    struct item *message = turn_add_item(t, ITEM_MESSAGE);
    if (!message)
        return false;
    message->role = ROLE_USER;
    uint32_t role = object_field(t->doc, p->node, "role");
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (json_string_is(t->doc, role, roles[i].name))
            message->role = roles[i].role;
    return read_content(t, p, "content");
}

static bool read_call(struct turn *t, const struct input_item *p, enum tool_kind kind, const char *name,
                      const char *arguments)
{
    struct tool_name tool = tools_named(t, p->node, kind);
    if (name)
        tool.name = slice_of(name);
    turn_add_call(t, object_text(t->doc, p->node, "call_id"), tool, object_field(t->doc, p->node, arguments));
    return true;
}

static bool read_function_call(struct turn *t, const struct input_item *p)
{
    return read_call(t, p, TOOL_FUNCTION, NULL, "arguments");
}

static bool read_custom_call(struct turn *t, const struct input_item *p)
{
    return read_call(t, p, TOOL_CUSTOM, NULL, "input");
}

static bool read_search_call(struct turn *t, const struct input_item *p)
{
    return read_call(t, p, TOOL_SEARCH, "tool_search", "arguments");
}

static bool read_shell_call(struct turn *t, const struct input_item *p)
{
    return read_call(t, p, TOOL_FUNCTION, "local_shell", "action");
}

static bool read_output(struct turn *t, const struct input_item *p)
{
    turn_add_result(t, object_text(t->doc, p->node, "call_id"));
    return !t->no_memory && read_content(t, p, "output");
}

static bool read_search_output(struct turn *t, const struct input_item *p)
{
    uint32_t tools = object_field(t->doc, p->node, "tools");
    turn_add_result(t, object_text(t->doc, p->node, "call_id"));
    if (t->no_memory)
        return false;
    bool found = tools_add(t, tools) && json_first(t->doc, tools);
    turn_add_part(t, PART_TEXT,
                  found ? SLICE("Tools were found; they can be called now.") : SLICE("No tool was found."),
                  (struct slice){NULL, 0});
    return true;
}

static bool read_tools(struct turn *t, const struct input_item *p)
{
    tools_add(t, object_field(t->doc, p->node, "tools"));
    return true;
}

/* Decodes state and text of reasoning items that this proxy wrote. Others are encrypted for their provider. */
static bool read_reasoning(struct turn *t, const struct input_item *p)
{
    struct slice text = object_text(t->doc, p->node, "encrypted_content");
    uint32_t summary = object_field(t->doc, p->node, "summary");
    if (!carrier_is(text))
        return true;
    if (text.len > sizeof CARRIER_MARK - 1) {
        struct item *carrier = turn_add_item(t, ITEM_CARRIER);
        if (!carrier)
            return false;
        carrier->arguments = text;
    }
    if (!json_is(t->doc, summary, JSON_ARRAY) || !json_first(t->doc, summary))
        return true;
    return turn_add_item(t, ITEM_REASONING) && read_content(t, p, "summary");
}

static bool refuse_item(struct turn *t, const struct input_item *p, const char *why)
{
    char where[64];
    (void)snprintf(where, sizeof where, "input[%u]", p->index);
    return turn_refuse(t, where, "%s %s", where, why);
}

/* Leaves out references to reasoning. Refuses others: a part of the conversation would be missing. */
static bool read_reference(struct turn *t, const struct input_item *p)
{
    char where[64];
    if (reference_is_reasoning(t->doc, p->node)) {
        t->dropped++;
        return true;
    }
    (void)snprintf(where, sizeof where, "input[%u]", p->index);
    return turn_refuse_translation(t, where, "%s is %s", where, REFERENCE_REFUSAL);
}

static bool read_item(struct turn *t, const struct input_item *p)
{
    static const struct {
        const char *type;
        bool (*read)(struct turn *t, const struct input_item *p);
    } readers[] = {
        {"message", read_message},
        {"function_call", read_function_call},
        {"function_call_output", read_output},
        {"reasoning", read_reasoning},
        {"custom_tool_call", read_custom_call},
        {"custom_tool_call_output", read_output},
        {"tool_search_call", read_search_call},
        {"tool_search_output", read_search_output},
        {"additional_tools", read_tools},
        {"local_shell_call", read_shell_call},
        {"local_shell_call_output", read_output},
        {"agent_message", read_message}, /* from another agent of Codex */
        {"item_reference", read_reference},
    };
    if (!json_is(t->doc, p->node, JSON_OBJECT))
        return refuse_item(t, p, "must be an object");
    uint32_t type = object_field(t->doc, p->node, "type");
    if (!type && object_field(t->doc, p->node, "role"))
        return read_message(t, p);
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (json_string_is(t->doc, type, readers[i].type))
            return readers[i].read(t, p);
    t->dropped++;
    return true;
}

static bool read_input(struct turn *t)
{
    uint32_t input = turn_field(t, "input");
    if (json_is(t->doc, input, JSON_STRING)) {
        turn_add_text(t, ROLE_USER, json_inner(t->doc, input));
        return true;
    }
    if (!json_is(t->doc, input, JSON_ARRAY))
        return turn_refuse(t, "input", input ? "input must be a string or an array of items" : "input is missing");
    struct input_item p = {json_first(t->doc, input), 0};
    for (; p.node; p.node = json_next(t->doc, p.node), p.index++)
        if (!read_item(t, &p) || t->no_memory)
            return false;
    return true;
}

static void read_choice(struct turn *t)
{
    uint32_t choice = turn_field(t, "tool_choice");
    uint32_t type = object_field(t->doc, choice, "type");
    turn_read_choice(t, choice);
    bool custom = json_string_is(t->doc, type, "custom");
    if (custom || json_string_is(t->doc, type, "function")) {
        t->choice = CHOICE_TOOL;
        t->choice_tool = tools_named(t, choice, custom ? TOOL_CUSTOM : TOOL_FUNCTION);
    } else if (json_string_is(t->doc, type, "allowed_tools")) {
        turn_read_choice(t, object_field(t->doc, choice, "mode"));
    }
}

static void read_settings(struct turn *t)
{
    uint32_t text = turn_field(t, "text"), reasoning = turn_field(t, "reasoning");
    uint32_t format = object_field(t->doc, text, "format");
    uint32_t type = object_field(t->doc, format, "type");
    if (json_string_is(t->doc, type, "json_schema")) {
        t->format = FORMAT_SCHEMA;
        t->schema = format;
    } else if (json_string_is(t->doc, type, "json_object")) {
        t->format = FORMAT_JSON;
    }
    t->effort = object_text(t->doc, reasoning, "effort");
    t->summary = object_text(t->doc, reasoning, "summary");
    t->verbosity = object_text(t->doc, text, "verbosity");
    uint32_t max_tokens = turn_field(t, "max_output_tokens");
    t->max_tokens = json_is(t->doc, max_tokens, JSON_NUMBER) ? max_tokens : JSON_NONE;
    read_choice(t);
}

/* Refuses fields that require a server that stores conversations. */
static bool refuse_stateful(struct turn *t)
{
    static const char *const fields[] = {"previous_response_id", "conversation", "prompt"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (turn_field(t, fields[i]))
            return turn_refuse_translation(t, fields[i],
                                           "%s can't be used with this model: the proxy stores no conversations: send "
                                           "the whole conversation in input",
                                           fields[i]);
    if (json_is(t->doc, turn_field(t, "background"), JSON_TRUE))
        return turn_refuse_translation(t, "background", "background can't be used with this model: leave it out");
    return true;
}

bool request_from_responses(struct turn *t)
{
    if (!refuse_stateful(t))
        return false;
    uint32_t instructions = turn_field(t, "instructions"), input = turn_field(t, "input");
    if (json_is(t->doc, input, JSON_ARRAY))
        turn_expect(t, input);
    if (json_is(t->doc, instructions, JSON_STRING))
        turn_add_text(t, ROLE_SYSTEM, json_inner(t->doc, instructions));
    if (!tools_read(t) || !read_input(t))
        return false;
    read_settings(t);
    return true;
}
