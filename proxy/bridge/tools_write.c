/* pure: writes a turn's tools, for either API. */
#include "proxy/bridge/tools.h"

static uint32_t definition_of(const struct turn *t, const struct tool *tool)
{
    static const char *const inside[] = {[TOOL_FUNCTION] = "function", [TOOL_CUSTOM] = "custom", [TOOL_SEARCH] = ""};
    uint32_t inner = object_field(t->doc, tool->node, inside[tool->name.kind]);
    return json_is(t->doc, inner, JSON_OBJECT) ? inner : tool->node;
}

/* Returns the object with a custom tool's grammar, which the two APIs nest differently. */
static uint32_t grammar_of(const struct turn *t, uint32_t definition)
{
    uint32_t format = object_field(t->doc, definition, "format");
    uint32_t inner = object_field(t->doc, format, "grammar");
    return json_is(t->doc, inner, JSON_OBJECT) ? inner : format;
}

/* Writes a custom tool, whose input is free text, as a function with one string; its description has the grammar. */
static void write_custom_as_function(const struct turn *t, uint32_t definition, struct buf *out)
{
    uint32_t grammar = grammar_of(t, definition);
    struct slice text = object_text(t->doc, grammar, "definition"), syntax = object_text(t->doc, grammar, "syntax");
    BUF_ADD(out, ",\"description\":\"");
    buf_add_slice(out, object_text(t->doc, definition, "description"));
    BUF_ADD(out, "\\n\\nPass the whole text as the string `input`.");
    if (text.len) {
        BUF_ADD(out, " It must follow this grammar");
        if (syntax.len) {
            BUF_ADD(out, " (");
            buf_add_slice(out, syntax);
            BUF_ADD(out, ")");
        }
        BUF_ADD(out, ":\\n");
        buf_add_slice(out, text);
    }
    BUF_ADD(out, "\",\"parameters\":{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"
                 "\"required\":[\"input\"],\"additionalProperties\":false}");
}

static void write_description(const struct turn *t, uint32_t definition, struct buf *out)
{
    uint32_t description = object_field(t->doc, definition, "description");
    if (json_is(t->doc, description, JSON_STRING)) {
        BUF_ADD(out, ",\"description\":");
        buf_add_slice(out, json_raw(t->doc, description));
    }
}

static bool is_strict(const struct turn *t, uint32_t definition)
{
    return json_is(t->doc, object_field(t->doc, definition, "strict"), JSON_TRUE);
}

bool tools_are_offered(const struct turn *t, const struct turn_options *options)
{
    return t->tool_count && !(t->choice == CHOICE_NONE && (options->ignores & IGNORES_TOOL_CHOICE));
}

void tools_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    if (!tools_are_offered(t, options))
        return;
    for (uint32_t i = 0; i < t->tool_count; i++) {
        uint32_t definition = definition_of(t, &t->tools[i]);
        if (i)
            BUF_ADD(out, ",");
        else
            BUF_ADD(out, ",\"tools\":[");
        BUF_ADD(out, "{\"type\":\"function\",\"function\":{\"name\":\"");
        buf_add_text(out, t->tools[i].flat);
        BUF_ADD(out, "\"");
        if (t->tools[i].name.kind == TOOL_CUSTOM) {
            write_custom_as_function(t, definition, out);
        } else {
            write_description(t, definition, out);
            BUF_ADD(out, ",\"parameters\":");
            schema_write(t->doc, object_field(t->doc, definition, "parameters"), out);
            if (is_strict(t, definition))
                BUF_ADD(out, ",\"strict\":true");
        }
        BUF_ADD(out, "}}");
    }
    BUF_ADD(out, "]");
}

static void write_grammar(const struct turn *t, uint32_t definition, struct buf *out)
{
    uint32_t grammar = grammar_of(t, definition);
    uint32_t text = object_field(t->doc, grammar, "definition"), syntax = object_field(t->doc, grammar, "syntax");
    if (!json_is(t->doc, text, JSON_STRING) || !json_is(t->doc, syntax, JSON_STRING))
        return;
    BUF_ADD(out, ",\"format\":{\"type\":\"grammar\",\"syntax\":");
    buf_add_slice(out, json_raw(t->doc, syntax));
    BUF_ADD(out, ",\"definition\":");
    buf_add_slice(out, json_raw(t->doc, text));
    BUF_ADD(out, "}");
}

void tools_to_responses(const struct turn *t, struct buf *out)
{
    for (uint32_t i = 0; i < t->tool_count; i++) {
        uint32_t definition = definition_of(t, &t->tools[i]);
        bool custom = t->tools[i].name.kind == TOOL_CUSTOM;
        buf_add_text(out, i ? "," : ",\"tools\":[");
        buf_add_format(out, "{\"type\":\"%s\",\"name\":\"%s\"", custom ? "custom" : "function", t->tools[i].flat);
        write_description(t, definition, out);
        if (custom) {
            write_grammar(t, definition, out);
        } else {
            BUF_ADD(out, ",\"parameters\":");
            schema_write(t->doc, object_field(t->doc, definition, "parameters"), out);
            /* The default is true in the Responses API and false in Chat Completions. */
            buf_add_text(out, is_strict(t, definition) ? ",\"strict\":true" : ",\"strict\":false");
        }
        BUF_ADD(out, "}");
    }
    if (t->tool_count)
        BUF_ADD(out, "]");
}
