/* pure: encodes a turn as a Chat Completions request that strict servers accept. */
#include "proxy/bridge/chat_writer.h"
#include "proxy/bridge/dialect.h"
#include "proxy/bridge/settings.h"
#include "proxy/bridge/tools.h"

#include <string.h>

void chat_begin_message(struct chat_writer *w, const char *role)
{
    if (w->last)
        buf_add_char(w->out, ',');
    w->last = role;
    BUF_ADD(w->out, "{\"role\":\"");
    buf_add_text(w->out, role);
    BUF_ADD(w->out, "\",\"content\":");
}

static bool is_system(const struct item *item)
{
    return item->kind == ITEM_MESSAGE && (item->role == ROLE_SYSTEM || item->role == ROLE_DEVELOPER);
}

/* Returns whether the upstream accepts a system message here. Otherwise it becomes a user message at the same position,
 * not part of the first message: the beginning of the request stays the same, so that prompt caches match. */
static bool accepts_system(const struct chat_writer *w)
{
    return !turn_leaves_out(w->options, PART_SYSTEM) && !(w->last && turn_leaves_out(w->options, PART_LATER_SYSTEM));
}

/* Joins adjacent system and developer messages: many prompt templates support only one. */
static uint32_t write_system(struct chat_writer *w, uint32_t i)
{
    bool any = false;
    for (; i < w->t->item_count && is_system(chat_item(w, i)); i++) {
        const struct item *item = chat_item(w, i);
        if (!item->parts)
            continue;
        if (any)
            BUF_ADD(w->out, "\\n\\n");
        else {
            chat_begin_message(w, "system");
            BUF_ADD(w->out, "\"");
        }
        any = true;
        content_write_text(w->t, item, "\\n\\n", true, w->out);
    }
    if (any)
        BUF_ADD(w->out, "\"}");
    return i;
}

static void write_text_part(struct chat_writer *w, struct slice text)
{
    BUF_ADD(w->out, "{\"type\":\"text\",\"text\":\"");
    buf_add_slice(w->out, text);
    BUF_ADD(w->out, "\"}");
}

static void write_image(struct chat_writer *w, const struct part *part)
{
    BUF_ADD(w->out, "{\"type\":\"image_url\",\"image_url\":{\"url\":\"");
    buf_add_slice(w->out, part->text);
    if (slice_is(part->detail, "low") || slice_is(part->detail, "high") || slice_is(part->detail, "auto")) {
        BUF_ADD(w->out, "\",\"detail\":\"");
        buf_add_slice(w->out, part->detail);
    }
    BUF_ADD(w->out, "\"}}");
}

static void write_pair(struct chat_writer *w, const char *before, struct slice first, const char *between,
                       struct slice second)
{
    buf_add_text(w->out, before);
    buf_add_slice(w->out, first);
    buf_add_text(w->out, between);
    buf_add_slice(w->out, second);
    BUF_ADD(w->out, "\"}}");
}

void chat_write_part(struct chat_writer *w, const struct part *part)
{
    if (part->kind == PART_TEXT)
        write_text_part(w, part->text);
    else if (!part->text.len) /* only an id: its provider stores the file */
        write_text_part(w, SLICE("[a file that is not available]"));
    else if (part->kind == PART_IMAGE)
        write_image(w, part);
    else if (part->kind == PART_FILE)
        write_pair(w, "{\"type\":\"file\",\"file\":{\"filename\":\"", part->detail, "\",\"file_data\":\"", part->text);
    else
        write_pair(w, "{\"type\":\"input_audio\",\"input_audio\":{\"format\":\"", part->detail, "\",\"data\":\"",
                   part->text);
}

bool chat_shows_media(const struct chat_writer *w, const struct item *item)
{
    return !turn_leaves_out(w->options, PART_IMAGES) && content_has_media(w->t, item);
}

static bool is_orphan(const struct item *item)
{
    return item->kind == ITEM_RESULT && item->peer == NO_ITEM;
}

/* Returns whether the item becomes a user message: also a result without its call, which a compaction may have removed.
 * Servers would refuse a tool message without a call, but the model may need the result. */
static bool is_user(const struct chat_writer *w, const struct item *item)
{
    return (item->kind == ITEM_MESSAGE && item->role == ROLE_USER) || is_orphan(item) ||
           (is_system(item) && !accepts_system(w));
}

