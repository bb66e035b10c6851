/* pure: writes the settings of a request, for either API. */
#include "proxy/bridge/settings.h"
#include "proxy/bridge/cache_hint.h"
#include "proxy/bridge/tools.h"
#include "proxy/terms/effort.h"

/* Writes `,"name":value`, without the comma at an object's start, unless there is no value. */
static void write_value(const struct turn *t, const char *name, uint32_t node, struct buf *out)
{
    if (!node)
        return;
    bool first = out->len && out->data[out->len - 1] == '{';
    buf_add_format(out, "%s\"%s\":", first ? "" : ",", name);
    buf_add_slice(out, json_raw(t->doc, node));
}

static void write_number(const struct turn *t, const char *name, uint32_t node, struct buf *out)
{
    write_value(t, name, json_is(t->doc, node, JSON_NUMBER) ? node : JSON_NONE, out);
}

/* Writes `,"name":"value"` for an escaped value, unless it is empty. */
static void write_text(const char *name, struct slice value, struct buf *out)
{
    if (!value.len)
        return;
    buf_add_format(out, ",\"%s\":\"", name);
    buf_add_slice(out, value);
    BUF_ADD(out, "\"");
}

/* Writes the fields of a schema that both APIs have. */
static void write_schema_fields(const struct turn *t, struct buf *out)
{
    static const char *const fields[] = {"name", "description", "schema", "strict"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        uint32_t value = object_field(t->doc, t->schema, fields[i]);
        if (!json_is(t->doc, value, JSON_FALSE))
            write_value(t, fields[i], value, out);
    }
}

static const char *choice_name(enum choice choice)
{
    static const char *const names[] = {[CHOICE_AUTO] = "auto", [CHOICE_NONE] = "none", [CHOICE_REQUIRED] = "required"};
    return names[choice];
}

/* Returns whether the upstream accepts the field. */
static bool accepts(const struct turn_options *options, const char *field)
{
    return !omits_field(options->omit, field);
}

static void choice_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    if (t->choice == CHOICE_UNSET || !accepts(options, "tool_choice"))
        return;
    if (t->choice != CHOICE_TOOL) {
        write_text("tool_choice", slice_of(choice_name(t->choice)), out);
        return;
    }
    char flat[TOOL_NAME_MAX + 1];
    tools_flat_name(t, &t->choice_tool, flat);
    buf_add_format(out, ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"%s\"}}", flat);
}

static void format_to_chat(const struct turn *t, struct buf *out)
{
    if (t->format == FORMAT_JSON) {
        BUF_ADD(out, ",\"response_format\":{\"type\":\"json_object\"}");
    } else if (t->format == FORMAT_SCHEMA) {
        BUF_ADD(out, ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{");
        write_schema_fields(t, out);
        BUF_ADD(out, "}}");
    }
}

/* Returns the effort for a Chat Completions server; Codex's higher ones become "high". Empty: unknown. */
static struct slice effort_of_chat(struct slice asked)
{
    static const struct {
        const char *asked, *sent;
    } efforts[] = {
        {"none", "none"}, {"minimal", "minimal"}, {"low", "low"},  {"medium", "medium"},
        {"high", "high"}, {"xhigh", "high"},      {"max", "high"}, {"ultra", "high"},
    };
    for (size_t i = 0; i < sizeof efforts / sizeof *efforts; i++)
        if (slice_is(asked, efforts[i].asked))
            return slice_of(efforts[i].sent);
    return (struct slice){NULL, 0};
}

struct slice settings_effort(const struct omissions *w, bool translated, struct slice asked)
{
    const char *nearest = NULL;
    if (!asked.len || (w && (w->parts & PART_EFFORT)))
        return (struct slice){NULL, 0};
    if (!w || !(w->parts & PART_EFFORT_VALUE))
        return translated ? effort_of_chat(asked) : asked;
    nearest = effort_nearest(w->efforts, asked);
    return nearest ? slice_of(nearest) : (struct slice){NULL, 0};
}

void settings_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    /* Servers with only Chat Completions, such as Ollama, know only the older name. */
    const char *limit = turn_leaves_out(options, PART_MAX_TOKENS) ? "max_completion_tokens" : "max_tokens";
    bool tools = tools_are_offered(t, options);
    if (tools)
        choice_to_chat(t, options, out);
    if (tools && json_is(t->doc, turn_field(t, "parallel_tool_calls"), JSON_FALSE) &&
        accepts(options, "parallel_tool_calls"))
        BUF_ADD(out, ",\"parallel_tool_calls\":false");
    if (!turn_leaves_out(options, PART_FORMAT))
        format_to_chat(t, out);
    write_text("reasoning_effort", settings_effort(options->omit, true, t->effort), out);
    if (accepts(options, "temperature"))
        write_number(t, "temperature", turn_field(t, "temperature"), out);
    if (accepts(options, "top_p"))
        write_number(t, "top_p", turn_field(t, "top_p"), out);
    write_number(t, limit, t->max_tokens, out);
    cache_hint_write(options->hint, out);
}

static void choice_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    if (t->choice == CHOICE_UNSET || !accepts(options, "tool_choice"))
        return;
    if (t->choice != CHOICE_TOOL) {
        write_text("tool_choice", slice_of(choice_name(t->choice)), out);
        return;
    }
    char flat[TOOL_NAME_MAX + 1];
    tools_flat_name(t, &t->choice_tool, flat);
    buf_add_format(out, ",\"tool_choice\":{\"type\":\"%s\",\"name\":\"%s\"}",
                   t->choice_tool.kind == TOOL_CUSTOM ? "custom" : "function", flat);
}

static void text_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    enum format format = turn_leaves_out(options, PART_FORMAT) ? FORMAT_TEXT : t->format;
    struct slice verbosity = accepts(options, "text.verbosity") ? t->verbosity : (struct slice){NULL, 0};
    static const char *const types[] = {
        [FORMAT_TEXT] = "text", [FORMAT_JSON] = "json_object", [FORMAT_SCHEMA] = "json_schema"};
    if (format == FORMAT_TEXT && !verbosity.len)
        return;
    buf_add_format(out, ",\"text\":{\"format\":{\"type\":\"%s\"", types[format]);
    if (format == FORMAT_SCHEMA)
        write_schema_fields(t, out);
    BUF_ADD(out, "}");
    write_text("verbosity", verbosity, out);
    BUF_ADD(out, "}");
}

static void reasoning_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    struct slice effort = settings_effort(options->omit, false, t->effort);
    if (!effort.len || !accepts(options, "reasoning"))
        return;
    BUF_ADD(out, ",\"reasoning\":{\"effort\":\"");
    buf_add_slice(out, effort);
    BUF_ADD(out, "\"");
    if (accepts(options, "reasoning.summary"))
        write_text("summary", t->summary, out);
    BUF_ADD(out, "}");
}

void settings_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    static const char *const shared[] = {
        "parallel_tool_calls", "temperature", "top_p", "metadata", "user", "service_tier", "safety_identifier",
    };
    choice_to_responses(t, options, out);
    text_to_responses(t, options, out);
    reasoning_to_responses(t, options, out);
    write_number(t, "max_output_tokens", t->max_tokens, out);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (accepts(options, shared[i]))
            write_value(t, shared[i], turn_field(t, shared[i]), out);
    cache_hint_write(options->hint, out);
    /* The default is true in the Responses API and false in Chat Completions. */
    uint32_t store = turn_field(t, "store");
    if (accepts(options, "store"))
        buf_add_text(out, json_is(t->doc, store, JSON_TRUE) ? ",\"store\":true" : ",\"store\":false");
}
