/* pure: encodes a turn as a Responses request. */
#include "proxy/bridge/content.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/settings.h"
#include "proxy/bridge/tools.h"

/* State of one encoding. */
struct writer {
    const struct turn *t;
    const struct turn_options *options;
    struct buf *out;
    bool any; /* an item was written */
};

static void begin_item(struct writer *w)
{
    if (w->any)
        BUF_ADD(w->out, ",");
    w->any = true;
}

/* Writes `,"name":"value"` for an escaped value, unless it is empty. */
static void write_field(struct writer *w, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buf_add_format(w->out, ",\"%s\":\"", name);
    buf_add_slice(w->out, value);
    BUF_ADD(w->out, "\"");
}

static void write_audio(struct writer *w, const struct part *part)
{
    BUF_ADD(w->out, ",\"input_audio\":{\"format\":\"");
    buf_add_slice(w->out, part->detail);
    BUF_ADD(w->out, "\",\"data\":\"");
    buf_add_slice(w->out, part->text);
    BUF_ADD(w->out, "\"}");
}

static void write_part(struct writer *w, const struct part *part, bool assistant)
{
    static const struct {
        const char *type, *text, *detail;
    } shapes[] = {
        [PART_TEXT] = {"input_text", "text", ""},
        [PART_IMAGE] = {"input_image", "image_url", "detail"},
        [PART_FILE] = {"input_file", "file_data", "filename"},
        [PART_AUDIO] = {"input_audio", "", ""},
    };
    bool text = part->kind == PART_TEXT;
    if (!text && turn_leaves_out(w->options, PART_IMAGES)) {
        write_part(w, &(struct part){.kind = PART_TEXT, .text = slice_of(content_placeholder(part->kind))}, assistant);
        return;
    }
    buf_add_format(w->out, "{\"type\":\"%s\"", text && assistant ? "output_text" : shapes[part->kind].type);
    if (part->kind == PART_AUDIO) {
        write_audio(w, part);
    } else {
        if (text && !part->text.len)
            BUF_ADD(w->out, ",\"text\":\"\"");
        write_field(w, shapes[part->kind].text, part->text);
        write_field(w, shapes[part->kind].detail, part->detail);
    }
    BUF_ADD(w->out, "}");
}

static void write_parts(struct writer *w, const struct item *item, bool assistant)
{
    BUF_ADD(w->out, "[");
    for (uint32_t i = 0; i < item->parts; i++) {
        if (i)
            BUF_ADD(w->out, ",");
        write_part(w, &w->t->parts[item->first_part + i], assistant);
    }
    BUF_ADD(w->out, "]");
}

static void write_message(struct writer *w, const struct item *item)
{
    static const char *const roles[] = {
        [ROLE_SYSTEM] = "system", [ROLE_DEVELOPER] = "developer", [ROLE_USER] = "user", [ROLE_ASSISTANT] = "assistant"};
    if (!item->parts) /* an assistant message with only calls */
        return;
    bool system = item->role == ROLE_SYSTEM || item->role == ROLE_DEVELOPER;
    bool refused = turn_leaves_out(w->options, PART_SYSTEM) ||
                   (w->any && turn_leaves_out(w->options, PART_LATER_SYSTEM));
    begin_item(w);
    buf_add_format(w->out, "{\"type\":\"message\",\"role\":\"%s\",\"content\":",
                   roles[system && refused ? ROLE_USER : item->role]);
    write_parts(w, item, item->role == ROLE_ASSISTANT);
    BUF_ADD(w->out, "}");
}

static void write_result(struct writer *w, const struct item *call, const struct item *result)
{
    begin_item(w);
    bool custom = call->tool.kind == TOOL_CUSTOM;
    buf_add_format(w->out, "{\"type\":\"%s_output\",\"call_id\":\"", custom ? "custom_tool_call" : "function_call");
    turn_call_id(call, w->out);
    if (result && content_has_media(w->t, result)) {
        BUF_ADD(w->out, "\",\"output\":");
        write_parts(w, result, false);
    } else {
        BUF_ADD(w->out, "\",\"output\":\"");
        if (result)
            content_write_text(w->t, result, "\\n", false, w->out);
        else
            BUF_ADD(w->out, "aborted");
        BUF_ADD(w->out, "\"");
    }
    BUF_ADD(w->out, "}");
}

static void write_call(struct writer *w, const struct item *call)
{
    char flat[TOOL_NAME_MAX + 1];
    bool custom = call->tool.kind == TOOL_CUSTOM;
    tools_flat_name(w->t, &call->tool, flat);
    begin_item(w);
    buf_add_format(w->out, "{\"type\":\"%s\",\"call_id\":\"", custom ? "custom_tool_call" : "function_call");
    turn_call_id(call, w->out);
    buf_add_format(w->out, "\",\"name\":\"%s\",\"%s\":\"", flat, custom ? "input" : "arguments");
    if (call->raw)
        json_add_escaped(w->out, call->arguments);
    else
        buf_add_slice(w->out, call->arguments);
    BUF_ADD(w->out, "\"}");
    if (call->peer == NO_ITEM)
        write_result(w, call, NULL);
}

static void write_orphan(struct writer *w, const struct item *result)
{
    begin_item(w);
    BUF_ADD(w->out, "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\""
                    "Output of an earlier tool call:\\n");
    content_write_text(w->t, result, "\\n", true, w->out);
    BUF_ADD(w->out, "\"}]}");
}

static void write_item(struct writer *w, const struct item *item)
{
    switch (item->kind) {
    case ITEM_MESSAGE: write_message(w, item); break;
    case ITEM_CALL: write_call(w, item); break;
    case ITEM_RESULT:
        if (item->peer == NO_ITEM)
            write_orphan(w, item);
        else
            write_result(w, &w->t->items[item->peer], item);
        break;
    case ITEM_CARRIER:
    case ITEM_REASONING: break; /* of another provider */
    }
}

/* See request_to_chat.c. */
static void ask_to_go_on(struct writer *w)
{
    const struct item *last = w->t->item_count ? &w->t->items[w->t->item_count - 1] : NULL;
    if (!turn_leaves_out(w->options, PART_PREFILL) || !last || last->kind != ITEM_MESSAGE ||
        last->role != ROLE_ASSISTANT)
        return;
    begin_item(w);
    BUF_ADD(w->out,
            "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" TURN_GO_ON
            "\"}]}");
}

bool request_to_responses(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    struct writer w = {.t = t, .options = options, .out = out};
    BUF_ADD(out, "{\"model\":");
    json_add_string(out, slice_of(options->upstream_model));
    BUF_ADD(out, ",\"input\":[");
    for (uint32_t i = 0; i < t->item_count; i++)
        write_item(&w, &t->items[i]);
    ask_to_go_on(&w);
    BUF_ADD(out, "]");
    if (options->stream)
        BUF_ADD(out, ",\"stream\":true");
    tools_to_responses(t, out);
    settings_to_responses(t, options, out);
    BUF_ADD(out, "}");
    return !out->failed;
}
