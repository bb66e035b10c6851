/* pure: a turn's memory, and the entry points of decoding and encoding. */
#include "proxy/bridge/dialect.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPECTED 4 /* items: instructions, a prompt, and some more */

void turn_expect(struct turn *t, uint32_t list)
{
    t->expected = EXPECTED;
    for (uint32_t n = json_first(t->doc, list); n; n = json_next(t->doc, n))
        t->expected++;
}

/* Makes room for one more element; doubles the array if it is full. */
static bool grow(struct turn *t, void **array, uint32_t count, uint32_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    uint32_t wanted = *cap ? *cap * 2 : t->expected ? t->expected : EXPECTED;
    void *grown = wanted > *cap ? realloc(*array, wanted * size) : NULL;
    if (!grown) {
        t->no_memory = true;
        return false;
    }
    *array = grown;
    *cap = wanted;
    return true;
}

struct item *turn_add_item(struct turn *t, enum item_kind kind)
{
    void *items = t->items;
    bool room = grow(t, &items, t->item_count, &t->item_cap, sizeof *t->items);
    t->items = items;
    if (!room)
        return NULL;
    struct item *item = &t->items[t->item_count++];
    *item = (struct item){.kind = kind, .peer = NO_ITEM, .first_part = t->part_count};
    return item;
}

void turn_add_part(struct turn *t, enum part_kind kind, struct slice text, struct slice detail)
{
    void *parts = t->parts;
    bool room = grow(t, &parts, t->part_count, &t->part_cap, sizeof *t->parts);
    t->parts = parts;
    if (!room)
        return;
    t->parts[t->part_count++] = (struct part){kind, text, detail};
    t->items[t->item_count - 1].parts++;
    if (kind == PART_TEXT)
        t->prompt_bytes += text.len;
}

void turn_add_text(struct turn *t, enum role role, struct slice text)
{
    struct item *item = turn_add_item(t, ITEM_MESSAGE);
    if (!item)
        return;
    item->role = role;
    turn_add_part(t, PART_TEXT, text, (struct slice){NULL, 0});
}

void turn_add_call(struct turn *t, struct slice id, struct tool_name tool, uint32_t arguments)
{
    struct item *call = turn_add_item(t, ITEM_CALL);
    if (!call)
        return;
    call->id = id;
    call->tool = tool;
    call->raw = json_is(t->doc, arguments, JSON_OBJECT);
    if (arguments)
        call->arguments = call->raw ? json_raw(t->doc, arguments) : json_inner(t->doc, arguments);
    call->number = ++t->call_count;
    t->prompt_bytes += call->arguments.len;
    if (open_calls_add(&t->open, id, t->item_count - 1))
        return;
    if (t->open.count == OPEN_CALLS_MAX)
        turn_refuse_translation(t, "", OPEN_CALLS_REFUSAL);
    else
        t->no_memory = true;
}

void turn_add_result(struct turn *t, struct slice id)
{
    struct item *result = turn_add_item(t, ITEM_RESULT);
    if (!result)
        return;
    result->id = id;
    result->peer = open_calls_take(&t->open, id);
    if (result->peer != NO_ITEM)
        t->items[result->peer].peer = t->item_count - 1;
}

void turn_call_id(const struct item *call, struct buf *out)
{
    buf_add_format(out, "call%05u", call->number);
}

void turn_read_choice(struct turn *t, uint32_t choice)
{
    static const struct {
        const char *name;
        enum choice choice;
    } choices[] = {
        {"auto", CHOICE_AUTO},
        {"none", CHOICE_NONE},
        {"required", CHOICE_REQUIRED},
    };
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
        if (json_is(t->doc, choice, JSON_STRING) && json_string_is(t->doc, choice, choices[i].name))
            t->choice = choices[i].choice;
}

static void refuse(struct turn *t, bool unsupported, const char *param, const char *format, va_list args)
{
    if (t->error->message[0])
        return;
    t->error->unsupported = unsupported;
    (void)vsnprintf(t->error->message, sizeof t->error->message, format, args);
    (void)snprintf(t->error->param, sizeof t->error->param, "%s", param);
}

bool turn_refuse(struct turn *t, const char *param, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refuse(t, false, param, format, args);
    va_end(args);
    return false;
}

bool turn_refuse_translation(struct turn *t, const char *param, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    refuse(t, true, param, format, args);
    va_end(args);
    return false;
}

bool reference_is_reasoning(const struct json *doc, uint32_t item)
{
    return slice_starts(object_text(doc, item, "id"), "rs_");
}

uint32_t object_field(const struct json *doc, uint32_t object, const char *key)
{
    uint32_t value = json_is(doc, object, JSON_OBJECT) ? json_get(doc, object, key) : JSON_NONE;
    return json_is(doc, value, JSON_NULL) ? JSON_NONE : value;
}

struct slice object_text(const struct json *doc, uint32_t object, const char *key)
{
    uint32_t value = object_field(doc, object, key);
    return value ? json_inner(doc, value) : (struct slice){NULL, 0};
}

uint32_t turn_field(const struct turn *t, const char *key)
{
    uint32_t value = json_get(t->doc, 0, key);
    return json_is(t->doc, value, JSON_NULL) ? JSON_NONE : value;
}

struct turn *turn_decode(const struct json *doc, enum wire wire, struct turn_error *error)
{
    *error = (struct turn_error){0};
    struct turn *t = calloc(1, sizeof *t);
    if (t) {
        t->doc = doc;
        t->error = error;
        bool decoded = json_type(doc, 0) == JSON_OBJECT ? dialect_of(wire)->decode_request(t)
                                                        : turn_refuse(t, "", "the body must be a JSON object");
        t->error = NULL;
        open_calls_free(&t->open);
        if (decoded && !t->no_memory && !error->message[0])
            return t;
        turn_free(t);
    }
    error->no_memory = !error->message[0];
    if (error->no_memory)
        (void)snprintf(error->message, sizeof error->message, "out of memory: can't read the request");
    return NULL;
}

void turn_free(struct turn *t)
{
    if (!t)
        return;
    free(t->items);
    free(t->parts);
    free(t->tools);
    free(t);
}

bool turn_encode(const struct turn *t, enum wire wire, const struct turn_options *options, struct buf *out)
{
    return dialect_of(wire)->encode_request(t, options, out) && !out->failed;
}

size_t turn_prompt_bytes(const struct turn *t)
{
    return t->prompt_bytes;
}

size_t turn_memory(const struct turn *t)
{
    return sizeof *t + t->item_cap * sizeof *t->items + t->part_cap * sizeof *t->parts + t->tool_cap * sizeof *t->tools;
}

unsigned turn_dropped(const struct turn *t)
{
    return t->dropped;
}