/* Returns the end of the user message that begins at item `i`: one item, or all adjacent ones if the upstream refuses
 * adjacent user messages. */
static uint32_t end_of_user(struct chat_writer *w, uint32_t i)
{
    const char *last = w->last;
    uint32_t end = i + 1;
    w->last = "user"; /* for accepts_system() */
    while (turn_leaves_out(w->options, PART_ADJACENT) && end < w->t->item_count && is_user(w, chat_item(w, end)))
        end++;
    w->last = last;
    return end;
}

static void write_user_parts(struct chat_writer *w, uint32_t i, uint32_t end)
{
    const char *before = "[";
    for (; i < end; i++) {
        const struct item *item = chat_item(w, i);
        if (is_orphan(item)) {
            buf_add_text(w->out, before);
            chat_write_part(w, &(struct part){.kind = PART_TEXT, .text = SLICE("Output of an earlier tool call:")});
            before = ",";
        }
        for (uint32_t k = 0; k < item->parts; k++, before = ",") {
            buf_add_text(w->out, before);
            chat_write_part(w, &w->t->parts[item->first_part + k]);
        }
    }
    BUF_ADD(w->out, "]}");
}

static void write_user_text(struct chat_writer *w, uint32_t i, uint32_t end)
{
    bool any = false;
    BUF_ADD(w->out, "\"");
    for (; i < end; i++) {
        const struct item *item = chat_item(w, i);
        if (any && (item->parts || is_orphan(item)))
            BUF_ADD(w->out, "\\n\\n");
        if (is_orphan(item))
            BUF_ADD(w->out, "Output of an earlier tool call:\\n");
        any |= content_write_text(w->t, item, is_orphan(item) ? "\\n" : "\\n\\n", true, w->out) || is_orphan(item);
    }
    BUF_ADD(w->out, "\"}");
}

static uint32_t write_user(struct chat_writer *w, uint32_t i)
{
    uint32_t end = end_of_user(w, i);
    bool any = false, media = false;
    for (uint32_t k = i; k < end; k++) {
        const struct item *item = chat_item(w, k);
        any |= item->parts || is_orphan(item);
        media |= !is_orphan(item) && chat_shows_media(w, item);
    }
    if (!any)
        return end;
    chat_begin_message(w, "user");
    if (media)
        write_user_parts(w, i, end);
    else
        write_user_text(w, i, end);
    return end;
}

static void write_messages(struct chat_writer *w)
{
    uint32_t i = 0;
    while (i < w->t->item_count) {
        const struct item *item = chat_item(w, i);
        if (is_user(w, item))
            i = write_user(w, i);
        else if (is_system(item))
            i = write_system(w, i);
        else
            i = chat_write_assistant(w, i);
    }
}

/* Some models continue a last message of the assistant; others refuse such a request. Codex sends one after a stream
 * that was truncated after a complete message. */
static void ask_to_go_on(struct chat_writer *w)
{
    if (!turn_leaves_out(w->options, PART_PREFILL) || !w->last || strcmp(w->last, "assistant") != 0)
        return;
    chat_begin_message(w, "user");
    BUF_ADD(w->out, "\"" TURN_GO_ON "\"}");
}

bool request_to_chat(const struct turn *t, const struct turn_options *options, struct buf *out)
{
    struct chat_writer w = {.t = t, .options = options, .out = out};
    buf_init(&w.text, out->max);
    buf_init(&w.state, out->max);
    BUF_ADD(out, "{\"model\":");
    json_add_string(out, slice_of(options->upstream_model));
    BUF_ADD(out, ",\"messages\":[");
    write_messages(&w);
    ask_to_go_on(&w);
    BUF_ADD(out, "]");
    if (options->stream)
        BUF_ADD(out, ",\"stream\":true");
    if (options->stream && !omits_field(options->omit, "stream_options"))
        BUF_ADD(out, ",\"stream_options\":{\"include_usage\":true}");
    tools_to_chat(t, options, out);
    settings_to_chat(t, options, out);
    BUF_ADD(out, "}");
    buf_free(&w.text);
    buf_free(&w.state);
    json_free(&w.json);
    json_free(&w.state_json);
    return !out->failed;
}
