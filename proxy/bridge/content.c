/* pure: reads the content of messages and tool results, and writes its text. */
#include "proxy/bridge/content.h"

/* Where the fields of a type of part are. */
struct part_shape {
    const char *type;
    enum part_kind kind;
    const char *inside; /* the member with the fields below; NULL: the part itself */
    const char *text, *detail;
};

static const struct part_shape shapes[] = {
    {"input_text", PART_TEXT, NULL, "text", NULL},
    {"output_text", PART_TEXT, NULL, "text", NULL},
    {"text", PART_TEXT, NULL, "text", NULL},
    {"refusal", PART_TEXT, NULL, "refusal", NULL},
    {"summary_text", PART_TEXT, NULL, "text", NULL},
    {"input_image", PART_IMAGE, NULL, "image_url", "detail"},
    {"image_url", PART_IMAGE, "image_url", "url", "detail"},
    {"input_file", PART_FILE, NULL, "file_data", "filename"},
    {"file", PART_FILE, "file", "file_data", "filename"},
    {"input_audio", PART_AUDIO, "input_audio", "data", "format"},
};

static const struct part_shape *shape_of(const struct json *doc, uint32_t part)
{
    uint32_t type = object_field(doc, part, "type");
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (json_string_is(doc, type, shapes[i].type))
            return &shapes[i];
    return NULL;
}

bool content_part(const struct json *doc, uint32_t node, struct part *part)
{
    const struct part_shape *shape = shape_of(doc, node);
    if (!shape)
        return false;
    uint32_t from = node;
    if (shape->inside && json_is(doc, object_field(doc, node, shape->inside), JSON_OBJECT))
        from = object_field(doc, node, shape->inside);
    uint32_t text = object_field(doc, from, shape->text);
    if (!json_is(doc, text, JSON_STRING)) /* clients of both APIs confuse "image_url": "…" and {"url": "…"} */
        text = json_is(doc, text, JSON_OBJECT) ? object_field(doc, text, "url")
                                               : object_field(doc, node, shape->inside ? shape->inside : "");
    struct slice detail = shape->detail ? object_text(doc, from, shape->detail) : (struct slice){NULL, 0};
    *part = (struct part){shape->kind, json_inner(doc, text), detail};
    return true;
}

static void read_part(struct turn *t, uint32_t node)
{
    struct part part;
    if (content_part(t->doc, node, &part))
        turn_add_part(t, part.kind, part.text, part.detail);
    else
        t->dropped++;
}

bool content_read(struct turn *t, uint32_t content, const char *where)
{
    if (!content || json_is(t->doc, content, JSON_NULL))
        return true;
    if (json_is(t->doc, content, JSON_STRING)) {
        turn_add_part(t, PART_TEXT, json_inner(t->doc, content), (struct slice){NULL, 0});
        return true;
    }
    if (!json_is(t->doc, content, JSON_ARRAY))
        return turn_refuse(t, where, "%s must be a string or an array of parts", where);
    for (uint32_t part = json_first(t->doc, content); part; part = json_next(t->doc, part)) {
        if (json_is(t->doc, part, JSON_STRING))
            turn_add_part(t, PART_TEXT, json_inner(t->doc, part), (struct slice){NULL, 0});
        else
            read_part(t, part);
    }
    return true;
}

const char *content_placeholder(enum part_kind kind)
{
    static const char *const placeholder[] = {
        [PART_TEXT] = "",
        [PART_IMAGE] = "[an image that this model cannot see]",
        [PART_FILE] = "[a file that this model cannot read]",
        [PART_AUDIO] = "[a recording that this model cannot hear]",
    };
    return placeholder[kind];
}

bool content_write_text(const struct turn *t, const struct item *item, const char *join, bool placeholders,
                        struct buf *out)
{
    bool any = false;
    for (uint32_t i = 0; i < item->parts; i++) {
        const struct part *part = &t->parts[item->first_part + i];
        if (part->kind != PART_TEXT && !placeholders)
            continue;
        if (any)
            buf_add_text(out, join);
        any = true;
        if (part->kind == PART_TEXT)
            buf_add_slice(out, part->text);
        else
            buf_add_text(out, content_placeholder(part->kind));
    }
    return any;
}

bool content_has_media(const struct turn *t, const struct item *item)
{
    for (uint32_t i = 0; i < item->parts; i++)
        if (t->parts[item->first_part + i].kind != PART_TEXT)
            return true;
    return false;
}
